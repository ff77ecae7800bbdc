"""Number plates of cars: 12가 3456, 123가 4567, 서울 12가 3456.

The letters are those of the rule on plates (자동차 등록번호판 등의 기준에 관한 고시). 30조 2000억 and 20도 2021년 have
their form: what counts something stays, and letters that are units take a word for a car beside them.
"""

import re

from corpus.cleaning.personal.mask import PLATE, masked, near
from corpus.cleaning.text_step import TextStep

_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호바사아자배"
_UNITS = frozenset("조도호주부수구로자사아하오다가나고서")  # 3조, 20도, 5호, 2주, 10부 …: in prose not a plate's alone
_REGION = r"(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)\s?"
_COUNTED = (  # what follows a number that counts something
    r"(?!\d|[,.]\d|[년월일시분초원명개권쪽장평호동번회억만천조배점위살세리미킬그킷톤kgmcMKG%℃$]"
    r"|차(?![량가는를])|여\s?명|\s(?:년|원|억|명|개|자)(?![가-힣]))"
)
_FORM = re.compile(
    rf"(?<![\d.,제])(?<!제 )(?P<region>{_REGION})?(?<![\d.,])(?P<first>\d{{2,3}})(?P<before>\s?)"
    rf"(?P<letter>[{_LETTERS}])"
    rf"(?P<gap>\s?)(?P<last>\d{{4}}){_COUNTED}"
)
_ROUGHLY = re.compile(rf"[0-9]{{2}}\s?[{_LETTERS}]\s?[0-9]{{4}}")
_WORDS = re.compile(
    r"차량|자동차|번호판|차\s?번호|승용차|트럭|택시|버스|승합차|화물차|주차|차주|차를|차가|차는|차의|차입|차였|차이"
)


def car_plate(text: str) -> str:
    """The text with them masked."""
    return masked(text, _FORM, PLATE, _is_one) if _ROUGHLY.search(text) else text


def _is_one(found: re.Match[str]) -> bool:
    if found["region"] or near(found, _WORDS):
        return True
    return found["letter"] not in _UNITS and not found["before"]


STEP = TextStep("car_plate", car_plate)
