"""finetune, generate and evaluate on a tiny model, as a user types them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from corpus.store import Corpus
from generate.planning.plan_file import read_plan
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, Said


def test_generate_before_finetune_says_to_finetune_first(geulgam: Command, small: Workspace) -> None:
    for command in ("generate", "evaluate"):
        said = geulgam(command, "함께")
        assert said.code == 1
        assert said.err == "error: 함께 has no adapter yet\nhint: geulgam finetune 함께\n"


def test_finetune_builds_the_index_selects_trains_and_then_rests(geulgam: Command, small: Workspace) -> None:
    said = geulgam("finetune", "함께")
    assert said.code == 0 and "함께: trained on" in said.out and " essays: " in said.err
    assert (small.adapter("함께") / "adapter_config.json").is_file()
    assert (small.adapter("함께") / "README.md").is_file()
    assert geulgam("topic", "list", "--json").json[0]["adapter"] == "fresh"
    again = geulgam("finetune")
    assert again.code == 0 and again.out == "함께: up to date\n"


@pytest.mark.slow
def test_the_base_is_loaded_once_for_all_topics_and_stages(
    geulgam: Command, small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.base import BaseModel

    load, loaded = BaseModel.load, []

    def counted(*given: Any, **named: Any) -> BaseModel:
        loaded.append(given)
        return load(*given, **named)

    monkeypatch.setattr(BaseModel, "load", counted)
    geulgam("topic", "add", "가족", "--query", "가족 식구")
    said = geulgam("run")
    assert said.code == 0 and {f.name for f in (small.folder / "essays").iterdir()} == {"함께-001", "가족-001"}
    assert len(loaded) == 1


def test_an_essay_has_its_text_and_a_report(geulgam: Command, written: Workspace) -> None:
    said = geulgam("generate", "함께", "--chars", "40", "--prompt", "우리는", "--seed", "7")
    assert said.code == 0 and said.out.startswith("우리는")
    folder = written.folder / "essays" / "함께-002"
    text = (folder / "essay.md").read_text(encoding="utf-8")
    assert (
        text == f"# 함께\n\n{said.out}" and len(said.out) > 20
    )  # how long is tested in generate: this model ends no sentence
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["seed"] == 7 and report["prompt"] == "우리는" and report["generate"]["characters"] == 40
    review = report["review"]
    for name in ("rep_2", "rep_3", "rep_4", "diversity", "keyword_recall", "copied_share", "longest_copied"):
        assert {"essay", "held_out"} <= review[name].keys()
    assert review["copied_from_whole_corpus"] and review["copied_spans"] == []
    assert report["best_of"] == 2 and report["critic"]["information"] == 0.7
    assert str(escape(said.out.strip())) in (folder / "report.html").read_text(encoding="utf-8")
    plan = read_plan(folder / "plan.toml")
    assert plan.opening == "우리는" and plan.characters == 40


PLAN = """
title = "함께"
[[sections]]
title = "저녁"
characters = 40
keywords = ["저녁"]
[[sections]]
title = "아침"
characters = 40
keywords = ["아침"]
"""


def test_a_plan_is_followed_and_resized_and_stands_with_the_essay(geulgam: Command, written: Workspace) -> None:
    (written.folder / "mine.toml").write_text(PLAN, encoding="utf-8")
    said = geulgam("generate", "함께", "--plan", "mine.toml", "--chars", "120", "--best-of", "3", "--prompt", "그날")
    assert said.code == 0 and said.out.startswith("그날")
    folder = written.essays_of("함께")[-1]
    plan = read_plan(folder / "plan.toml")
    assert [(s.title, s.characters) for s in plan.sections] == [("저녁", 60), ("아침", 60)] and plan.opening == "그날"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["best_of"] == 3 and report["asked_characters"] == 120
    sections = report["review"]["sections"]
    assert [section["title"] for section in sections] == ["저녁", "아침"]
    assert all(section["characters"] > 10 for section in sections)
    assert geulgam("run", "--dry-run").out == "everything is up to date\n"  # the first essay is what it was


def test_a_topics_plan_is_what_is_written_and_another_plan_makes_the_essay_stale(
    geulgam: Command, written: Workspace
) -> None:
    written.plan("함께").write_text(PLAN, encoding="utf-8")
    (state,) = geulgam("run", "--dry-run", "--json").json
    assert state["stage"] == "essay" and "plan none → " in state["reasons"][0]
    assert "characters 30 → 80" in state["reasons"][0]
    assert geulgam("run").code == 0
    assert len(read_plan(written.essays_of("함께")[-1] / "plan.toml").sections) == 2
    assert geulgam("run", "--dry-run").out == "everything is up to date\n"
    written.plan("함께").write_text(PLAN + "# a comment\n", encoding="utf-8")
    assert geulgam("run", "--dry-run").out == "everything is up to date\n"
    written.plan("함께").write_text(PLAN.replace("저녁", "밤"), encoding="utf-8")
    assert geulgam("run", "--dry-run").out.startswith("essay 함께: settings changed: plan ")


def test_a_file_that_is_no_plan_and_a_plan_with_too_many_sections_are_refused(
    geulgam: Command, written: Workspace
) -> None:
    written.plan("함께").write_text(PLAN.replace("keywords", "keyword"), encoding="utf-8")
    assert geulgam("status").code == 0
    said = geulgam("generate", "함께")
    assert said.code == 1 and "line 6: unknown key keyword" in said.err
    said = geulgam("generate", "함께", "--plan", "none.toml")
    assert said.code == 1 and "there is no none.toml" in said.err
    written.plan("함께").write_text(PLAN, encoding="utf-8")
    said = geulgam("generate", "함께", "--chars", "1")
    assert said.code == 1 and "1 characters for the 2 sections" in said.err
    assert len(written.essays_of("함께")) == 1


@pytest.mark.slow
def test_a_section_may_be_written_by_another_topics_adapter_with_the_same_vocabulary(
    geulgam: Command, written: Workspace
) -> None:
    geulgam("topic", "add", "가족", "--query", "가족 식구")
    written.plan("함께").write_text(PLAN + 'adapter = "가족"\n', encoding="utf-8")
    said = geulgam("generate", "함께")
    assert said.code == 1 and "가족 has no adapter yet" in said.err
    assert geulgam("finetune", "가족").code == 0
    assert "adapter 가족" in {name for state in geulgam("status", "--json").json for name in state["inputs"]}
    assert geulgam("generate", "함께").code == 0
    kept = written.adapter("가족") / "vocabulary.json"
    shorter = json.loads(kept.read_text(encoding="utf-8"))[:-1]
    kept.write_text(json.dumps(shorter), encoding="utf-8")
    said = geulgam("generate", "함께")
    assert said.code == 1 and "different vocabularies" in said.err and "--again" in said.err


@pytest.mark.slow
def test_a_banned_phrase_does_not_appear(geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    free = geulgam("generate", "함께", "--chars", "60", "--seed", "4").out
    letter = next(character for character in free if "가" <= character <= "힣")
    monkeypatch.setenv("GEULGAM_GENERATE__BANNED", letter)
    assert letter not in geulgam("generate", "함께", "--chars", "60", "--seed", "4").out


@pytest.mark.slow
def test_the_same_seed_gives_the_same_essay_and_another_number_another(geulgam: Command, written: Workspace) -> None:
    same = [geulgam("generate", "함께", "--seed", "5").out for _ in range(2)]
    assert same[0] == same[1]
    assert geulgam("generate", "함께").out != geulgam("generate", "함께").out
    assert [f.name for f in written.essays_of("함께")][-1] == "함께-005"


def test_a_prompt_longer_than_the_context_is_refused_and_no_folder_is_left(
    geulgam: Command, written: Workspace
) -> None:
    said = geulgam("generate", "함께", "--chars", "5000", "--prompt", "가나다라 " * 500)
    assert said.code == 1 and "context" in said.err and "shorter prompt" in said.err
    assert len(written.essays_of("함께")) == 1


def test_a_wording_of_an_older_version_is_made_anew(geulgam: Command, written: Workspace) -> None:
    import numpy as np

    file, manifest = written.wording / "wording.npz", written.wording / "manifest.json"
    with np.load(file) as saved:
        np.savez(file, pairs=saved["pairs"], known=saved["known"])
    manifest.write_text(manifest.read_text().replace('"version": 2', '"version": 1'))
    assert geulgam("generate", "함께", "--chars", "40").code == 0


class Interrupted:
    """Commands that Ctrl-C ends in the midst of a piece, once they have kept so many.

    ``kept``: of the last one, for each piece that it kept, how many the essay has by then and the section it is of;
    ``ends``: how long the essay is behind each section.
    """

    def __init__(self, geulgam: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        from generate.context import Context
        from geulgam.stages import essay

        self._command = geulgam
        self.kept: list[tuple[int, int]] = []
        self.ends: dict[int, int] = {}
        self._allowed = self._tokens = 0
        keep, read = essay._keep, Context.read_each

        def keeping(file: Path, draft: Any) -> None:
            keep(file, draft)
            self.kept.append((len(draft.pieces), draft.pieces[-1].section))
            self.ends[draft.pieces[-1].section] = len(draft.text)
            self._tokens = 0

        def reading(context: Any, *tokens: Any) -> Any:
            self._tokens += 1
            if len(self.kept) >= self._allowed and self._tokens > 5:
                raise KeyboardInterrupt
            return read(context, *tokens)

        monkeypatch.setattr(essay, "_keep", keeping)
        monkeypatch.setattr(Context, "read_each", reading)

    def __call__(self, *words: object, pieces: int = 1_000) -> Said:
        self.kept, self.ends, self._tokens, self._allowed = [], {}, 0, pieces
        return self._command(*words)


@pytest.mark.slow
def test_an_interrupted_essay_is_gone_on_with(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("generate", "함께", "--chars", "150", "--seed", "3")
    run = Interrupted(geulgam, monkeypatch)
    whole, pieces = run(*words), run.kept
    assert whole.code == 0 and len(pieces) > 1
    said = run(*words, pieces=1)
    assert said.code == 130 and said.err.endswith("interrupted; the same command continues\n")
    assert run(*words).out == whole.out
    assert run.kept == pieces[1:]  # the first piece was not written twice


@pytest.mark.slow
def test_an_interrupted_essay_is_gone_on_with_though_essays_were_added_since(
    geulgam: Command, written: Workspace, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("generate", "함께", "--chars", "150", "--seed", "3")
    run = Interrupted(geulgam, monkeypatch)
    whole, pieces = run(*words), run.kept
    assert run(*words, pieces=1).code == 130
    (written.folder / "new.txt").write_text("뷁쒫퉳 새로 쓴 글이다. 🍀", encoding="utf-8")  # other tokens than before
    assert geulgam("corpus", "add", "new.txt").code == 0
    again = run(*words)
    assert again.code == 0 and again.out == whole.out  # the adapter keeps the vocabulary that it was trained with
    assert run.kept == pieces[1:]


@pytest.mark.slow
def test_an_essay_interrupted_in_each_of_its_pieces_is_the_same_though_a_section_has_another_adapter(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    geulgam("topic", "add", "가족", "--query", "가족 식구")
    geulgam("finetune", "가족")
    file, words = written.folder / "mine.toml", ("generate", "함께", "--plan", "mine.toml", "--seed", "3")
    longer = PLAN.replace("characters = 40", "characters = 250")
    run = Interrupted(geulgam, monkeypatch)
    file.write_text(longer, encoding="utf-8")
    one_adapter = run(*words).out
    file.write_text(longer + 'adapter = "가족"\n', encoding="utf-8")
    whole, pieces = run(*words), run.kept
    assert [section for _, section in pieces].count(0) > 1 and [section for _, section in pieces].count(1) > 1
    parted = next(i for i, (one, other) in enumerate(zip(whole.out, one_adapter, strict=False)) if one != other)
    assert (
        run.ends[0] <= parted < 400 < len(whole.out)
    )  # in the second section: one that the wrong adapter wrote would be seen

    assert run(*words, pieces=0).code == 130 and not run.kept
    for piece in pieces[:-1]:  # each run writes one and is interrupted in the midst of the next
        assert run(*words, pieces=1).code == 130 and run.kept == [piece]
    assert run(*words).out == whole.out
    assert run.kept == pieces[-1:]


def test_an_adapter_is_measured_and_reviewed_on_its_own_split_though_a_new_training_was_begun(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retrieval.topic import Subset

    trained = Subset.load(written.adapter("함께") / "subset.parquet")
    geulgam("topic", "add", "함께", "--query", "어머니 동생 저녁")

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("finetune.adapt.adapt", interrupted)
    assert geulgam("finetune", "함께").code == 130
    assert Subset.load(written.subset("함께") / "subset.parquet").ids() != trained.ids()  # a new one was selected
    (written.evaluation("함께") / "metrics.json").unlink()
    (measured,) = geulgam("evaluate", "--json").json
    assert measured["essays"] == len(trained.ids("test"))
    asked: list[list[str]] = []
    get = Corpus.get

    def noted(corpus: Corpus, ids: Any) -> Any:
        asked.append(list(ids))
        return get(corpus, ids)

    monkeypatch.setattr(Corpus, "get", noted)
    assert geulgam("generate", "함께").code == 0
    assert asked[-2:] == [trained.ids("train"), [*trained.ids("valid"), *trained.ids("test")]]


def test_what_finetune_is_told_is_kept_and_the_next_run_does_not_undo_it(geulgam: Command, written: Workspace) -> None:
    said = geulgam("finetune", "--epochs", "3", "--method", "freeze")
    assert said.code == 0 and "finetune.epochs is now 3.0" in said.err and 'finetune.method is now "freeze"' in said.err
    assert "adapter 함께" not in geulgam("run", "--dry-run").out
    assert geulgam("finetune").out == "함께: up to date\n"


def test_how_it_is_run_makes_nothing_stale(geulgam: Command, written: Workspace) -> None:
    text = written.settings_file.read_text(encoding="utf-8")
    for line in ("device_batch = 1", "gradient_checkpointing = true", "checkpoint_steps = 7", 'device = "cpu"'):
        text = text.replace("[finetune]", f"[finetune]\n{line}")
    text = text.replace("\ncheckpoint_steps = 1\n", "\n")
    written.settings_file.write_text(text, encoding="utf-8")
    assert geulgam("run", "--dry-run").out == "everything is up to date\n"
    written.settings_file.write_text(text.replace("[finetune]", '[finetune]\nprecision = "fp16"'), encoding="utf-8")
    assert "recipe changed: precision" in geulgam("run", "--dry-run").out  # which does change the weights


def test_evaluate_gives_a_table_and_json(geulgam: Command, written: Workspace) -> None:
    assert "함께" in geulgam("evaluate").out
    (measured,) = geulgam("evaluate", "--json").json
    assert measured["topic"] == "함께" and measured["base"] > 0 and measured["adapted"] > 0
    assert measured["essays"] >= 1
    low, high = measured["interval"]
    assert low <= measured["gain"] <= high
    assert "95 %" in geulgam("evaluate").out
    told = json.loads((written.evaluation("함께") / "metrics.json").read_text(encoding="utf-8"))
    assert told["base"] == measured["base"] and told["seconds"] > 0 and told["recipe"]["method"] == "lora"


def test_a_stale_adapter_is_used_and_said_to_be(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEULGAM_FINETUNE__EPOCHS", "5")
    said = geulgam("generate", "함께")
    assert said.code == 0 and "the adapter is out of date: recipe changed: epochs 1 → 5" in said.err


def test_a_stale_adapter_that_a_section_of_the_plan_names_is_said_to_be_too(
    geulgam: Command, written: Workspace
) -> None:
    geulgam("topic", "add", "가족", "--query", "가족 식구")
    shutil.copytree(written.adapter("함께"), written.adapter("가족"))  # trained on other essays than it should be
    (written.folder / "mine.toml").write_text(PLAN + 'adapter = "가족"\n', encoding="utf-8")
    said = geulgam("generate", "함께", "--plan", "mine.toml")
    assert said.code == 0 and "the adapter 가족 is out of date: subset changed; " in said.err
    assert "geulgam finetune 가족\n" in said.err and "the adapter is out of date" not in said.err


@pytest.mark.slow
def test_an_essay_is_reviewed_beside_all_that_the_adapters_of_its_sections_were_trained_on(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retrieval.topic import Subset

    geulgam("topic", "add", "가족", "--query", "가족 식구")
    assert geulgam("finetune", "가족").code == 0
    own, other = (Subset.load(written.adapter(name) / "subset.parquet") for name in ("함께", "가족"))
    more = [one for one in other.ids("train") if one not in own.ids("train")]
    assert more
    written.plan("함께").write_text(PLAN + 'adapter = "가족"\n', encoding="utf-8")
    asked: list[list[str]] = []
    get = Corpus.get

    def noted(corpus: Corpus, ids: Any) -> Any:
        asked.append(list(ids))
        return get(corpus, ids)

    monkeypatch.setattr(Corpus, "get", noted)
    assert geulgam("generate", "함께").code == 0
    assert asked[-2:] == [[*own.ids("train"), *more], [*own.ids("valid"), *own.ids("test")]]


def test_a_base_that_cannot_be_is_told(geulgam: Command, small: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for base, told in (
        (tmp_path / "empty", "is no model folder: config.json is missing"),
        (tmp_path / "nowhere", "no base model"),
    ):
        said = geulgam("finetune", "--base", base)
        assert said.code == 1 and told in said.err and "is now" not in said.err  # nor kept in the settings
    said = geulgam("finetune", "--device", "cuda:9")
    assert said.code == 1 and said.err.splitlines()[-2].startswith("error: finetune.device is cuda:9, but ")


def test_options_are_checked_like_settings(geulgam: Command, small: Workspace) -> None:
    said = geulgam("finetune", "--method", "lorra")
    assert said.code == 1 and '"lora", "freeze", "full"' in said.err
    assert geulgam("generate", "함께", "--chars", "0").code == 2
