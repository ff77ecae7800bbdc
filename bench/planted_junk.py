"""Made-up texts of ten kinds that are no essays, each drawn anew from its words and forms; a quarter without line ends.

Written before the rules of :mod:`corpus.judging` were tried on them, by whoever wrote the rules.
"""

import random
from collections.abc import Callable

from bench.planted_words import (
    BUTTONS,
    DISHES,
    ENGLISH,
    FOODS,
    GOODS,
    PEOPLE,
    PLACES,
    SENTENCES,
    STEPS,
    THINGS,
    TITLES,
    UNITS,
    VERBS,
)  # fmt: skip

Writer = Callable[[random.Random], str]


def _some(rng: random.Random, words: list[str], low: int, high: int) -> list[str]:
    return rng.sample(words, min(len(words), rng.randint(low, high)))


def _flat(rng: random.Random, lines: list[str]) -> str:
    """The lines, as they stand or, one time in four, as a scraper that knows no line ends leaves them."""
    return (" " if rng.random() < 0.25 else "\n").join(line for line in lines if line)


def _telephone(rng: random.Random) -> str:
    return f"0{rng.choice(['10', '2', '31', '51'])}-{rng.randint(1000, 9999)}-{rng.randint(1000, 9999)}"


def _won(rng: random.Random) -> str:
    price = rng.randint(15, 490) * 100
    return rng.choice([f"{price:,}원", f"{price:,}", f"{price}원", f"₩{price:,}", f"{price / 10000:.1f}만원"])


def lists(rng: random.Random) -> str:
    """What to take along, to read, to visit: items with bullets, numbers, boxes or nothing before them."""
    pool = rng.choice([THINGS, TITLES, PLACES, FOODS])
    items = _some(rng, pool, 14, 28)
    mark = rng.choice(["- ", "• ", "* ", "□ ", "{}. ", "{}) ", "({}) ", "{} ", "▶ ", "√ ", ""])
    note = rng.choice(["", " ({}개)", " - {}점", " {}쪽", ": {}년"])
    head = rng.choice(["여행 준비물", "올해 읽은 책 목록", "가 볼 만한 곳 정리", "장보기 목록", "버킷리스트", ""])
    lines = [mark.replace("{}", str(n)) + item + note.replace("{}", str(rng.randint(1, 99)))
             for n, item in enumerate(items, 1)]  # fmt: skip
    return head + "\n" + "\n".join(lines) if not mark else _flat(rng, [head, *lines])


def recipes(rng: random.Random) -> str:
    """A dish: what goes into it and how much, and what is done."""
    dish, foods = rng.choice(DISHES), _some(rng, FOODS, 6, 12)
    amounts = [f"{food} {rng.choice(['1', '2', '3', '1/2', '200', '300', '반'])}{rng.choice(UNITS)}" for food in foods]
    ready = rng.choice([", ".join(amounts), "\n".join(amounts), "\n".join(f"- {amount}" for amount in amounts)])
    steps = [step.format(a=rng.choice(foods), b=rng.choice(foods), n=rng.randint(2, 40), dish=dish)
             for step in _some(rng, STEPS, 6, 11)]  # fmt: skip
    number = rng.choice(["{}. ", "{}) ", "step {}. ", "", "① "])
    heads = rng.choice(
        [("재료", "만드는 법"), ("[재료]", "[만들기]"), ("재료(2인분)", "조리 순서"), ("준비물", "레시피")]
    )
    lines = [number.replace("{}", str(n)) + step for n, step in enumerate(steps, 1)]
    return _flat(rng, [f"{dish} {rng.choice(['만들기', '레시피', '황금레시피', '끓이는 법', ''])}".strip(),
                       heads[0], ready, heads[1], *lines])  # fmt: skip


def menus(rng: random.Random) -> str:
    """A restaurant's dishes and what they cost."""
    between = rng.choice([" ", " ...... ", "  ", " - ", ": ", "\t", " / "])
    lines = [dish + rng.choice(["", "(소)", "(대)", " 정식", " 세트"]) + between + _won(rng)
             for dish in _some(rng, DISHES + FOODS, 12, 26)]  # fmt: skip
    head = rng.choice(["메뉴", "MENU", "오늘의 메뉴판", f"{rng.choice(PLACES)} 식당 차림표", "메뉴 및 가격 안내"])
    tail = rng.choice(["", "공기밥 별도", f"예약 {_telephone(rng)}", "원산지: 국내산", "포장 가능합니다"])
    return _flat(rng, [head, *lines, tail])


def code(rng: random.Random) -> str:
    """Programs in five languages, with Korean in comments and texts."""
    words = ["count", "user", "item", "price", "name", "total", "index", "value", "result", "page"]
    made = []
    kind = rng.choice(["python", "javascript", "sql", "c", "css"])
    for _ in range(rng.randint(5, 12)):
        a, b, c = rng.sample(words, 3)
        said, n = rng.choice(THINGS), rng.randint(0, 99)
        made.append({
            "python": f"def get_{a}({b}, {c}={n}):\n    # {said} 값을 구한다\n    for {a} in range(len({b})):\n"
                      f"        print(f\"{said}: {{{a}}}\")\n    return {c} + {n}",
            "javascript": f"function set{a.title()}({b}) {{\n  // {said} 처리\n"
                          f"  const {c} = document.querySelector('#{a}');\n"
                          f"  if ({b} === {n}) {{ {c}.innerText = '{said}'; }}\n  return {c};\n}}",
            "sql": f"SELECT t.{a}, COUNT(t.{b}) AS {c}\nFROM {a}_table t\nLEFT JOIN {b} ON t.id = {b}.id\n"
                   f"WHERE t.{c} > {n} AND t.name = '{said}'\nGROUP BY t.{a};",
            "c": f"int {a}(int {b}) {{\n    int {c} = {n}; /* {said} */\n    for (int i = 0; i < {b}; i++) {{\n"
                 f"        {c} += i * {n};\n    }}\n    printf(\"{said} %d\\n\", {c});\n    return {c};\n}}",
            "css": f".{a}-{b} {{\n  margin: {n}px auto;\n  color: #{n:02}aa{n:02};\n  /* {said} */\n"
                   f"  display: flex;\n}}\n#{c} > .{a} {{ padding: 0 {n}px; }}",
        }[kind])  # fmt: skip
    return "\n".join(made)


def advertisement(rng: random.Random) -> str:
    """Who sells something: praise, prices, how to order."""
    goods = rng.choice(GOODS)
    lines = [
        f"★{rng.choice(['특가', '한정 수량', '오늘만', '신규 오픈', '무료 상담'])}★ "
        f"{goods} {rng.randint(10, 80)}% 할인",
        f"정가 {_won(rng)} → 할인가 {_won(rng)}",
        f"지금 바로 {goods}{rng.choice(['을(를) 만나보세요!', ' 주문하세요!', ' 상담 받아보세요!', ' 신청하세요!'])}",
        f"무료배송 / {rng.choice(['당일 발송', '전국 어디나', '카드 결제 가능', '무이자 할부'])}",
        f"문의전화 {_telephone(rng)} ({rng.choice(['상담원 대기중', '24시간', '평일 9시~18시', '카톡 가능'])})",
        f"구매하기 > https://{rng.choice(['shop', 'store', 'mall'])}.example.com/{rng.randint(100, 999)}",
        f"후기 이벤트 참여하고 {rng.choice(['쿠폰', '적립금', '사은품', '기프티콘'])} 받아가세요!",
        f"고객님의 만족도 {rng.randint(90, 99)}%! {rng.choice(PLACES)}점 {rng.choice(['오픈', '단독', '최저가 보장'])}",
        f"{rng.choice(['업계 최저가', '100% 정품', '품질 보증', '환불 보장', '전문가 추천'])} {goods} 전문",
        f"선착순 {rng.randint(10, 300)}명 한정! 서두르세요!!",
        f"카카오톡 채널 '{goods}' 추가하면 {rng.randint(1, 9)}천원 할인쿠폰 증정",
        f"{goods} 가격 비교, 견적 문의는 댓글이나 전화 주세요^^",
    ]
    return _flat(rng, [lines[0], *_some(rng, lines[1:], 6, 10)])


def mojibake(rng: random.Random) -> str:
    """Prose whose bytes were read in another encoding than they were written in, as a whole or in part."""
    text = " ".join(_some(rng, SENTENCES, 8, 14))
    kind = rng.randrange(5)
    if kind == 0:
        return text.encode().decode("latin-1")
    if kind == 1:
        return text.encode().decode("cp1252", "replace")
    if kind == 2:
        return text.encode().decode("cp949", "replace")
    if kind == 3:
        return text.encode("cp949").decode("utf-8", "replace")
    return text.encode("cp949").decode("latin-1")


def english(rng: random.Random) -> str:
    """English prose, some with a Korean word or two."""
    text = " ".join(_some(rng, ENGLISH, 8, 14))
    return text + rng.choice(["", f" ({rng.choice(THINGS)})", f" {rng.choice(PLACES)}.", ""])


def repeated(rng: random.Random) -> str:
    """A line, a sentence, a word or a paragraph over and over, alone or after something that is said once."""
    kind = rng.randrange(5)
    a, b, c = rng.sample(SENTENCES, 3)
    if kind == 0:
        return "\n".join([a] * rng.randint(8, 30))
    if kind == 1:
        return " ".join([a, b] * rng.randint(5, 15))
    if kind == 2:
        return " ".join([rng.choice(THINGS)] * rng.randint(60, 200))
    if kind == 3:
        return f"{c}\n" + "\n".join([a, b] * rng.randint(4, 10))
    return "\n\n".join([" ".join([a, b, c])] * rng.randint(4, 8))


def symbols(rng: random.Random) -> str:
    """Pictures of signs, lines of stars, or keys hit at random."""
    kind = rng.randrange(4)
    if kind == 0:
        return "\n".join("".join(rng.choice(" ░▒▓█▄▀") for _ in range(40)) for _ in range(rng.randint(6, 20)))
    if kind == 1:
        line = rng.choice(["★☆", "♥♡", "=-", "~*", "◆◇", "^_"]) * rng.randint(10, 20)
        return "\n".join(part for sentence in _some(rng, SENTENCES, 2, 4) for part in (line, sentence[:15], line))
    if kind == 2:
        return " ".join("".join(rng.choice("ㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅂㅈㄷㄱㅅㅛㅕ")
                        for _ in range(rng.randint(3, 12)))
                        for _ in range(rng.randint(20, 60)))  # fmt: skip
    return " ".join("".join(rng.choice("asdfghjkl;qwerty!@#$%^&*()") for _ in range(rng.randint(3, 12)))
                    for _ in range(rng.randint(20, 60)))  # fmt: skip


def notices(rng: random.Random) -> str:
    """What an office, a club or a site announces, and terms of use."""
    place, person = rng.choice(PLACES), rng.choice(PEOPLE)
    day = f"{rng.randint(2010, 2024)}년 {rng.randint(1, 12)}월 {rng.randint(1, 28)}일"
    if rng.random() < 0.3:
        lines = [f"제{n}조 ({rng.choice(THINGS)}의 {rng.choice(['이용', '관리', '제한', '목적', '정의'])}) "
                 f"{rng.choice(['회사는', '회원은', '이용자는', '본 약관은'])} {rng.choice(VERBS)}"
                 for n in range(1, rng.randint(6, 12))]  # fmt: skip
        return _flat(
            rng,
            [
                rng.choice(["이용약관", "개인정보 처리방침", "서비스 운영정책"]),
                *lines,
                f"부칙 이 약관은 {day}부터 시행합니다.",
            ],
        )
    lines = [
        f"안녕하세요. {place} {rng.choice(['도서관', '주민센터', '문화센터', '관리사무소', '동호회'])}입니다.",
        f"일시: {day} {rng.randint(9, 20)}시",
        f"장소: {place} {rng.randint(1, 9)}층 {rng.choice(['강당', '회의실', '세미나실'])}",
        f"대상: {rng.choice(['지역 주민 누구나', '초등학생', '회원', '입주민', '만 19세 이상'])} "
        f"선착순 {rng.randint(10, 90)}명",
        f"신청 방법: {rng.choice(['홈페이지 접수', '방문 접수', '전화 접수', '이메일 접수'])}",
        f"참가비: {rng.choice(['무료', _won(rng)])}",
        f"문의: {person} 담당자 {_telephone(rng)}",
        f"접수 기간: {day} ~ {rng.randint(1, 12)}월 {rng.randint(1, 28)}일까지",
        "자세한 사항은 첨부파일을 참고하시기 바랍니다.",
        "많은 관심과 참여 부탁드립니다.",
        f"{rng.choice(['시설 점검', '명절 연휴', '소독 작업', '내부 공사'])}으로 인하여 이용이 제한됨을 알려드립니다.",
        f"이용에 불편을 드려 죄송합니다. {rng.choice(BUTTONS)}",
        f"※ {rng.choice(['주차 공간이 협소하오니 대중교통을 이용해 주시기 바랍니다.', '우천 시 취소될 수 있습니다.'])}",
    ]
    head = (
        f"[{rng.choice(['공지', '안내', '모집', '알림'])}] {place} "
        + f"{rng.choice(['강좌', '휴관', '행사', '회원', '점검'])} 안내"
    )
    return _flat(rng, [head, lines[0], *_some(rng, lines[1:], 6, 11), rng.choice(BUTTONS)])


WRITERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        lists, recipes, menus, code, advertisement, mojibake, english, repeated, symbols, notices,
    )
}  # fmt: skip


def planted(kind: str, count: int, seed: int = 11) -> list[str]:
    """So many texts of that kind; the same for the same seed."""
    rng = random.Random(f"{kind} {seed}")
    return [WRITERS[kind](rng) for _ in range(count)]
