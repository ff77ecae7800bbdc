"""Addresses with a house number: 서울 강남구 테헤란로 12, 수원시 영통구 매탄동 123-4, 101동 1203호.

By the law on road names (도로명주소법) a road ends with 대로, 로 or 길, a lot's place with 동, 읍, 면, 리 or 가. Before
it a city, a county or a district has to stand by its name, or a lot be called 번지; a place without a house number is
no one's home, and stays.
"""

import re

from corpus.cleaning.personal.mask import ADDRESS, masked
from corpus.cleaning.personal.places import PLACES, PROVINCES, SHORT
from corpus.cleaning.text_step import TextStep

_PLACE = rf"(?:(?:{PROVINCES}|{SHORT})\s*)?(?:(?:{PLACES})\s*){{1,2}}|(?:{PROVINCES})\s*"
_TOWN = r"(?:[가-힣]{1,5}\d?(?:읍|면)\s*)?"
_NO_UNIT = (  # what follows a number that counts something
    r"(?!\d|[,.]\d|:\d|(?:년|월|일(?!대)|시|분|초|원|명|개|인분|권|쪽|장|평|번(?!지|길)|회|차|도|억|만|천|배|점|위|살|세|호선|층|"
    r"여|가지|가\s?\d|대(?!로)|곳|군데|주|달|쌍|그루|송이|잔|병|편)|\s?(?:미터|킬로|센티|km|kg|cm|m\b|%|℃)"
    r"|\s(?:년|원|명|시간|분|개)(?![가-힣]))"
)
_NUMBER = r"\d{1,4}(?:-\d{1,4})?"
_PARTICLE = (  # 로 that is no road's
    r"(?:그대|이대|제대|마음대|뜻대|실제|도|서|새|바|주|따|별|때|위|뒤|아래|차|버스|기차|전철|지하철|택시|도보|학교|홀|스스|대체|결과)로\s"
)
_ROAD = (
    rf"(?!{_PARTICLE})(?:[가-힣]{{1,8}}(?<!으)(?:대로|로|길)|[가-힣]{{1,8}}\d{{1,3}}(?:대로|로|길))"
    rf"(?:\s?\d{{1,4}}(?:번|번가|가|나|다|라)?길)?\s?(?:지하\s?)?{_NUMBER}{_NO_UNIT}"
)
_LOT = (
    r"(?:[가-힣]{1,7}\d가|[가-힣]{1,7}(?<![운행활이감노])동|[가-힣]{1,6}(?<![거우머다자소마무요정관])리|[가-힣]{1,5}(?:읍|면))"
    rf"\s*(?:산\s?)?{_NUMBER}(?:번지)?{_NO_UNIT}"
)
_SURE_ROAD = rf"[가-힣]{{1,8}}(?:로|길)\s?\d{{1,4}}(?:번|가|나|다|라)?길\s?{_NUMBER}{_NO_UNIT}"
_HOUSE = r"[가-힣A-Za-z0-9]{1,12}(?:아파트|빌라|빌딩|오피스텔|타워|맨션|주택|빌|파크|캐슬)"
_FLAT = r"[가-힣A-Za-z0-9]{1,12}(?:아파트|빌라|맨션|오피스텔|주택)\s?\d{1,4}동\s?\d{1,4}호"
_HOME = (
    rf"(?:,?\s*(?:\([가-힣0-9, ]{{1,30}}\)\s*)?(?:{_HOUSE}\s*)?(?:(?:지하\s?)?\d{{1,4}}동\s*)?"
    r"(?:\d{1,4}호|\d{1,3}층(?:\s*\d{1,4}호)?)(?!선))?"
)
_FORM = re.compile(
    rf"(?<![가-힣])(?:{_PLACE}){_TOWN}(?:{_ROAD}|{_LOT}){_HOME}"
    rf"|(?<![가-힣])(?:(?:{_PLACE})\s*)?(?:[가-힣]{{1,7}}[동리읍면]\s+)?{_FLAT}"
    rf"|(?<![가-힣])(?:{SHORT})\s+{_SURE_ROAD}{_HOME}"
    rf"|(?<![가-힣])[가-힣]{{1,6}}(?:동|리|\d?가)\s?(?:산\s?)?{_NUMBER}\s?번지{_HOME}"
)
_GUARD = re.compile(r"(?:로|길|동|리|가|읍|면|산|지하)\s?\d")


def address(text: str) -> str:
    """The text with them masked."""
    return masked(text, _FORM, ADDRESS) if _GUARD.search(text) else text


STEP = TextStep("address", address)
