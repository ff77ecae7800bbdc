"""An advertisement: words of selling, close together. No source; by what advertisements look like.

Telephones and addresses count as cleaning leaves them: [전화번호].
"""

import re

from corpus.judging.rule import Signs

_SELLING = Signs(
    re.compile(
        r"할인|특가|정가|무료\s?배송|무료\s?상담|상담|문의|주문|구매|견적|쿠폰|적립금|사은품|기프티콘|증정|최저가|정품|선착순|한정|"
        r"이벤트|고객님|무이자|할부|카드 결제|환불|품질 보증|가격|당일 발송|오픈|세요!|드려요!|서두르|만족도|"
        r"급매|매물|역세권|부동산|융자|입주|풀옵션|협의|통화 가능|수신자 부담|전화하|비법|인증|개월분|구입|카톡|"
        r"후기|채널|\[전화번호\]|0[0-9]{1,2}-[0-9]{3,4}-[0-9]{4}|https?://|★|☆|→|,[0-9,]*\s?원|"
        + "|".join(rf"{figure}[0-9]*%|{figure}[0-9,]*\s?원" for figure in "0123456789")
    ),
    distinct=7,
    density=40,
)


def advertisement(text: str) -> str | None:
    """The reason, if it is one."""
    found = _SELLING.found(text)
    return f"advertisement: {found}" if found else None
