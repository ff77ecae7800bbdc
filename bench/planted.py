"""Made-up personal data of each kind in the forms that people write it in, and numbers that only look like it."""

import random
from collections.abc import Callable

from stdnum import luhn
from stdnum.kr import rrn

Writer = Callable[[random.Random], str]


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _telephone(rng: random.Random) -> str:
    first, last = _digits(rng, 1).replace("0", "2").replace("1", "3") + _digits(rng, 3), _digits(rng, 4)
    code = rng.choice(["02", "031", "032", "041", "051", "053", "062", "064", "070"])
    return rng.choice(
        [
            *[f"010-{first}-{last}"] * 4,
            f"010{first}{last}",
            f"010 {first} {last}",
            f"010.{first}.{last}",
            f"010–{first}–{last}",
            f"011-{first[:3]}-{last}",
            f"+82-10-{first}-{last}",
            f"+82 10 {first} {last}",
            f"{code}-{first[:3]}-{last}",
            f"({code}) {first}-{last}",
            f"{code}){first[:3]}-{last}",
            f"{code} {first} {last}",
        ]
    )


def _resident_number(rng: random.Random) -> str:
    year, month, day = rng.randrange(40, 120), rng.randrange(1, 13), rng.randrange(1, 29)
    sex = rng.choice("12" if year < 100 else "34")
    number = f"{year % 100:02}{month:02}{day:02}{sex}{rng.randrange(0, 96):02}{_digits(rng, 3)}"
    number += str(rrn.calc_check_digit(number))
    front, back = number[:6], number[6:]
    return rng.choice([*[f"{front}-{back}"] * 3, number, f"{front} - {back}", f"{front}-{back[0]}******"])


def _email_address(rng: random.Random) -> str:
    name = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randrange(3, 10)))
    name = rng.choice([name, f"{name}{rng.randrange(100)}", f"{name}.kim", f"{name}_{rng.randrange(99)}"])
    host = rng.choice(["naver.com", "gmail.com", "hanmail.net", "daum.net", "snu.ac.kr", "my-site.co.kr"])
    return rng.choice([*[f"{name}@{host}"] * 5, f"{name.upper()}@{host}", f"{name}(at){host}", f"{name}골뱅이{host}"])


def _account(rng: random.Random) -> str:
    parts = rng.choice([(3, 3, 6), (6, 2, 6), (4, 3, 6), (3, 6, 5), (4, 2, 7), (3, 4, 4, 2)])
    number = rng.choice(["-".join(_digits(rng, count) for count in parts), _digits(rng, sum(parts[:3]))])
    bank = rng.choice(["신한은행", "국민은행", "우리은행", "카카오뱅크", "농협", "새마을금고", "하나은행", "토스뱅크"])
    return f"{bank} {number}"


def _card(rng: random.Random) -> str:
    number = rng.choice(["4", "51", "55", "9", "62", "35"])
    number += _digits(rng, 15 - len(number))
    number += luhn.calc_check_digit(number)
    gap = rng.choice(["-", "-", " ", ""])
    return gap.join(number[place : place + 4] for place in range(0, 16, 4))


def _car_plate(rng: random.Random) -> str:
    letter = rng.choice("가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호바사아자배")
    first = _digits(rng, rng.choice([2, 3])).replace("0", "1")
    plate = f"{first}{letter}{rng.choice(['', ' '])}{_digits(rng, 4)}"
    return rng.choice([plate, plate, plate, f"{rng.choice(['서울', '경기', '부산'])} {plate}"])


_CITY = [
    "서울 강남구",
    "서울특별시 마포구",
    "서울시 종로구",
    "부산광역시 해운대구",
    "경기도 수원시 영통구",
    "대구 수성구",
    "강원도 춘천시",
    "전라남도 순천시",
    "경북 안동시",
    "성남시 분당구",
    "제주시",
    "인천 남동구",
    "충남 홍성군",
    "광주광역시 북구",
    "경상남도 하동군",
    "세종특별자치시",
    "전북특별자치도 전주시 완산구",
    "고양시 일산동구",
]
_ROADS = [
    "테헤란로",
    "세종대로",
    "월드컵북로",
    "중앙로",
    "봉은사로",
    "판교역로",
    "은행나무길",
    "한누리대로",
    "도산대로",
]
_LOTS = ["역삼동", "연남동", "매탄동", "봉천동", "이의동", "서현동", "구월동", "효자동", "명륜동2가"]


def _address(rng: random.Random) -> str:
    number = rng.choice([str(rng.randrange(1, 500)), f"{rng.randrange(1, 300)}-{rng.randrange(1, 60)}"])
    road = rng.choice(
        [*_ROADS, f"{rng.choice(_ROADS)} {rng.randrange(2, 90)}길", f"{rng.choice(_ROADS)}{rng.randrange(2, 90)}번길"]
    )
    lot = rng.choice(_LOTS) + rng.choice([f" {number}", f" {number}번지", f" 산 {number}"])
    home = rng.choice(["", "", ", 101동 1203호", " 302호", " 행복아파트 105동 902호", ", 3층"])
    return f"{rng.choice(_CITY)} {rng.choice([f'{road} {number}', f'{road} {number}', lot])}{home}"


def _passport(rng: random.Random) -> str:
    letter = rng.choice("MMMSRD")
    new = f"{letter}{_digits(rng, 3)}{rng.choice('ABCDEFGH')}{_digits(rng, 4)}"
    return rng.choice([f"{letter}{_digits(rng, 8)}", new])


WRITERS: dict[str, Writer] = {
    "telephone": _telephone,
    "resident_number": _resident_number,
    "email_address": _email_address,
    "account": _account,
    "card": _card,
    "car_plate": _car_plate,
    "address": _address,
    "passport": _passport,
}
_SENTENCES: dict[str, list[str]] = {
    "telephone": [
        "궁금하면 {}로 전화해 달라고 했다.",
        "쪽지에는 {}이라고만 적혀 있었다.",
        "그의 번호 {}을 나는 아직 외운다.",
    ],
    "resident_number": ["서류에 {}을 적었다.", "주민등록번호는 {}이었다.", "나는 {}이라는 숫자로 불렸다."],
    "email_address": ["사연은 {}로 보내 달라고 했다.", "명함에는 {}이라고 쓰여 있었다.", "답장은 {} 앞으로 왔다."],
    "account": ["{}으로 부쳐 달라고 했다.", "월급은 {}에 들어왔다.", "모임의 통장은 {} 하나였다."],
    "card": ["카드 번호 {}을 불러 주었다.", "영수증에 {}이 그대로 찍혀 있었다."],
    "car_plate": [
        "차 번호는 {}이었다.",
        "{} 차량을 옮겨 달라는 방송이 나왔다.",
        "주차장에는 {} 승용차만 남았다.",
        "그 트럭은 {}이었다.",
    ],
    "address": ["나는 {}에 산다.", "우리 집은 {}이었다.", "편지는 {}로 보내라고 했다.", "주소는 {}."],
    "passport": ["여권 번호는 {}이었다.", "여권을 펼치니 {}이라고 찍혀 있었다."],
}

LOOKALIKES = (
    "1592-1598년의 전쟁이 끝났다.",
    "2021-03-04 12:30에 적었다.",
    "책값은 13,500원이었다.",
    "ISBN 978-89-364-7436-1 초판이다.",
    "9788936474361이라는 바코드가 있다.",
    "예산은 30조 2000억이었다.",
    "섭씨 20도 2021년 여름이었다.",
    "제30조 2000자 이내로 쓴다.",
    "1234-5678이라는 암호를 골랐다.",
    "주문번호는 20210304123456이다.",
    "집으로 30분을 걸었다.",
    "서울 강남구에서 20년을 살았다.",
    "종로3가에서 내렸다.",
    "2호선 12번 출구로 나왔다.",
    "원주율은 3.14159265358979이다.",
    "1,234,567,890원을 썼다.",
    "101동 앞에서 기다렸다.",
    "우리 2020 2021 시즌이었다.",
    "12시 3456걸음을 걸었다.",
    "부산으로 20명이 갔다.",
    "키는 170 몸무게는 60이었다.",
    "1988-2008년생이다.",
    "대구 수성구 학생 30명이 왔다.",
    "M4 1234 나사를 샀다.",
    "버전 10.2.3.4567을 깔았다.",
    "다시 길 30미터를 걸었다.",
    "그때 119에 전화했다.",
    "100호 2000점을 그렸다.",
    "10부 2000원에 팔았다.",
    "지난 3주 1500번을 썼다.",
    "900101이라는 비밀번호였다.",
    "전화가 3번 왔고 2021년이었다.",
    "은행에서 2021-03-04에 돈을 찾았다.",
    "은행 앞에서 30분을 기다렸다.",
    "광주시로 30분을 달렸다.",
    "서울 중구로 12월에 옮겼다.",
    "경기 우리가 2-1로 이겼다.",
    "서울 거리 100곳을 걸었다.",
    "경기 그대로 2-1이었다.",
    "광주 운동 3 대 2였다.",
    "후원금 12345678901원이 모였다.",
    "볼펜 @500원에 샀다.",
    "(사랑=희생) 이라고 썼다.",
    "수원시 전체를 걸어서 3시간 돌았다.",
    "성남시 분당구 학교로 30명이 왔다.",
)


def planted(kind: str, count: int, seed: int = 0) -> list[tuple[str, str]]:
    """So many (sentence, what stands in it) of the kind."""
    rng = random.Random(f"{kind} {seed}")
    made = []
    for _ in range(count):
        value = WRITERS[kind](rng)
        made.append((rng.choice(_SENTENCES[kind]).format(value), value))
    return made


def is_masked(value: str, clean: str) -> bool:
    """Whether the cleaned sentence has a mask, and none of the parts of the value between hyphens and spaces."""
    parts = [part for part in value.replace("-", " ").replace(".", " ").split() if len(part) >= 2]
    told = [part for part in parts if part.isascii() or any(map(str.isdigit, part))]
    return "[" in clean and not any(part in clean for part in told)
