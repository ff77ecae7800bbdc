"""The report is one page that needs no network and shows, in a real browser, what the review found."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from generate.review.report import html
from generate.review.review import review
from generate.review.reviewed import Chapter, Review
from tests.browser import look_at
from tests.generate.test_review import COPIED, TRAIN, Letters, essays

LOOP = "강가에 사람들이 모였다. " * 30


class Page(HTMLParser):
    """Tags, their attributes, and the text within marks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marked: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "mark":
            self.open.append(dict(attrs).get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "mark":
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for classes in self.open:
            for kind in classes.split():
                self.marked[kind] = self.marked.get(kind, "") + data


@pytest.fixture(scope="module")
def found() -> Review:
    parts = essays(2)
    text = f"{parts[0].text} {COPIED}. 여기서 끝냅니다. 어재 일이다."
    chapters = [
        Chapter(text, "강 <1> & 물", ("등대",)),
        Chapter(parts[1].text, "바다"),
    ]
    return review(
        chapters, [*TRAIN, *essays(4, "{0}년 {1}월은 춥고 길었다고 한다.")], essays(12)[2:], ["마을"],
        encoder=Letters(), title="강 <글>",
    )  # fmt: skip


def test_the_page_is_whole_and_needs_nothing_else(found: Review) -> None:
    page = html(found)
    tags = Page(page).tags
    assert not [tag for tag, _ in tags if tag in ("script", "link", "img", "iframe")]
    assert not [value for _, attributes in tags for name, value in attributes.items() if name in ("src", "href")]
    assert not re.search(r"https?:|url\(|@import", page)
    assert "prefers-color-scheme:dark" in page and 'name="viewport"' in page


def test_what_is_marked_in_the_text_is_marked_on_the_page(found: Review) -> None:
    page = html(found)
    marked = Page(page).marked
    assert COPIED in marked["copied"] and "여기서 끝냅니다." in marked["ending"] and "어재" in marked["spelling"]
    text = re.sub(r"<[^>]+>", "", page)
    for line in found.text.split("\n"):
        assert line in text.replace("&#34;", '"').replace("&#39;", "'")  # no character is lost between marks


def test_titles_are_shown_as_they_are_and_never_as_tags(found: Review) -> None:
    page = html(found)
    assert "강 &lt;글&gt;" in page and "강 &lt;1&gt; &amp; 물" in page and "<글>" not in page


def test_each_figure_is_a_mark_on_the_human_range(found: Review) -> None:
    page = html(found)
    tags = Page(page).tags
    dots = [attributes for tag, attributes in tags if tag == "i" and (attributes.get("class") or "").startswith("dot")]
    figures = [f for part in (found.figures, *(c.figures for c in found.chapters)) for f in part.values()]
    measured = [f for f in figures if f.essay is not None and f.band]
    assert len(dots) == len(measured)
    outside = [figure for figure in measured if figure.outside]
    assert outside and len([d for d in dots if "out" in (d["class"] or "")]) == len(outside)
    places = [float(re.findall(r"left:([\d.]+)%", d["style"] or "")[0]) for d in dots]
    assert all(0 < place < 100 for place in places)
    advice = [unescape(said) for said in re.findall('<p class="advice">(.*?)</p>', page)]
    to_mend = [figure.advice for figure in figures if figure.outside]
    assert all(to_mend) and sorted(advice) == sorted([*to_mend, 'Not named: <span lang="ko">등대</span>'])
    first = page[page.index('id="advice"') :].partition("</ul>")[0]
    assert found.advice() and all(f"<b>{label}.</b> {said}</li>" in unescape(first) for label, said in found.advice())


def test_few_human_essays_and_people_who_are_not_measured_are_told(found: Review) -> None:
    few = html(review(LOOP, [], essays(3), []))
    assert "too few human essays" in few and "No figure asks" not in few
    fine = html(review(essays(1)[0].text, [], essays(12)[1:], []))
    assert "No figure asks to be mended" in fine and "people: not measured" in fine
    assert "What to mend first" in html(found) and "too few human essays" not in html(found)


def test_a_review_of_little_has_a_page_too() -> None:
    page = html(review("짧다.", [], [], []))
    assert "no human essay to compare with" in page and "짧다." in page
    assert "no human essay" in html(review("", [], [], []))


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window_of_a_browser(found: Review, tmp_path: Path, width: int) -> None:
    measuring = "<script>onload=()=>{const d=document.documentElement;document.title=[d.scrollWidth,innerWidth,"
    measuring += "getComputedStyle(document.querySelector('mark.copied')).backgroundColor,"
    measuring += "document.querySelector('section.part').clientWidth].join('|')}</script>"
    file = tmp_path / "report.html"
    file.write_text(f'<iframe id="w" style="width:{width}px;height:900px;border:0"></iframe>', encoding="utf-8")
    inner = tmp_path / "inner.html"
    inner.write_text(html(found) + measuring, encoding="utf-8")
    file.write_text(
        f'<iframe style="width:{width}px;height:900px;border:0" src="inner.html" '
        'onload="setTimeout(()=>{document.body.dataset.seen=this.contentDocument.title},50)"></iframe>',
        encoding="utf-8",
    )
    looked = look_at(file, tmp_path, "--allow-file-access-from-files", budget=5000)
    told = re.search(r'data-seen="([^"]+)"', looked.document)
    assert told, looked.errors
    content, window, colour, section = told[1].split("|")
    assert int(window) == width and int(content) <= width
    assert colour != "rgba(0, 0, 0, 0)" and 0 < int(section) <= width
