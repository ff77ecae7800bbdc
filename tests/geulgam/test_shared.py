"""The stage that topics share: trained once, gone on from, and anew only where its essays have changed much."""

from dataclasses import replace
from pathlib import Path

from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import make
from geulgam.pipeline import status
from geulgam.stages.adapter import AdapterNode, finetune_topics
from geulgam.stages.corpus import add_documents
from geulgam.stages.shared import SharedNode, trained_on
from geulgam.stages.sides import SidesNode
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command


def why(workspace: Workspace) -> str:
    """Why the shared stage is stale; "" if it is not."""
    return next(state.why for state in status(workspace, workspace.settings()) if state.node.stage == "shared-stage")


def prose(folder: Path, number: int, name: str = "more") -> Path:
    """A file of so many new essays."""
    texts = (f"{name} {i}번째 글이다. 우리는 함께 {i}리를 걸었다. 길은 멀었고 해는 짧았다." for i in range(number))
    file = folder / f"{name}.txt"
    file.write_text("\n\n\n".join(texts), encoding="utf-8")
    return file


def test_topics_go_on_from_one_shared_stage(small: Workspace) -> None:
    from geulgam.settings import TopicSettings
    from geulgam.settings_file import put_topic

    put_topic(small.settings_file, TopicSettings(name="가족", query="가족 어머니"))
    settings = small.settings()
    finetune_topics(small, settings, ["함께", "가족"])
    made = SharedNode(small, settings).found()
    assert made is not None
    for topic in ("함께", "가족"):
        found = AdapterNode(small, settings, topic).found()
        assert found is not None and found.inputs["shared-stage"] == made.fingerprint
        assert found.facts["valid_loss"] <= found.facts["valid_loss_start"]


def test_what_it_was_trained_on_is_the_train_side_alone(written: Workspace) -> None:
    from geulgam.stages.sides import read_sides

    assert list(trained_on(written.shared)) == read_sides(written).ids("train")


def test_an_essay_more_leaves_it_and_many_do_not(written: Workspace, tmp_path: Path) -> None:
    assert why(written) == ""
    add_documents(written, written.settings(), [prose(tmp_path, 1, "one")])
    make(SidesNode(written, written.settings()))
    assert len(Corpus(written.corpus)) == 43 and why(written) == ""
    for number in range(12):
        add_documents(written, written.settings(), [prose(tmp_path, 1, f"file{number}")])
    make(SidesNode(written, written.settings()))
    assert "essays are new" in why(written)


def test_one_of_its_essays_held_out_makes_it_stale(written: Workspace) -> None:
    text = written.settings_file.read_text(encoding="utf-8")
    written.settings_file.write_text(text.replace("# test_share = 0.12", "test_share = 0.5"), encoding="utf-8")
    make(SidesNode(written, written.settings()))
    assert "are gone or held out now" in why(written)


def test_without_one_topics_begin_with_the_base(written: Workspace) -> None:
    settings = written.settings({"finetune.shared.epochs": 0})
    (state,) = (state for state in status(written, settings) if state.node.stage == "adapter")
    assert "shared-stage changed" in state.reasons
    assert not any(state.node.stage == "shared-stage" for state in status(written, settings))
    (tuned,) = finetune_topics(written, settings, ["함께"])
    assert tuned.metrics["share"] == 1
    made = AdapterNode(written, settings, "함께").found()
    assert made is not None and "shared-stage" not in made.inputs


def test_evaluate_tells_what_the_topic_adds_to_it(geulgam: Command, written: Workspace) -> None:
    (told,) = geulgam("evaluate", "--json").json
    assert told["shared"] > 0 and len(told["shared_interval"]) == 2
    said = geulgam("evaluate").out
    assert "shared stage" in said and f"({told['shared_interval'][0]:.1f} to" in said


def test_adapters_of_before_there_were_headers_are_as_they_would_be_without(written: Workspace) -> None:
    for folder in (written.shared, written.adapter("함께")):
        made = manifest.read(folder)
        assert made is not None and made.settings["headers"] is True
        replace(made, settings={name: v for name, v in made.settings.items() if name != "headers"}).write(folder)

    def stale(headers: bool) -> dict[str, str]:
        states = status(written, written.settings({"finetune.headers": headers}))
        return {state.node.stage: state.why for state in states if state.why}

    assert stale(False) == {}
    assert all("headers false → true" in stale(True)[stage] for stage in ("shared-stage", "adapter"))
