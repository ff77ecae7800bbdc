"""`corpus report`: a page of what came in, what changed, what was refused and why, in a real browser too."""

import csv
import json
import re
from html import unescape
from pathlib import Path

import pytest

from bench.essays import shared_documents
from bench.planted_junk import WRITERS, planted
from corpus.store import Corpus
from geulgam.workspace import Workspace
from tests.browser import look_at
from tests.geulgam.conftest import Command

SCRIPT = '<script>alert("글")</script>'
LEFT = "<p>{}</p>\n공유하기\n#수필 #일상\n“정말?” ㅋㅋㅋㅋ!!!! 010-1234-5678\u200b\n"
ROWS = [
    {"text": "봄이 왔다. " + SCRIPT.replace("<", "&lt;"), "title": SCRIPT, "source": "https://example.org/a"},
    {"text": LEFT.format("여름이 왔다."), "title": "여름"},
    {"text": "여름이 왔다.", "title": "짧은 여름"},
    {"text": "여름이 왔다.", "title": "짧은 여름"},
    {SCRIPT: "no text"},
    *({"text": text, "title": kind} for kind in ("menus", "english") for text in planted(kind, 5)),
]


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path) -> Workspace:
    """The workspace with these rows in it."""
    put(tmp_path / f"{'긴이름' * 12}.jsonl", ROWS, geulgam)
    return workspace


def put(file: Path, rows: list[dict[str, str]], geulgam: Command) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file.write_text(lines, encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0


def words(page: str) -> str:
    """What can be read on the page."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", page.partition("<body>")[2])))


def test_the_page_is_written_and_each_of_its_figures_stands_beside_it(filled: Workspace, geulgam: Command) -> None:
    before = Corpus(filled.corpus).fingerprint()
    said = geulgam("corpus", "report")
    assert said.code == 0 and said.out.endswith("corpus/report.html\n") and "in a browser" in said.err
    page = filled.corpus_report.read_text(encoding="utf-8")
    links = re.findall(r'href="(report/[^"]+)"', page)
    tables = sorted(path.name for path in (filled.corpus / "report").iterdir())
    assert sorted(links) == [f"report/{name}" for name in tables] and len(links) == len(set(links)) == 6
    told = geulgam("corpus", "report", "--json").json
    for name in tables:
        with (filled.corpus / "report" / name).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        told_rows = told[name.removesuffix(".csv")]
        assert rows and rows == [{column: str(value) for column, value in row.items()} for row in told_rows]
        assert page.count(f"{name}</a></figcaption>") == 1
    funnel = {row["stage"]: row["documents"] for row in told["funnel"]}
    assert list(funnel.values()) == [15, 14, 13, 13, 3, 3] and funnel["corpus"] == len(Corpus(filled.corpus))
    assert filled.corpus_report.read_text(encoding="utf-8") == page  # the same again
    assert Corpus(filled.corpus).fingerprint() == before and geulgam("corpus", "clean").code == 0


def test_the_page_says_what_changed_and_what_was_refused_and_why(filled: Workspace, geulgam: Command) -> None:
    assert geulgam("corpus", "report").code == 0
    page = filled.corpus_report.read_text(encoding="utf-8")
    assert "<del>“</del><ins>&#34;</ins>정말?" in page and "<ins>[전화번호]</ins>" in page
    assert "<del>‹200B›</del>" in page
    rejected = [json.loads(line) for line in Corpus(filled.corpus).rejected_path.read_text("utf-8").splitlines()]
    shown = {entry["reason"].partition(":")[0] for entry in rejected if entry["reason"] in words(page)}
    assert shown == {entry["reason"].partition(":")[0] for entry in rejected}
    assert "1 rows have a text that came before: 1 in the same file" in words(page)
    assert all(f"<h3>{kind}</h3>" in page for kind in ("menu", "other language", "no text column", "quotes"))


def test_no_text_title_or_name_is_read_as_a_tag(filled: Workspace, geulgam: Command) -> None:
    assert geulgam("corpus", "report").code == 0
    page = filled.corpus_report.read_text(encoding="utf-8")
    assert "<script" not in page and page.count("alert(") >= 2 and SCRIPT in words(page)
    assert "default-src 'none'" in page and not re.search(r"https?:(?!//example)|url\(|@import|<link|src=", page)


def test_what_was_imported_since_is_told(
    filled: Workspace, geulgam: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as context:
        context.setattr("geulgam.stages.corpus.CorpusNode.derive", lambda *_, **__: (_ for _ in ()).throw(OSError()))
        with pytest.raises(OSError):
            put(tmp_path / "more.jsonl", [{"text": "가을이 왔다."}], geulgam)
    said = geulgam("corpus", "report")
    assert "1 rows were imported since" in said.err and "1 rows were imported since" in words(
        filled.corpus_report.read_text(encoding="utf-8")
    )


def test_near_copies_and_the_scores_of_a_learnt_judge_are_shown_where_there_are_any(
    filled: Workspace, geulgam: Command
) -> None:
    corpus = Corpus(filled.corpus)
    one, *others = (document.id for document in corpus)
    group = {"kept": one, "dropped": [{"id": other, "shared": 0.83} for other in others]}
    (corpus.folder / "duplicates.jsonl").write_text(json.dumps(group) + "\n", encoding="utf-8")
    text = corpus.rejected_path.read_text(encoding="utf-8")
    corpus.rejected_path.write_text(re.sub('"menu: [^"]+"', '"learnt: score 0.12"', text), encoding="utf-8")
    told = geulgam("corpus", "report", "--json").json
    assert told["scores"] == [{"score": "0.10 to 0.15", "documents": 5}]
    assert told["near-copies"] == [{"texts in the group": 3, "groups": 1}]
    page = words(filled.corpus_report.read_text(encoding="utf-8"))
    assert "83 % in common" in page and "The learnt judge's scores" in page
    (corpus.folder / "duplicates.jsonl").unlink()
    geulgam("corpus", "report")
    assert not (corpus.folder / "report" / "near-copies.csv").exists()


def test_without_imports_it_says_how_to_import(workspace: Workspace, geulgam: Command) -> None:
    said = geulgam("corpus", "report")
    assert said.code == 1 and "nothing was imported" in said.err and not workspace.corpus_report.exists()


MEASURING = """
<iframe src="{page}" style="width:{width}px;height:900px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => setTimeout(() => {{
  const inner = frame.contentDocument, root = inner.documentElement;
  const reach = element => element.getBoundingClientRect().right;
  const isTooWide = e => reach(e) > {width} + 0.5 || e.clientWidth && e.scrollWidth > e.clientWidth + 1;
  const outside = [...inner.body.querySelectorAll("*")].filter(e => !e.closest(".wide") && isTooWide(e))
    .map(e => e.outerHTML.slice(0, 80));
  const bars = [...inner.querySelectorAll(".bars svg")].map(e => e.getBoundingClientRect().width);
  const over = [...inner.querySelectorAll(".bars li")].filter(li => {{
    const [a, b, c] = [...li.children].map(e => e.getBoundingClientRect());
    return a.right > c.left + 0.5 && a.bottom > c.top && c.bottom > a.top;
  }}).length;
  document.body.dataset.told = JSON.stringify({{
    size: [root.scrollWidth, frame.contentWindow.innerWidth], outside, bars, over,
    colour: frame.contentWindow.getComputedStyle(inner.querySelector("rect:not(.ground)")).fill,
    scripts: inner.scripts.length,
    fetched: frame.contentWindow.performance.getEntriesByType("resource").length,
  }});
}}, 100);
</script>
"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser_nothing_is_too_wide_and_nothing_is_asked_for(
    filled: Workspace, geulgam: Command, tmp_path: Path, width: int
) -> None:
    assert geulgam("corpus", "report").code == 0
    _fits(filled, tmp_path, width)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.usefixtures("shared")
def test_so_it_is_with_real_essays_and_all_kinds_of_junk(
    workspace: Workspace, geulgam: Command, tmp_path: Path, width: int
) -> None:
    essays = [{"text": LEFT.format(one.text), "title": one.title} for one in shared_documents()[:100]]
    junk = [{"text": text, "title": kind} for kind in WRITERS for text in planted(kind, 5)]
    put(tmp_path / "essays.jsonl", [*essays, *junk], geulgam)
    assert geulgam("corpus", "report").code == 0
    _fits(workspace, tmp_path, width)


def _fits(workspace: Workspace, folder: Path, width: int) -> None:
    outer = folder / "outer.html"
    outer.write_text(MEASURING.format(page=workspace.corpus_report.as_uri(), width=width), encoding="utf-8")
    looked = look_at(outer, folder, "--allow-file-access-from-files")
    found = re.search(r'data-told="([^"]+)"', looked.document)
    assert found, looked.errors
    told = json.loads(unescape(found[1]))
    content, window = told["size"]
    assert window == width and content <= width and told["outside"] == [] and told["over"] == 0
    assert all(width / 4 < bar < width for bar in told["bars"]) and told["bars"]
    assert told["colour"] not in ("none", "rgb(0, 0, 0)")
    assert (told["scripts"], told["fetched"], looked.asked, looked.console) == (0, 0, set(), [])
