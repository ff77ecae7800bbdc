"""What buttons and begging leave: a line 공유하기, 댓글 3, URL 복사; "구독과 좋아요 부탁드려요!".

C4 (Raffel et al. 2020, 1910.10683) drops such lines by their words, Gopher (Rae et al. 2021, 2112.11446) counts them.
A line goes only if it holds nothing but words of buttons: one that can be nothing else, or two. A sentence goes only
if it begins with what it begs for and is no one's reported speech.
"""

import re

from corpus.cleaning.text_step import TextStep, holds, without, without_lines

_COUNT = r"\s?:?\s?\(?[0-9,]{1,7}\)?(?:개|건|명)?"
_SURE = (
    r"공유하기|URL\s?복사|주소\s?복사|링크\s?복사|이웃\s?추가|본문\s?기타\s?기능|신고하기|구독하기|댓글\s?(?:쓰기|달기|작성)|"
    r"SNS\s?공유|기사\s?공유|글자\s?크기(?:\s?(?:조절|변경))?|글씨\s?크기|폰트\s?(?:크기|사이즈)|"
    r"URL이 복사되었습니다\.?|"
    r"카카오톡\s?공유|페이스북\s?공유|트위터\s?공유|맨\s?위로|이전\s?글|다음\s?글|저작자\s?표시|번역하기|팔로우하기|"
    rf"(?:댓글|공감|좋아요|조회수?|구독자?|추천|스크랩){_COUNT}"
)
_WEAK = (
    r"공유|구독|좋아요|공감|댓글|목록|인쇄|프린트|스크랩|추천|신고|북마크|팔로우|더\s?보기|접기|로그인|회원가입|통계|"
    r"카카오톡|카카오스토리|페이스북|트위터|네이버\s?블로그|밴드|인스타그램|태그|관련\s?기사|첨부\s?파일|TOP"
)
_GAP = r"[ \t|·ㆍ/,•>]*"
_LINE = re.compile(
    rf"^{_GAP}(?:(?:{_WEAK}){_GAP})*(?:{_SURE})(?:{_GAP}(?:{_SURE}|{_WEAK}))*{_GAP}$"
    rf"|^{_GAP}(?:{_WEAK})(?:[ \t|·ㆍ/,•>]+(?:{_WEAK}))+{_GAP}$",
    re.MULTILINE,
)
_BEGGING = re.compile(
    r"(?:(?<=[.!?~…\n])|^)[ \t]*(?:구독|좋아요|알림\s?설정|이웃\s?추가|공감)(?=[과와,]|\s|버튼)"
    r"(?![^.!?\n]{0,80}(?:라고|달라|다고|라는|다는|던|했|었|였))"
    r"[^.!?\n]{0,40}(?:부탁|눌러\s?(?:주|줘)|꾹|알림\s?설정)[^.!?~\n♡♥^]{0,20}[.!?~♡♥^]*",
    re.MULTILINE,
)
_WORDS = (
    "공유", "구독", "좋아요", "공감", "댓글", "복사", "이웃", "기타", "신고", "크기", "사이즈", "위로", "이전",
    "다음", "저작자", "번역하기", "팔로우", "조회", "추천", "스크랩", "목록", "인쇄", "프린트", "북마크",
    "더 보기", "더보기", "접기", "로그인", "가입", "통계", "카카오", "페이스북", "트위터", "블로그", "밴드",
    "인스타", "태그", "기사", "첨부", "TOP",
)  # fmt: skip


def residue(text: str) -> str:
    """The text without it."""
    if not holds(text, _WORDS):
        return text
    if holds(text, ("구독", "좋아요", "알림", "이웃", "공감")):
        text = without(text, _BEGGING)
    return without_lines(text, _LINE)


STEP = TextStep("residue", residue)
