"""Which Korean words tell whom a passage is about, where it takes place and how it is told."""

import re
from typing import Literal

# Who tells: the pronouns of one who speaks plainly, of one who speaks humbly, of many, and of a story's others.
PLAIN, HUMBLE, MANY, OTHERS = ("나", "내"), ("저", "제"), ("우리", "저희"), ("그", "그녀", "그들")

_KIN_WORDS = """
엄마 아빠 어머니 아버지 어머님 아버님 할머니 할아버지 외할머니 외할아버지 남편 아내 딸 아들 동생 언니 오빠 누나 형
누이 여동생 남동생 시어머니 시아버지 장인 장모 며느리 사위 손자 손녀 이모 고모 삼촌 외삼촌 숙모 사촌 조카 아이 아기
친구 신랑 형부 올케 시누이 집사람 형수 매형 처남
"""
_KIN = frozenset(_KIN_WORDS.split())  # what a person is to the teller
# Whom only a woman has, or calls so, and whom only a man.
_OF_HERS = frozenset(["남편", "신랑", "오빠", "언니", "형부", "올케", "시어머니", "시아버지", "시누이"])
_OF_HIS = frozenset(["아내", "집사람", "형", "형수", "누나", "매형", "처남", "장인", "장모"])
_NAMES = """
한국 대한민국 미국 일본 중국 영국 독일 프랑스 이탈리아 스페인 유럽 아시아 아프리카 인도 베트남 태국 몽골 호주 캐나다
러시아 서울 부산 대구 인천 광주 대전 울산 제주 제주도 경기도 강원도 파리 런던 뉴욕 도쿄 오사카 코로나 브런치 유튜브
구글 네이버 카카오 조선 인스타그램 페이스북 한글 한국어 영어 예수 하나님 부처 추석 설날 크리스마스 한강 지구 에세이
"""
_OF_NO_PERSON = frozenset(_NAMES.split())
_TO_PERSONS = ("에게", "한테", "께", "께서", "에게서", "한테서", "아", "야")  # particles
_BEHIND_NAMES = ("씨", "님", "군", "양", "선생님", "선생", "아저씨", "아주머니", "할머니", "할아버지", "언니", "오빠")
_ROLES = ("이", "가", "은", "는", "을", "를", "와", "과", "랑", "이랑", "하고")
_OF_PLACES = ("에", "에서", "으로", "로", "까지")


def names_person(word: str, tag: str, following: str) -> bool:
    """Whether a noun with Kiwi's tag names a person, given the form of the morpheme behind it."""
    if tag == "NNG":
        return word in _KIN
    if tag != "NNP" or word in _OF_NO_PERSON or not re.fullmatch("[가-힣]{2,4}", word):
        return False
    return following in _TO_PERSONS or following in _BEHIND_NAMES or (following in _ROLES and len(word) < 4)


def whose(person: str) -> Literal["", "hers", "his"]:
    """Of whom such a person can be told who says I: of a woman (남편, 언니) or of a man (아내, 누나); "" for either."""
    return "hers" if person in _OF_HERS else "his" if person in _OF_HIS else ""


def names_place(tag: str, following: str) -> bool:
    """Whether a noun with Kiwi's tag names a place, given the form of the morpheme behind it."""
    return tag == "NNP" and following in _OF_PLACES


def ending_style(form: str) -> Literal["", "해라체", "합쇼체", "해요체"]:
    """The style of a sentence-closing ending in Kiwi's form; "" for those that stand in every style (을까, 지, 네)."""
    if form.endswith(("니다", "습니까", "옵니까", "ᆸ니까", "시오", "ᆸ시다", "읍시다")):
        return "합쇼체"
    if form.endswith(("요", "죠")):
        return "해요체"
    return "해라체" if form.endswith(("다", "라", "냐", "구나", "자", "는가", "은가", "ᆫ가", "던가")) else ""
