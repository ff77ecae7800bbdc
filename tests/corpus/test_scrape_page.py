"""What a page gives: its text in the right letters, without what is not read, its title, author and day."""

import pytest

from corpus.scrape import extract
from corpus.scrape.frontier import Essay
from corpus.scrape.site import Selectors

BODY = (
    "<html><head><meta charset='{0}'></head><body><div id=t>첫 줄이다.<br>둘째 줄이다.<p>셋째 줄이다.</p></div></body>"
)


@pytest.mark.parametrize("declared", ["utf-8", "euc-kr", "iso-8859-1"])
@pytest.mark.parametrize("real", ["utf-8", "cp949"])
def test_the_bytes_tell_what_they_are_whatever_is_declared(real: str, declared: str) -> None:
    text, codec = extract.decoded((BODY.format(declared) * 3).encode(real), declared)
    assert "둘째 줄이다" in text and codec == real


@pytest.mark.parametrize("declared", ["idna", "undefined", "base64", "no-such-codec"])
def test_a_codec_that_is_none_of_pages_is_passed_over(declared: str) -> None:
    assert extract.decoded(b"\xff\x80 abc \xff" * 3, declared)[1] == "utf-8"


def test_text_keeps_its_lines_and_leaves_out_what_is_not_read() -> None:
    page = "<div id=t> 첫\n 줄이다.<br>둘째 <b>줄</b>이다.<script>var a</script>"
    page += "<p>셋째 줄이다.</p><!-- x --><p> </p>넷째"
    essay = taken(page, Selectors(text="#t", title="#t", author="#t", date="#t"))
    assert essay is not None and essay.text == "첫 줄이다.\n둘째 줄이다.\n셋째 줄이다.\n넷째"


def taken(page: str, select: Selectors) -> Essay | None:
    return extract.taken(extract.parsed(f"<html><body>{page}</body></html>"), "https://essays.example/1", select)


def test_what_is_to_be_removed_is() -> None:
    select = Selectors(text="#t", title="h1", author="i", date="i", remove=["div.share"])
    essay = taken("<div id=t>본문이다.<div class=share>공유</div>꼬리다.</div>", select)
    assert essay is not None and essay.text == "본문이다.꼬리다."


@pytest.mark.parametrize(
    ("element", "day"),
    [
        ("<time datetime='2024-03-09T10:00'>어제</time>", "2024-03-09"),
        ("<time>2024년 3월 9일 토요일</time>", "2024-03-09"),
        ("<time>2024. 3. 9.</time>", "2024-03-09"),
        ("<time>2024.13.40</time>", ""),
        ("<time>어제</time>", ""),
    ],
)
def test_dates_are_written_in_one_way(element: str, day: str) -> None:
    essay = taken(f"<p id=t>글</p>{element}", Selectors(text="#t", title="#t", author="#t", date="time"))
    assert essay is not None and essay.date == day


def test_a_page_nested_ten_thousand_deep_is_read() -> None:
    essay = taken(
        "<div>" * 10_000 + "글이다" + "</div>" * 10_000, Selectors(text="body", title="i", author="i", date="i")
    )
    assert essay is None or "글이다" in essay.text


@pytest.mark.parametrize("page", ["", " ", "\x00", "<", "<html></html>", "\ud800", "<!DOCTYPE html>"])
def test_a_page_with_nothing_on_it_gives_nothing(page: str) -> None:
    tree = extract.parsed(page)
    assert (
        tree is None
        or extract.taken(tree, "https://essays.example/", Selectors(text="p", title="p", author="p", date="p")) is None
    )
