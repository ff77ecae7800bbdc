"""Each cleaning step does what it says, leaves prose alone, joins no words, and doing it twice is doing it once."""

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.cleaning.cleaning import NAMES, Cleaner, Cleaning
from corpus.cleaning.marks import marks
from corpus.document import document

# Without those that ask Kiwi.
ALL = Cleaner(Cleaning(hanja="remove", brackets=True).steps())
DEFAULT = Cleaner(Cleaning().steps())


NONE = Cleaning().switched({name: "keep" if name == "hanja" else False for name in NAMES})


def by(name: str, text: str) -> str:
    """The text after that step alone."""
    value = "read" if name == "hanja" else True
    return Cleaner(NONE.switched({name: value}).steps()).clean(text)


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("html", '<p>그날 <b class="x">우리</b>는</p><p>갔다&hellip;</p>', "그날 우리는\n\n갔다…"),
        ("html", "가<br/>나 <a href=https://a.kr target='_blank'>다</a> &amp;lt;b&amp;gt;", "가\n나 다"),
        ("html", "<script>var 가 = 1 < 2;</script>나<!-- 다 -->라", "나 라"),
        ("html", "<기러기>를 읽었다. 3 < 5, R&D, <미션 임파서블>", "<기러기>를 읽었다. 3 < 5, R&D, <미션 임파서블>"),
        ("invisible", "가\u200b나\ufeff\u00ad다 \x07라\r\n마", "가나다 라\n마"),
        ("invisible", "👨\u200d👩\u200d👧 가족", "👨\u200d👩\u200d👧 가족"),
        ("nfc", unicodedata.normalize("NFD", "한글"), "한글"),
        ("urls", "여기 https://a.kr/b?c=%EA%B0%80#d 를 보라(http://x.kr).", "여기 를 보라."),
        ("urls", "가 www.naver.com 나 blog.naver.com/abc/123 다\n출처: http://a.kr", "가 나 다"),
        ("urls", "네이버(naver.com)를 켰다. 1/2, TCP/IP", "네이버(naver.com)를 켰다. 1/2, TCP/IP"),
        ("dashes", "그는―정말로―갔다. 1990–1995, 3∼4일 ㅡ", "그는—정말로—갔다. 1990-1995, 3~4일 ㅡ"),
        ("quotes", "“그래?” ‘응’ 「시」 《책》", "\"그래?\" '응' 「시」 《책》"),
        ("captions", "(사진=연합뉴스) 봄이다. [이미지] 꽃이 [사진 제공: 홍길동] 핀다.", "봄이다. 꽃이 핀다."),
        ("captions", "봄이다.\n▲ 벚꽃길 /사진=홍길동\n출처: 픽사베이\n꽃이 핀다.", "봄이다.\n꽃이 핀다."),
        ("captions", "사진: 그것은 오래된 기억이다.\n(사진) 속의 그는 웃는다.", None),
        ("bylines", "(서울=연합뉴스) 홍길동 기자 = 봄이다.\n홍길동 기자 a@b.kr", "봄이다."),
        ("bylines", "글·사진 홍길동\n봄이다.\n글: 김철수 작가", "봄이다."),
        ("bylines", "나는 기자다.\n그때 동네 기자\n기자 생활을 글로 쓴다.", None),
        ("copyrights", "끝났다.\nⓒ 연합뉴스, 무단 전재 및 재배포 금지", "끝났다."),
        ("copyrights", "끝났다. <저작권자 ⓒ 홍길동, 무단전재-재배포 금지>", "끝났다."),
        ("copyrights", "끝났다.\nCopyright 2021 Hong. All rights reserved.\nⓒ 홍길동", "끝났다."),
        ("copyrights", "저작권자 표시 없음\n저작권자: 홍길동\n끝.", "저작권자 표시 없음\n끝."),
        ("copyrights", "ⓐ 하나\nⓑ 둘\nⓒ 셋\n(c) 셋째 것", None),
        ("copyrights", "무단 전재를 금지한다는 문구를 읽었다. 저작권은 그의 것이다.", None),
        ("residue", "끝이다.\n공유하기\nURL 복사 | 이웃추가\n댓글 3 공감 12\n좋아요 공유", "끝이다."),
        ("residue", "끝이다. 구독과 좋아요 부탁드려요! 다음에 봐요.", "끝이다. 다음에 봐요."),
        (
            "residue",
            "구독과 좋아요를 눌러 달라고 했다.\n좋아요\n목록\n구독자를 늘리고, 좋아요를 많이 받고 싶었다.",
            None,
        ),
        ("emails", "끝.\n이메일: a.b@c.co.kr\n(d@e.com) 내 주소는 f@g.com이다.", "끝.\n\n내 주소는 f@g.com이다."),
        ("mentions", "@hong_gil 고마워 (@kim) a@b.kr 3 @ 5", "고마워 a@b.kr 3 @ 5"),
        ("hashtags", "나는 #여행 을 간다. #59번\n#수필 #일상 #봄\n끝. #감성", "나는 여행 을 간다. #59번\n\n끝."),
        ("hanja", "歷史와 女子, 수필(隨筆), 法律 羅列 比率", "역사와 여자, 수필, 법률 나열 비율"),
        (
            "hanja",
            "來日 老人과 男女, 旋律과 法律, 역사(歷史)와 강(江)과 들(江)",
            "내일 노인과 남녀, 선율과 법률, 역사와 강과 들(강)",
        ),
        ("brackets", "그는 (아마도 (정말)) 갔다 [웃음]. [전화번호]", "그는 갔다. [전화번호]"),
        ("jamo", "ㅋㅋㅋㅋ 웃겨 ㅠㅠㅠ ㅎㅎ ㅋㅋㅎㅎㅋ", "ㅋㅋ 웃겨 ㅠㅠ ㅎㅎ ㅋㅋ"),
        ("punctuation", "정말!!!!! 왜??? ..... ?!?!?! *** ------- 응,", "정말!! 왜?? ... ?! *** --- 응,"),
        ("spaces", "  가\t나   다 \n\n\n\n　라\u00a0마", "가 나 다\n\n라 마"),
        ("spaces", "704호 (        ) (   가  나  )", "704호 (        ) ( 가 나 )"),
    ],
)
def test_a_step_does_what_it_says_and_no_more(step: str, before: str, after: str | None) -> None:
    assert by(step, before) == (before if after is None else after)


def test_hanja_can_be_removed_and_are_kept_by_default() -> None:
    text = "수필(隨筆)은 金 가락지(金 가락지)다."
    assert Cleaner(replace(NONE, hanja="remove").steps()).clean(text) == "수필은 가락지(가락지)다."
    assert DEFAULT.clean(text) == text


def test_the_steps_are_those_of_the_settings_and_each_can_be_switched_off() -> None:
    everything = Cleaning(hanja="read", brackets=True, spacing=True, endings=True, boilerplate=True)
    assert {step.name.partition(" ")[0] for step in everything.steps()} == set(NAMES)
    for name in NAMES:
        fewer = everything.switched({name: "keep" if name == "hanja" else False})
        assert {step.name.partition(" ")[0] for step in fewer.steps()} == set(NAMES) - {name}
    assert NONE.steps() == ()


def test_a_document_keeps_its_id_and_is_the_same_if_nothing_is_to_be_done() -> None:
    plain, marked = document("봄이 왔다."), document("<p>봄이 왔다.</p>")
    cleaner = Cleaner(Cleaning().steps())
    assert cleaner(plain) is plain
    assert cleaner(marked).text == "봄이 왔다." and cleaner(marked).id == marked.id
    assert (cleaner.tally.documents, cleaner.tally.changed) == (3, 2)
    assert cleaner.tally.steps["html"].documents == 2


# What texts are made of, clean and unclean, and what stands between.
SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=5)
UNCLEAN = [
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<br/>",
    '<a href="x">',
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "&amp;",
    "lt;",
    "&lt;",
    "&gt;",
    "&#40;",
    "&nbsp;",
    "&",
    "amp;",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    "https://a.kr/b",
    "www.a.kr",
    "a.com/b",
    "http",
    "://",
    "출처:",
    "“",
    "”",
    "‘",
    "–",
    "—",
    "―",
    "∼",
    "~",
    "(사진=김철수)",
    "[사진]",
    "▲ 꽃 사진=가",
    "홍길동 기자",
    "a@b.kr",
    "(서울=가나) ",
    "글·사진 홍길동",
    "ⓒ 가나",
    "무단 전재 및 재배포 금지",
    "저작권자",
    "All rights reserved",
    "구독과 좋아요 부탁드려요!",
    "공유하기",
    "URL 복사",
    "이웃추가",
    "댓글 3",
    "좋아요",
    "구독",
    "@abc",
    "#태그",
    "#",
    "@",
    "##가",
    "010-1234-5678",
    "02-123-4567",
    "900101-1234567",
    "전화 ",
    "123-4567",
    "4111 1111 1111 1111",
    "신한은행 110-123-456789",
    "12가 3456",
    "서울 강남구 테헤란로 12",
    " 101동 1203호",
    "여권 M12345678",
    "隨筆",
    "(歷史)",
    "ㅋㅋㅋ",
    "ㅋㅎ",
    "ㅠㅜ",
    "!",
    "?",
    "!?",
    "...",
    "…",
    "---",
    "===",
    ",",
    "·",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u3000",
    "\t",
    "\xa0",
    "\x07",
    "\x1f",
    "\ufffc",
    "0",
    "1",
    "2021",
    "-",
    ".",
    "[전화번호]",
    "ᄒ",
    "ᅡ",
    "ᆫ",
    "é",
    "é",
    "😀",
    "(at)",
    "골뱅이",
]
PIECES = st.one_of(SYLLABLES, st.sampled_from(UNCLEAN), st.sampled_from([" ", " ", "\n", "  ", "\n\n", "\n\n\n", ". "]))
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@pytest.mark.parametrize(
    "cleaner", [ALL, DEFAULT, Cleaner(Cleaning(hanja="read").steps())], ids=["all", "default", "read"]
)
@given(text=TEXTS)
@settings(max_examples=400)
def test_cleaning_twice_is_cleaning_once(cleaner: Cleaner, text: str) -> None:
    once = cleaner.clean(text)
    assert cleaner.clean(once) == once


PROSE = st.lists(
    st.lists(
        SYLLABLES | st.sampled_from(["2021년", "3월", "1,500원", "10%", "'그", "말'", "TV를", "A와"]),
        min_size=3,
        max_size=12,
    ).map(lambda words: " ".join(words) + "."),
    min_size=1,
    max_size=4,
)


@given(PROSE, st.sampled_from([" ", "\n", "\n\n"]))
@settings(max_examples=300)
def test_prose_comes_out_as_it_was(sentences: list[str], between: str) -> None:
    text = between.join(sentences)
    assert DEFAULT.clean(text) == text


@given(PROSE, st.sampled_from(UNCLEAN), st.sampled_from([(" ", " "), ("", " "), (" ", ""), ("\n", "\n")]))
@settings(max_examples=400)
def test_what_is_taken_out_between_two_sentences_joins_no_words_and_takes_none_with_it(
    sentences: list[str], unclean: str, around: tuple[str, str]
) -> None:
    before, after = " ".join(sentences), "그리고 " + " ".join(sentences)
    words = DEFAULT.clean(before + around[0] + unclean + around[1] + after).split()
    wanted = f"{before} {after}".split()
    left = iter(words)
    lost = [word for word in wanted if not any(word in other for other in left)]
    assert not lost
    assert len(words) >= len(wanted) - 2  # what stands without a space beside its neighbour is one word with it


# These take hangul out, each its own; the others none.
TAKING = {
    "html", "urls", "captions", "bylines", "copyrights", "residue", "emails", "hashtags", "brackets", "spacing",
    "endings", "account", "car_plate", "address", "email_address",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(NAMES) - TAKING - {"nfc", "hanja"}))
@given(text=TEXTS.map(lambda text: unicodedata.normalize("NFC", text)))
@settings(max_examples=100)
def test_the_other_steps_take_no_hangul(name: str, text: str) -> None:
    def syllables(text: str) -> str:
        return re.sub(r"\[(?:전화번호|주민등록번호|카드번호|여권번호)\]|[^가-힣]", "", text)

    assert syllables(by(name, text)) == syllables(text)


@given(TEXTS)
@settings(max_examples=200)
def test_marks_hold_the_text_before_and_the_text_after(text: str) -> None:
    changes = list(ALL.changes(text))
    found = marks(text, changes)
    assert "".join(mark.text for mark in found if mark.kind != "added") == text
    after = changes[-1][2] if changes else text
    assert "".join(mark.text for mark in found if mark.kind != "removed") == after
    assert {mark.step for mark in found if mark.kind != "kept"} <= {step for step, _, _ in changes}


def test_kiwi_puts_in_missing_spaces_and_keeps_lines() -> None:
    assert by("spacing", "나는학교에 갔다.\n\n비가 왔다.") == "나는 학교에 갔다.\n\n비가 왔다."


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("나는 학교에 갔습니다.", "나는 학교에 갔다."),
        ("저는 밥을 먹습니다. 날씨가 좋습니다.", "저는 밥을 먹는다. 날씨가 좋다."),
        ("그것은 꿈이었습니다.\n비가 옵니다.", "그것은 꿈이었다.\n비가 온다."),
        ("어제는 비가 왔어요.", "어제는 비가 왔다."),
        ("울지 않습니다. 춥지 않습니다. 가고 싶습니다. 학생입니다.", "울지 않는다. 춥지 않다. 가고 싶다. 학생이다."),
        ('"어디 갑니까?" 그가 물었다.', None),
        ('그는 "저는 갑니다."라고 했다.', None),
        ("많이 드세요. 먹어요.", None),
        ("도와주셔서 감사합니다.", None),
        ("그는 갔다.", None),
    ],
)
def test_only_sure_statements_are_put_into_the_plain_style(before: str, after: str | None) -> None:
    assert by("endings", before) == (before if after is None else after)
