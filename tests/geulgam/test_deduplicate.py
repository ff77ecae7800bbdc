"""`[corpus.deduplicate]`: near-duplicates go and come back by a line of the settings, and every command tells of it."""

import json
import re
import time
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.graph import look
from geulgam.settings_file import put_setting
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from tests.corpus.made_up import prose
from tests.geulgam.conftest import Command, started

TEXTS = [prose(1), prose(2), prose(1) + prose(3, 60), "<p></p>"]


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path) -> Workspace:
    """The workspace with two texts, an edition of the first and a row of which nothing is left."""
    add(geulgam, tmp_path, TEXTS)
    return workspace


def add(geulgam: Command, folder: Path, texts: list[str], name: str = "essays.jsonl") -> str:
    file = folder / name
    file.write_text("\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts), encoding="utf-8")
    said = geulgam("corpus", "add", file)
    assert said.code == 0
    return said.out + said.err


def keep(workspace: Workspace, rule: str) -> None:
    put_setting(workspace.settings_file, "corpus.deduplicate.keep", rule)


def texts(workspace: Workspace) -> list[str]:
    return [document.text for document in Corpus(workspace.corpus)]


def node(workspace: Workspace) -> CorpusNode:
    return CorpusNode(workspace, workspace.settings())


def test_by_default_all_stay_and_nothing_is_kept_beside(filled: Workspace) -> None:
    assert texts(filled) == TEXTS[:3] and not filled.cleaned.exists()
    assert {path.name for path in filled.corpus.iterdir() if path.suffix != ".parquet"} == {
        "commit.json",
        "rejected.jsonl",
        "took.json",
    }


def test_a_rule_makes_the_corpus_stale_says_why_and_drops_and_lists_the_copies(
    filled: Workspace, geulgam: Command
) -> None:
    keep(filled, "longest")
    assert node(filled).reasons(node(filled).found()) == ["cleaning changed: +deduplicate longest"]
    said = geulgam("corpus", "clean")
    assert said.code == 0 and texts(filled) == TEXTS[1:3]
    assert "2 documents: 0 changed, 1 gone" in said.out and "not taken: 1 × near-duplicate" in said.err
    rejected = [json.loads(line) for line in (filled.corpus / "rejected.jsonl").read_text("utf-8").splitlines()]
    assert [(row["line"], row["reason"].partition(":")[0]) for row in rejected] == [
        (4, "empty text"),
        (1, "near-duplicate"),
    ]
    shown = geulgam("corpus", "diff", rejected[1]["id"])
    assert shown.code == 0 and shown.out
    assert len((filled.corpus / "duplicates.jsonl").read_text("utf-8").splitlines()) == 1
    assert all(state.is_fresh for state in look([node(filled)]))


def test_a_dry_run_tells_and_changes_nothing_and_a_second_clean_tells_the_same(
    filled: Workspace, geulgam: Command
) -> None:
    keep(filled, "longest")
    before = Corpus(filled.corpus).fingerprint()
    said = geulgam("corpus", "clean", "--dry-run")
    assert "2 documents: 0 would be changed, 1 would be gone" in said.out
    assert "not taken: 1 × near-duplicate" in said.err
    assert Corpus(filled.corpus).fingerprint() == before and not filled.cleaned.exists()
    for words in ((), (), ("--without", "html"), ("--with", "html")):
        said = geulgam("corpus", "clean", *words)
        assert "not taken: 1 × near-duplicate" in said.err


def test_another_rule_and_none_bring_back_what_was_dropped(filled: Workspace, geulgam: Command) -> None:
    whole = Corpus(filled.corpus).fingerprint()
    keep(filled, "longest")
    geulgam("corpus", "clean")
    keep(filled, "earliest")
    assert node(filled).reasons(node(filled).found()) == [
        "cleaning changed: +deduplicate earliest -deduplicate longest"
    ]
    geulgam("corpus", "clean")
    assert texts(filled) == TEXTS[:2]
    keep(filled, "all")
    assert node(filled).reasons(node(filled).found()) == ["cleaning changed: -deduplicate earliest"]
    geulgam("corpus", "clean")
    assert Corpus(filled.corpus).fingerprint() == whole and texts(filled) == TEXTS[:3]
    assert not filled.cleaned.exists() and not (filled.corpus / "duplicates.jsonl").exists()
    assert not node(filled).reasons(node(filled).found())


def test_what_is_added_tells_what_came_and_what_went_for_it(
    filled: Workspace, geulgam: Command, tmp_path: Path
) -> None:
    keep(filled, "longest")
    geulgam("corpus", "clean")
    said = add(geulgam, tmp_path, [prose(7)], "more.jsonl")
    assert "near-duplicate" not in said and len(texts(filled)) == 3
    said = add(geulgam, tmp_path, [prose(7, 400), prose(8)], "still.jsonl")
    assert "not taken: 1 × near-duplicate" in said and len(texts(filled)) == 4
    assert not node(filled).reasons(node(filled).found())


def test_undo_brings_the_dropped_back_and_a_second_time_drops_them(filled: Workspace, geulgam: Command) -> None:
    keep(filled, "longest")
    geulgam("corpus", "clean")
    said = geulgam("corpus", "undo")
    assert said.code == 0 and "off: deduplicate longest" in said.out and texts(filled) == TEXTS[:3]
    assert not node(filled).reasons(node(filled).found())
    geulgam("corpus", "undo")
    assert texts(filled) == TEXTS[1:3] and filled.settings().corpus.deduplicate.keep == "longest"
    assert not node(filled).reasons(node(filled).found())


def test_the_report_tells_of_what_was_dropped(filled: Workspace, geulgam: Command) -> None:
    keep(filled, "longest")
    geulgam("corpus", "clean")
    said = geulgam("corpus", "report", "--json")
    assert said.code == 0 and "near-duplicate" in said.out
    page = filled.corpus_report.read_text(encoding="utf-8")
    assert "near-duplicate" in page


def test_a_rule_can_come_from_the_environment_and_a_wrong_one_is_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEULGAM_CORPUS__DEDUPLICATE__KEEP", "earliest")
    assert workspace.settings().corpus.deduplicate.keep == "earliest"
    monkeypatch.setenv("GEULGAM_CORPUS__DEDUPLICATE__KEEP", "newest")
    with pytest.raises(GeulgamError, match=r'corpus\.deduplicate\.keep is "newest", but needs one of "all", "longest"'):
        workspace.settings()


@pytest.mark.slow
def test_killed_at_some_moments_the_old_corpus_stands_or_the_new_one(
    workspace: Workspace, geulgam: Command, tmp_path: Path
) -> None:
    add(geulgam, tmp_path, [prose(seed % 300) + prose(seed, 30) for seed in range(600)])
    before = Corpus(workspace.corpus).fingerprint()
    keep(workspace, "longest")
    geulgam("corpus", "clean")
    after = Corpus(workspace.corpus).fingerprint()
    lists = {name: (workspace.corpus / name).read_bytes() for name in ("rejected.jsonl", "duplicates.jsonl")}
    left = set()
    for task in ("deriving", "comparing", "comparing closely", "writing"):
        keep(workspace, "all")
        geulgam("corpus", "clean")
        assert Corpus(workspace.corpus).fingerprint() == before
        keep(workspace, "longest")
        clean_until(task, workspace, tmp_path / f"{task}.jsonl")
        left.add(Corpus(workspace.corpus).fingerprint())
        assert left <= {before, after}
        assert len(list(Corpus(workspace.corpus))) in (600, 300)
        geulgam("corpus", "clean")
        assert Corpus(workspace.corpus).fingerprint() == after
        assert {name: (workspace.corpus / name).read_bytes() for name in lists} == lists
    assert before in left, "none was killed before its end"


def clean_until(task: str, workspace: Workspace, record: Path) -> None:
    """Killed as soon as the task has begun."""
    begun = f'"begun", "time": [0-9.]+, "task": "{task}"'
    with started("corpus", "clean", cwd=workspace.folder, GEULGAM_EVENTS=str(record)) as process:
        while not (record.exists() and re.search(begun, record.read_text(encoding="utf-8"))):
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        process.kill()
