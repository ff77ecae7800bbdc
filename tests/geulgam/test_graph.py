"""The graph: what is stale and why, the order of work, and no more work than is needed."""

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from corpus.atomic import write_text
from corpus.events import Begun, Event, Finished, On
from geulgam.graph import Node, look, make, order, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.workspace import Workspace


class Words(Node):
    """A source: a file that the user writes."""

    stage = "words"

    @property
    def inputs(self) -> tuple[Node, ...]:
        return ()

    @property
    def folder(self) -> Path:
        return self.workspace.folder / self.stage

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        return {}

    def found(self) -> Manifest | None:
        return Manifest((self.folder / "text").read_text(), {}, {}, 1)

    def make(self, now: Manifest, on: On) -> str:
        raise AssertionError("it is never stale")


class Initials(Words):
    """The first letters: the same for many texts."""

    stage = "initials"
    upper = False
    made = 0

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (Words(self.workspace, self.settings),)

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        return {"upper": self.upper}

    def found(self) -> Manifest | None:
        return Node.found(self)

    def make(self, now: Manifest, on: On) -> str:
        type(self).made += 1
        text = "".join(word[0] for word in self.inputs[0].folder.joinpath("text").read_text().split())
        with renewed(self.folder) as folder:
            write_text(folder / "text", text)
            sealed(now, text, 0.0).write(folder)
        return f"{len(text)} letters"


class Count(Initials):
    """How many letters that is."""

    stage = "count"
    made = 0

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (Initials(self.workspace, self.settings),)

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        return {}


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "w")
    write_text(made.folder / "words" / "text", "one two")
    Initials.made = Count.made = 0
    return made


@pytest.fixture
def count(place: Workspace) -> Count:
    return Count(place, Settings())


def whys(count: Count) -> list[str]:
    return [f"{state.node.name}: {state.why}" for state in look([count]) if not state.is_fresh]


def test_inputs_come_first_and_each_once(count: Count) -> None:
    assert [node.name for node in order([count, *count.inputs, count])] == ["words", "initials", "count"]


def test_all_is_made_once_and_told(count: Count) -> None:
    assert whys(count) == ["initials: not made yet", "count: not made yet"]
    told: list[Event] = []
    outcome = make(count, told.append)
    assert (outcome.is_new, outcome.line) == (True, "1 letters")
    assert [(e.artifact, e.why) for e in told if isinstance(e, Begun)] == [
        ("initials", "not made yet"),
        ("count", "not made yet"),
    ]
    assert [e.result for e in told if isinstance(e, Finished)] == ["2 letters", "1 letters"]
    assert whys(count) == [] and not make(count).is_new and Initials.made == 1


def test_what_comes_out_as_before_makes_nothing_after_it_stale(count: Count, place: Workspace) -> None:
    make(count)
    write_text(place.folder / "words" / "text", "otter tiger")
    assert whys(count) == ["initials: words changed", "count: if the initials comes out different"]
    outcome = make(count)
    assert Initials.made == 2 and Count.made == 1 and not outcome.is_new
    assert whys(count) == []


def test_changed_settings_and_code_are_reasons(count: Count, monkeypatch: pytest.MonkeyPatch) -> None:
    make(count)
    monkeypatch.setattr(Initials, "upper", True)
    assert whys(count)[0] == "initials: settings changed: upper false → true"
    monkeypatch.undo()
    monkeypatch.setattr(Count, "version", 2)
    assert whys(count) == ["count: made by another version of geulgam"]


def test_alone_it_is_made_from_inputs_that_are_stale(count: Count, place: Workspace) -> None:
    make(count)
    write_text(place.folder / "words" / "text", "a b c")
    make(count, again="asked for", alone=True)
    assert (Initials.made, Count.made) == (1, 2)


@pytest.mark.parametrize("left", ["old", "new"])
def test_what_a_kill_has_left_of_a_replacement_is_finished_though_nothing_is_made(count: Count, left: str) -> None:
    make(count)
    beside = count.folder.with_name(f".{count.folder.name}.{left}")
    shutil.copytree(count.folder, beside)
    assert not make(count).is_new and Count.made == 1
    assert not beside.exists() and whys(count) == []


def test_a_failure_leaves_the_old_one_and_nothing_else(
    count: Count, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(count)
    before = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    write_text(place.folder / "words" / "text", "a b c")

    def broken(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geulgam.manifest.Manifest.write", broken)
    with pytest.raises(KeyboardInterrupt):
        make(count)
    after = {path: path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} == {place.folder / "words" / "text"}
    assert after.keys() == before.keys()


def test_two_threads_that_need_the_same_make_it_once(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)
    plain = Initials.make

    def slow(node: Initials, now: Manifest, on: On) -> str:
        both.wait(10)  # the other is at the door
        return plain(node, now, on)

    monkeypatch.setattr(Initials, "make", slow)

    def listen(event: Event) -> None:
        if isinstance(event, Begun) and event.task == "waiting":
            both.wait(10)

    threads = [threading.Thread(target=make, args=[Initials(place, Settings()), listen]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert Initials.made == 1


def test_a_manifest_that_cannot_be_read_counts_as_none(count: Count) -> None:
    make(count)
    (count.folder / "manifest.json").write_text("{", encoding="utf-8")
    assert whys(count) == ["count: not made yet"]
