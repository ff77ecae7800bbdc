"""topic map, as a user types it, and its page, as a real browser shows it."""

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from geulgam.map_page.page import shortened
from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.stages.corpus import add_documents
from geulgam.stages.index import build_index
from geulgam.stages.map import map_topics
from geulgam.stages.topic import preview, put_topic
from geulgam.workspace import Workspace
from tests.browser import look_at
from tests.geulgam.conftest import Command

# What a person does, by events on the canvas; what the page then says is kept where --dump-dom shows it.
DRIVEN = """
<script>
addEventListener("securitypolicyviolation", event => { document.body.dataset.refused = event.blockedURI; });
addEventListener("load", () => setTimeout(async () => {
  const page = JSON.parse(document.getElementById("data").textContent), told = {};
  const canvas = document.getElementById("map"), box = canvas.getBoundingClientRect();
  const text = id => document.getElementById(id).textContent, value = id => document.getElementById(id).value;
  const point = (kind, [x, y], type = "mouse") => canvas.dispatchEvent(new PointerEvent(kind, {
    clientX: box.left + x, clientY: box.top + y, pointerId: 1, pointerType: type, bubbles: true}));
  const shown = () => document.getElementById("passage").hidden ? "" : document.querySelector("#passage p").textContent;
  told.size = [document.documentElement.scrollWidth, innerWidth, box.width, box.height];
  const spot = topicMap.placeOf(7);
  told.before = shown();
  point("pointermove", spot);
  told.hover = shown();
  told.title = document.querySelector("#passage b").textContent;
  const card = document.getElementById("passage").getBoundingClientRect();
  told.card = [card.left, card.right, card.width];
  point("pointerleave", spot);
  told.left = shown();
  point("pointerdown", spot, "touch"); point("pointerup", spot, "touch");
  told.tap = shown();
  told.tapped = text("command");
  const own = page.theme.map((theme, i) => theme === 0 ? i : -1).filter(i => i >= 0).map(i => topicMap.placeOf(i));
  const [left, right] = [Math.min, Math.max].map(f => f(...own.map(p => p[0])) );
  const [top, bottom] = [Math.min, Math.max].map(f => f(...own.map(p => p[1])) );
  const corners = [[left - 2, top - 2], [right + 2, top - 2], [right + 2, bottom + 2], [left - 2, bottom + 2]];
  point("pointerdown", corners[0]);
  corners.slice(1).forEach(corner => point("pointermove", corner));
  point("pointerup", corners[3]);
  const places = page.x.map((_, i) => topicMap.placeOf(i));
  told.rows = places.map((p, i) => p[0] > left - 2 && p[0] < right + 2 && p[1] > top - 2 && p[1] < bottom + 2 ? i : -1)
    .filter(i => i >= 0);
  told.inside = places.filter(p => p[0] > left - 2 && p[0] < right + 2 && p[1] > top - 2 && p[1] < bottom + 2).length;
  told.picked = text("picked"); told.lasso = text("command"); told.query = value("query"); told.name = value("name");
  const button = document.querySelectorAll("button.theme")[1];
  button.focus(); button.click();
  told.theme = text("command"); told.pressed = button.getAttribute("aria-pressed");
  told.examples = document.querySelectorAll("#shown li").length;
  button.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}));
  told.focus = document.activeElement.dataset.theme;
  document.getElementById("name").value = 'a "b" $c';
  document.getElementById("name").dispatchEvent(new Event("input"));
  told.quoted = text("command");
  told.fetched = performance.getEntriesByType("resource").map(entry => entry.name);
  parent.postMessage(JSON.stringify(told), "*");
}, 100));
</script>
"""


@pytest.fixture(scope="module")
def _drawn(essays: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Workspace.create(tmp_path_factory.mktemp("drawn") / "w", template(values={"retrieval.analyzer": "bigram"}))
    add_documents(made, made.settings(), essays)
    build_index(made, made.settings())
    map_topics(made, made.settings(), themes=5, way="pca")
    return made.folder


@pytest.fixture
def drawn(_drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with 42 essays, an index and a map of five themes, which is the current folder."""
    shutil.copytree(_drawn, tmp_path / "drawn")
    monkeypatch.chdir(tmp_path / "drawn")
    return Workspace(tmp_path / "drawn")


@pytest.fixture
def page(drawn: Workspace) -> str:
    return drawn.map.read_text(encoding="utf-8")


def embedded(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_holds_all_passages_and_needs_nothing_else(page: str) -> None:
    data = embedded(page)
    assert len(data["titles"]) == 42 and len(data["themes"]) == 5
    assert len(data["text"]) == len(data["x"]) == len(data["y"]) == len(data["theme"]) == len(data["holds"]) > 84
    assert "default-src 'none'" in page and not re.search(r"https?:|url\(|@import|<link|src=", page)
    for theme in data["themes"]:
        assert f"<b>{theme['title']}</b>" in unescape(page)
    assert all(0 <= place <= 10_000 for place in (*data["x"], *data["y"]))
    assert max(map(len, data["text"])) > 250 and not any(text.endswith("…") for text in data["text"])


def test_of_too_many_passages_the_page_holds_the_beginnings_in_whole_words() -> None:
    assert shortened("하나 둘 셋", 6) == "하나 둘 셋" and shortened("하나 둘 셋", 5) == "하나 둘…"
    assert shortened("가나다라마", 3) == "가나다…"


def test_a_map_is_told_and_each_query_finds_essays(geulgam: Command, drawn: Workspace, page: str) -> None:
    kept = sorted(drawn.vectors.rglob("*.npy"))
    told = geulgam("topic", "map", "--themes", "5", "--by", "pca", "--json").json
    assert told["way"] == "pca" and told["essays"] == told["of"] == 42
    assert sum(theme["passages"] for theme in told["themes"]) == told["passages"] == len(embedded(page)["text"])
    assert drawn.map.read_text(encoding="utf-8") == page  # the same again, and nothing encoded for it
    assert kept and sorted(drawn.vectors.rglob("*.npy")) == kept
    for theme in told["themes"][:2]:
        assert geulgam("topic", "add", theme["name"], "--query", theme["query"]).code == 0
        assert preview(drawn, drawn.settings(), theme["name"]).documents > 5


def test_the_themes_are_shown_and_what_to_do_next(geulgam: Command, drawn: Workspace) -> None:
    said = geulgam("topic", "map", "--themes", "3", "--by", "pca")
    assert said.code == 0 and said.out.endswith("topics.html\n") and "in a browser" in said.err
    data = embedded(drawn.map.read_text(encoding="utf-8"))
    assert len(data["themes"]) == 3 and all(str(theme["passages"]) in said.out for theme in data["themes"])


def test_what_cannot_be_drawn_is_told(geulgam: Command, workspace: Workspace, tmp_path: Path) -> None:
    none = geulgam("topic", "map")
    assert none.code == 1 and "the corpus is empty" in none.err and "geulgam corpus add" in none.err
    (tmp_path / "one.txt").write_text("비가 왔다. 우산을 폈다.", encoding="utf-8")
    geulgam("corpus", "add", tmp_path / "one.txt")
    few = geulgam("topic", "map")
    assert few.code == 1 and "too few passages" in few.err and not workspace.map.exists()
    assert geulgam("topic", "map", "--by", "tsne").code == 1


REST = (
    "아침에 창문을 열었다. 골목에서 자전거가 지나갔다. 우체부는 편지를 두 통 놓고 갔다. 동생이 마당에서 공을 찼다. "
    "저녁에는 국을 끓였다. 별이 하나둘 떴다. 나는 오래 앉아 있었다. 문이 바람에 닫혔다."
)


def test_a_title_is_never_read_as_a_tag(geulgam: Command, workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        {
            "title": f"</script><script>alert({n})</script>",
            "text": f"{word}를 보았다. <b>{word}</b>는 {n}번 웃었다. {REST}",
        }
        for n, word in enumerate(["바다", "기차", "김치"] * 8)
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    geulgam("corpus", "add", file)
    assert geulgam("topic", "map").code == 0
    page = workspace.map.read_text(encoding="utf-8")
    assert "<script>alert" not in page and page.count("</script>") == 2
    assert embedded(page)["titles"][0].startswith("</script>")


def driven(page: str, width: int, folder: Path) -> tuple[dict[str, Any], set[str]]:
    """What the page said, and every address that a page asked for; what the browser asks for has no origin."""
    (folder / "inner.html").write_text(page.replace("</body>", DRIVEN + "</body>"), encoding="utf-8")
    outer = folder / "outer.html"
    outer.write_text(
        "<script>onmessage=e=>{document.documentElement.dataset.told=e.data}</script>"
        f'<iframe src="inner.html" style="width:{width}px;height:900px;border:0"></iframe>',
        encoding="utf-8",
    )
    looked = look_at(outer, folder)
    found = re.search(r'data-told="([^"]+)"', looked.document)
    assert found, looked.errors
    return json.loads(unescape(found[1])), looked.asked


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser_a_dot_is_read_and_a_line_makes_a_query(
    page: str, width: int, drawn: Workspace, tmp_path: Path
) -> None:
    data = embedded(page)
    told, asked = driven(page, width, tmp_path)
    content, window, map_width, map_height = told["size"]
    assert window == width and content <= width and 250 < map_width < width and map_height > 250
    assert told["before"] == told["left"] == "" and told["hover"] in data["text"]
    at = data["text"].index(told["hover"])
    assert told["title"] == data["titles"][data["essay"][at]] and abs(data["x"][at] - data["x"][7]) < 500
    assert told["card"][0] >= 0 and told["card"][1] <= width and told["card"][2] > 100
    assert told["tap"] in data["text"]
    tapped = data["themes"][data["theme"][data["text"].index(told["tap"])]]
    assert told["tapped"] == f'geulgam topic add {tapped["name"]} --query "{tapped["query"]}"'
    assert told["picked"].startswith(f"{told['inside']:,} passages of ") and told["inside"] > 15
    assert told["lasso"] == f'geulgam topic add {told["name"]} --query "{told["query"]}"'
    assert 0 < len(told["query"].split()) <= 6 and told["query"].split()[0].endswith("^2")
    first = data["words"].index(told["query"].split("^")[0])
    inside = [first in data["holds"][row] for row in told["rows"]]
    everywhere = [first in held for held in data["holds"]]
    assert sum(inside) / len(inside) > max(0.05, sum(everywhere) / len(everywhere))
    second = data["themes"][1]
    assert told["theme"] == f'geulgam topic add {second["name"]} --query "{second["query"]}"'
    assert told["pressed"] == "true" and told["examples"] == 5 and told["focus"] == "2"
    assert told["quoted"].startswith(r'geulgam topic add "a \"b\" \$c" --query "')
    put_topic(drawn, drawn.settings(), TopicSettings(name="lasso", query=told["query"]))
    assert preview(drawn, drawn.settings(), "lasso").documents > 5
    assert told["fetched"] == [] and asked == set()


@pytest.mark.slow
def test_a_page_that_asked_for_something_would_be_seen_and_this_one_may_not(page: str, tmp_path: Path) -> None:
    with_picture = page.replace("<main>", '<img src="http://127.0.0.1:9/seen.png"><main>')
    for name, text, seen in (
        ("as it is", with_picture, set()),
        ("allowed", re.sub("<meta http-equiv[^>]*>", "", with_picture), {"http://127.0.0.1:9/seen.png"}),
    ):
        (tmp_path / name).mkdir()
        told, asked = driven(text, 800, tmp_path / name)
        assert asked == seen and told["hover"], name
