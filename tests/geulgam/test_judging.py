"""What is no essay is refused by `[corpus.judge]`: told, listed, switched off and back again."""

import json
from pathlib import Path

import pytest

from bench.planted_junk import planted
from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.settings import Settings
from geulgam.settings_reading import known_keys
from geulgam.stages.cleaning_history import shaping
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

ESSAY = "봄이 왔다. 마당의 나무가 꽃을 피웠고 나는 오래 그것을 보았다."


@pytest.fixture
def filled(workspace: Workspace, geulgam: Command, tmp_path: Path) -> Workspace:
    """The workspace with one essay, two menus and a text in English."""
    file = tmp_path / "rows.jsonl"
    texts = [ESSAY, *planted("menus", 2), *planted("english", 1)]
    file.write_text("\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in texts), encoding="utf-8")
    assert geulgam("corpus", "add", file).code == 0
    return workspace


def change(workspace: Workspace, before: str, after: str) -> None:
    file = workspace.settings_file
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_what_is_refused_is_listed_with_its_line_and_reason(filled: Workspace) -> None:
    corpus = Corpus(filled.corpus)
    assert [document.text for document in corpus] == [ESSAY]
    rejected = [json.loads(line) for line in corpus.rejected_path.read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in rejected] == [2, 3, 4]
    assert [row["reason"].partition(":")[0] for row in rejected] == ["menu", "menu", "other language"]


def test_clean_tells_the_refusals_by_reason_however_often_and_in_a_dry_run(filled: Workspace, geulgam: Command) -> None:
    for words in (("clean",), ("clean",), ("clean", "--dry-run")):
        said = geulgam("corpus", *words)
        assert said.code == 0 and "1 documents: 0" in said.out
        assert "not taken: 2 × menu" in said.err and "not taken: 1 × other language" in said.err
        assert "of 4 documents are not as they were imported" in said.out


def test_a_dry_run_tells_what_another_setting_would_refuse_and_changes_nothing(
    filled: Workspace, geulgam: Command
) -> None:
    change(filled, "# short = 0", "short = 1000")
    said = geulgam("corpus", "clean", "--dry-run")
    assert "1 would be gone" in said.out and "4 × too short" in said.err
    assert len(Corpus(filled.corpus)) == 1


def test_a_rule_switched_off_brings_its_documents_back(filled: Workspace, geulgam: Command) -> None:
    change(filled, "# hangul = 0.5", "hangul = 0")
    node = CorpusNode(filled, filled.settings())
    assert node.reasons(node.found()) == ["cleaning changed: -judge.hangul 0.5"]
    said = geulgam("corpus", "clean")
    assert said.code == 0 and len(Corpus(filled.corpus)) == 2
    assert not CorpusNode(filled, filled.settings()).reasons(CorpusNode(filled, filled.settings()).found())


def test_undoing_takes_back_rules_with_steps_and_a_second_time_comes_back(filled: Workspace, geulgam: Command) -> None:
    change(filled, "# hangul = 0.5", "hangul = 0")
    change(filled, "# menus = true", "menus = false")
    geulgam("corpus", "clean", "--without", "html")
    let_in = len(Corpus(filled.corpus))
    assert let_in > 1
    said = geulgam("corpus", "undo")
    assert "steps on again: html, judge.menus, judge.hangul 0.5; off: none" in said.out and "1 documents" in said.out
    corpus = filled.settings().corpus
    assert len(Corpus(filled.corpus)) == 1 and (corpus.judge.hangul, corpus.judge.menus) == (0.5, True)
    node = CorpusNode(filled, filled.settings())
    assert corpus.clean.html and not node.reasons(node.found())
    assert "off: html, judge.menus, judge.hangul 0.5" in geulgam("corpus", "undo").out
    assert len(Corpus(filled.corpus)) == let_in and filled.settings().corpus.judge.hangul == 0


def test_undoing_the_first_derivation_lets_all_in_as_it_came(filled: Workspace, geulgam: Command) -> None:
    assert geulgam("corpus", "undo").code == 0
    assert len(Corpus(filled.corpus)) == 4 and not filled.settings().corpus.judge.rules()


def test_what_was_noted_of_cleaning_alone_is_understood(filled: Workspace, geulgam: Command) -> None:
    noted = json.loads(filled.cleaning.read_text(encoding="utf-8"))
    before = {**noted["now"]["clean"], "html": False, "gone_by_now": True}
    del before["nfc"]
    filled.cleaning.write_text(json.dumps({"now": noted["now"]["clean"], "before": before}), encoding="utf-8")
    assert geulgam("corpus", "undo").code == 0
    corpus = filled.settings().corpus
    assert (corpus.clean.html, corpus.clean.nfc, corpus.clean.urls, corpus.judge.menus) == (False, False, True, True)


def test_every_table_under_corpus_is_remembered() -> None:
    settings = Settings().corpus
    tables = {name for name in known_keys() if name.count(".") == 2 and name.startswith("corpus.")}
    assert {f"corpus.{table}.{name}" for table, own in shaping(settings).items() for name in own} == tables


def test_a_setting_can_come_from_the_environment_and_a_wrong_one_is_one_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEULGAM_CORPUS__JUDGE__SHORT", "100")
    assert workspace.settings().corpus.judge.short == 100
    monkeypatch.setenv("GEULGAM_CORPUS__JUDGE__HANGUL", "2")
    with pytest.raises(GeulgamError, match=r"HANGUL: corpus\.judge\.hangul is 2"):
        workspace.settings()


def test_the_corpus_is_judged_by_the_base_of_the_settings(
    workspace: Workspace, geulgam: Command, tiny: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in ("비가 왔다.", "눈이 왔다.")))
    settings = workspace.settings_file
    shown = settings.read_text(encoding="utf-8")
    assert "# bits_most = 0.0" in shown and '# base = "gemma-3-270m"' in shown
    shown = shown.replace("# bits_most = 0.0", "bits_most = 0.01")
    settings.write_text(shown.replace('# base = "gemma-3-270m"', f'base = "{tiny}"'), encoding="utf-8")
    said = geulgam("corpus", "add", file)
    assert "2 × too hard" in said.err
    settings.write_text(shown.replace("bits_most = 0.01", "bits_most = 0.0"), encoding="utf-8")
    assert geulgam("corpus", "clean").code == 0
    assert "2 documents" in geulgam("corpus", "stats").out
