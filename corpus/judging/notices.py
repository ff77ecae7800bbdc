"""A notice, or terms of use: words of offices, close together. C4 drops lines with "terms of use" and the like.

By what notices look like, one text at a time: a line that many documents of one source have is not looked for.
"""

import re

from corpus.judging.rule import Signs

_OFFICE = Signs(
    re.compile(
        r"공지|안내|문의|접수|신청|모집|휴관|일시\s?:|장소\s?:|대상\s?:|기간\s?:|방법\s?:|참가비|첨부\s?파일|"
        r"홈페이지|바로가기|참고하시기|바랍니다|드립니다|이용이|이용에|불편을|협소|대중교통|우천|점검|담당자|선착순|"
        r"조회수|작성자|이전글|다음글|약관|개인정보|제\s?[0-9]+조|회원은|회사는|이용자|이용 계약|부칙|시행합니다|"
        r"법령|각 호|고지|귀책|운영정책|처리방침|※|\[전화번호\]|누구나|"
        r"통지서|알립니다|총회|정관|개최|안건|제출|요망|직인|참석|협조|입주민|관리소장|단수|하오니|되오니|십시오"
    ),
    distinct=6,
    density=25,
)


def notices(text: str) -> str | None:
    """The reason, if it is one."""
    found = _OFFICE.found(text)
    return f"notice: {found}" if found else None
