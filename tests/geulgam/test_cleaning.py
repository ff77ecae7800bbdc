"""`corpus clean`, `diff` and `undo`: what is done to the texts is told, seen, switched and taken back."""

import json
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.graph import look
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

TEXTS = ["<p>봄이 왔다.</p>", "“여름이” 왔다. #바다 #산\n\n끝이다.", "가을이 왔다.", "내 전화는 010-1234-5678이다."]
CLEAN = ["봄이 왔다.", '"여름이" 왔다.\n\n끝이다.', "가을이 왔다.", "내 전화는 [전화번호]이다."]


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path) -> Workspace:
    """The workspace with these texts in it."""
    file = tmp_path / "essays.jsonl"
    lines = (json.dumps({"text": text, "title": f"글 {n}"}, ensure_ascii=False) for n, text in enumerate(TEXTS))
    file.write_text("\n".join(lines), encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0
    return workspace


def texts(workspace: Workspace) -> list[str]:
    return [document.text for document in Corpus(workspace.corpus)]


def is_fresh(workspace: Workspace) -> bool:
    return all(state.is_fresh for state in look([CorpusNode(workspace, workspace.settings())]))


def test_what_is_added_is_cleaned_and_clean_tells_what_each_step_did(filled: Workspace, geulgam: Command) -> None:
    assert texts(filled) == CLEAN
    said = geulgam("corpus", "clean")
    assert said.code == 0 and "3 of 4 documents are not as they were imported" in said.out
    assert "4 documents: 0 changed, 0 gone" in said.out
    told = geulgam("corpus", "clean", "--json").json
    assert told["tally"]["steps"]["html"] == {"documents": 1, "removed": 5, "added": 0, "replaced": 0}
    assert told["tally"]["steps"]["quotes"]["replaced"] == 2
    assert told["tally"]["steps"]["telephone"]["documents"] == 1


def test_a_dry_run_tells_and_changes_nothing(filled: Workspace, geulgam: Command) -> None:
    before = filled.settings_file.read_bytes(), Corpus(filled.corpus).fingerprint(), filled.cleaning.read_bytes()
    said = geulgam("corpus", "clean", "--dry-run", "--without", "html", "--without", "quotes")
    assert "4 documents: 2 would be changed, 0 would be gone" in said.out and "html" not in said.out
    assert (
        filled.settings_file.read_bytes(),
        Corpus(filled.corpus).fingerprint(),
        filled.cleaning.read_bytes(),
    ) == before
    assert {path.name for path in (filled.folder / ".geulgam").iterdir()} <= {"cleaning.json", "locks"}


def test_a_step_that_is_switched_is_kept_in_the_settings_and_undone_at_once(
    filled: Workspace, geulgam: Command
) -> None:
    said = geulgam("corpus", "clean", "--without", "html", "--with", "brackets", "--hanja", "read")
    assert "corpus.clean.html is now false" in said.err and "corpus.clean.brackets is now true" in said.err
    assert texts(filled) == [TEXTS[0], *CLEAN[1:]]
    clean = filled.settings().corpus.clean
    assert (clean.html, clean.brackets, clean.hanja) == (False, True, "read") and is_fresh(filled)

    said = geulgam("corpus", "undo")
    assert "steps on again: html; off: hanja read, brackets" in said.out and texts(filled) == CLEAN
    assert filled.settings().corpus.clean.html and is_fresh(filled)
    geulgam("corpus", "undo")
    assert texts(filled)[0] == TEXTS[0] and filled.settings().corpus.clean == clean and is_fresh(filled)


def test_undoing_the_first_cleaning_gives_the_texts_as_they_came(filled: Workspace, geulgam: Command) -> None:
    assert geulgam("corpus", "undo").code == 0
    assert texts(filled) == TEXTS and is_fresh(filled)
    geulgam("corpus", "undo")
    assert texts(filled) == CLEAN


def test_a_setting_changed_by_hand_makes_the_corpus_stale_and_says_which_step(filled: Workspace) -> None:
    file = filled.settings_file
    file.write_text(file.read_text("utf-8").replace("# html = true", "html = false"), encoding="utf-8")
    node = CorpusNode(filled, filled.settings())
    assert node.reasons(node.found()) == ["cleaning changed: -html"]


def test_diff_shows_one_document_with_what_went_and_came_and_by_which_step(filled: Workspace, geulgam: Command) -> None:
    ids = {document.text: document.id for document in Corpus(filled.corpus)}
    said = geulgam("corpus", "diff", ids[CLEAN[1]][:8])
    assert '[-“-]{+"+}⟨quotes⟩여름이' in said.out and "⟨hashtags⟩" in said.out and "22 → 15 characters" in said.out
    told = geulgam("corpus", "diff", ids[CLEAN[3]], "--json").json
    assert (told["before"], told["after"]) == (TEXTS[3], CLEAN[3])
    assert {mark["step"] for mark in told["marks"]} == {"", "telephone"}
    assert "no step changes it" in geulgam("corpus", "diff", ids[CLEAN[2]]).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "zzzz"), "no document's id begins with zzzz"),
        (("diff", ""), "no document's id begins with"),
        (("clean", "--with", "htlm"), "no cleaning step is called htlm"),
        (("clean", "--hanja", "eat"), 'corpus.clean.hanja is "eat"'),
    ],
)
def test_what_cannot_be_done_is_one_line(
    filled: Workspace, geulgam: Command, words: tuple[str, ...], said: str
) -> None:
    answer = geulgam("corpus", *words)
    assert answer.code == 1 and said in answer.err and texts(filled) == CLEAN


@pytest.mark.parametrize("words", [("clean",), ("clean", "--dry-run"), ("diff", "a"), ("undo",)])
def test_an_empty_workspace_says_how_to_import(workspace: Workspace, geulgam: Command, words: tuple[str, ...]) -> None:
    answer = geulgam("corpus", *words)
    assert answer.code == 1 and "geulgam corpus" in answer.err


def test_switches_of_a_file_without_the_table_are_put_into_one_of_their_own(workspace: Workspace) -> None:
    workspace.settings_file.write_text('[corpus]\ntext_column = "본문"\n\n[retrieval]\nk = 3\n', encoding="utf-8")
    from geulgam.settings_file import put_setting

    assert put_setting(workspace.settings_file, "corpus.clean.html", False)
    settings = workspace.settings()
    assert not settings.corpus.clean.html and settings.corpus.text_column == "본문" and settings.retrieval.k == 3


def test_a_switch_can_come_from_the_environment_and_needs_true_or_false(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEULGAM_CORPUS__CLEAN__HTML", "false")
    assert not workspace.settings().corpus.clean.html
    monkeypatch.setenv("GEULGAM_CORPUS__CLEAN__HTML", "perhaps")
    with pytest.raises(GeulgamError, match=r"corpus\.clean\.html is \"perhaps\", but needs true or false"):
        workspace.settings()
