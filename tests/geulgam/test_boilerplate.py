"""`corpus.clean.boilerplate`: what a site's pages share goes, is told as any step is, and comes back."""

import json
from pathlib import Path

import pytest

from corpus.store import Corpus
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from tests.corpus.made_up import prose
from tests.geulgam.conftest import Command

FOOT = "이 글의 저작권은 글쓴이에게 있습니다."


def add(geulgam: Command, folder: Path, seeds: range, foot: str = FOOT) -> None:
    file = folder / f"pages-{seeds.start}.jsonl"
    rows = ({"text": f"{prose(seed, 300)}.\n{foot}", "url": f"https://essays.example.org/{seed}"} for seed in seeds)
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0


def reasons(workspace: Workspace) -> list[str]:
    node = CorpusNode(workspace, workspace.settings())
    return node.reasons(node.found())


def with_foot(workspace: Workspace) -> int:
    return sum("있습니다" in document.text for document in Corpus(workspace.corpus))


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path) -> Workspace:
    """The workspace with four pages that share a line."""
    add(geulgam, tmp_path, range(4))
    return workspace


def test_it_is_off_unless_switched_on_and_nothing_is_counted(
    filled: Workspace, geulgam: Command, tmp_path: Path
) -> None:
    add(geulgam, tmp_path, range(4, 8))
    assert with_foot(filled) == 8 and not filled.boilerplate.exists()


def test_what_is_added_can_make_boilerplate_of_what_was_there(
    filled: Workspace, geulgam: Command, tmp_path: Path
) -> None:
    said = geulgam("corpus", "clean", "--with", "boilerplate")
    assert said.code == 0 and with_foot(filled) == 4 and not reasons(filled)
    add(geulgam, tmp_path, range(4, 8))
    assert with_foot(filled) == 0 and not reasons(filled)
    add(geulgam, tmp_path, range(8, 9), "여기는 다른 말이 적혀 있습니다.")
    assert with_foot(filled) == 1 and not reasons(filled)


def test_it_is_told_shown_and_undone_as_any_step(filled: Workspace, geulgam: Command, tmp_path: Path) -> None:
    add(geulgam, tmp_path, range(4, 8))
    said = geulgam("corpus", "clean", "--dry-run", "--with", "boilerplate")
    assert "8 would be changed" in said.out and with_foot(filled) == 8
    told = geulgam("corpus", "clean", "--with", "boilerplate", "--json").json
    assert told["tally"]["steps"]["boilerplate"]["documents"] == 8 and with_foot(filled) == 0
    id_ = next(iter(Corpus(filled.corpus))).id
    assert "⟨boilerplate⟩" in geulgam("corpus", "diff", id_).out
    said = geulgam("corpus", "undo")
    assert "off: boilerplate" in said.out and with_foot(filled) == 8 and not reasons(filled)


def test_switched_by_hand_it_makes_the_corpus_stale(filled: Workspace) -> None:
    file = filled.settings_file
    file.write_text(file.read_text("utf-8").replace("# boilerplate = false", "boilerplate = true"), encoding="utf-8")
    assert reasons(filled) == ["cleaning changed: +boilerplate"]
