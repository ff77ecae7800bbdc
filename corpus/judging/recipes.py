"""A recipe: amounts, close together, and words for what is done with them. No source; by what recipes look like."""

import re

from corpus.judging.rule import LEAST, Signs

AMOUNTS = 4  # at least
_AMOUNT = re.compile(
    r"(?:[0-9]+(?:[./][0-9]+)?|반|한|두|세)\s?(?:큰술|작은술|스푼|숟갈|컵|꼬집|줌|쪽|모|개|대|알|T|t|g|kg|ml|그램)(?![a-z])"
)
_COOKING = Signs(
    re.compile(
        r"재료|만드는 법|만들기|조리|레시피|준비물|양념장?|썬다|썰|볶|끓이|끓인|데친|데쳐|졸여|졸이|버무|무친|무쳐|"
        r"재워|다져|간을|중불|약불|센 ?불|식용유|헹군|헹궈|채 썰|넣고|넣어|팬에|냄비|볼에|완성|"
        r"섞|다진|프라이팬|약한 불|소금|후추|간장|참기름|설탕|얹|구워|삶|통깨|물엿"
    ),
    distinct=5,
    density=12,
)


def recipes(text: str) -> str | None:
    """The reason, if it is one."""
    amounts = _AMOUNT.findall(text)
    if len(text) < LEAST or len(amounts) < AMOUNTS or len(amounts) * 100 < len(text):
        return None
    found = _COOKING.found(text)
    return f"recipe: {len(amounts)} amounts; {found}" if found else None
