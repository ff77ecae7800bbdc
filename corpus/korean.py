"""What the corpus knows about Korean: the syllables of its prose, the names of its columns, the words for parts."""

import re

# The most frequent syllables of KorQuAD's passages and of 1,261 essays (72 % of the syllables of each).
FREQUENT = frozenset(
    "다이는에을고의하가지로한은서기를도아나어사그리시들으대게해있인자라었일했정수만보것과내부스마주전면상장되년여제며국와적우"
    "무위모니소원신선동오생간러던구비거진성음조미화안문중였공치없때유않려할당야명데월히경트세말연바계후았회방드르까각실관작"
    "물개두단행영터람된ㅋㅎㅠㅜㅡ"
)

# Names of columns, in the order in which they are believed when a file has several of them.
TEXT = (
    "text",
    "contents",
    "content",
    "본문",
    "내용",
    "body",
    "article",
    "essay",
    "글",
    "수필",
    "에세이",
    "document",
)
TITLE = ("title", "제목", "subject", "headline")
SOURCE = (
    "url",
    "link",
    "source",
    "refer",
    "referer",
    "reference",
    "href",
    "permalink",
    "출처",
    "링크",
    "주소",
)


# Titles that say nothing, in letters alone.
NO_TITLE = {"", "none", "null", "nan", "na", "무제", "제목없음", "제목", "untitled", "notitle", "title", "no", "x"}
# "3. ", "#59. ", "[12] " before a title.
NUMBER_BEFORE = re.compile(r"^\s*[#(\[<]*\d+\s*[.):\]>]+\s*")
# " (2)", " 2/5", " II", " 3부", " (하)" after it.
NUMBER_AFTER = re.compile(
    r"[\s\-–—_,.:]*(?:"
    r"[(\[<#]*\s*\d+(?:\s*/\s*\d+)?\s*(?:부|편|화|회|장|권|탄)?\s*[)\]>.]*"
    r"|(?:(?<=\s)|[(\[<])\s*(?:[ivx]+|상|중|하|전|후|上|中|下)\s*(?:편|권|부)?\s*[)\]>]*"
    r")\s*$"
)
