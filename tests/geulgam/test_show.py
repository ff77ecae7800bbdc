"""What goes on is shown: bars in a terminal, a line now and then in a log, JSON for programs."""

import io
import json
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from corpus.events import Begun, Figure, Finished, Progress, Task, TextWritten, about
from geulgam import show


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_file_is_told_of_a_long_task_every_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("geulgam.show.time.monotonic", lambda: clock[0])
    lines: list[str] = []
    with show.showing(lines.append, io.StringIO()) as on:
        on = about(on, "adapter 함께")
        on(Begun("training", 52, "step"))
        for step in range(1, 53):
            clock[0] += 2.5  # 130 s in all
            on(Progress("training", step, 52, "step", "540 tok/s"))
    assert lines == [f"  training 함께: {step} of 52 steps, 540 tok/s" for step in (12, 24, 36, 48)]


def test_a_short_task_says_nothing_and_a_reason_is_always_said() -> None:
    lines: list[str] = []
    with (
        show.showing(lines.append, io.StringIO()) as on,
        Task(about(on, "index"), "making", why="not built yet"),
        Task(about(on, "index"), "indexing", 4, "step") as task,
    ):
        task.advance()
    assert lines == ["index: not built yet"]


def test_a_terminal_has_a_bar_for_each_task_and_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geulgam.show._SHORT", 0)
    screen = Terminal()
    with (
        pytest.raises(KeyboardInterrupt),
        show.showing(lambda line: None, screen) as on,
        Task(about(on, "adapter 함께"), "training", 10, "step") as task,
    ):
        for _ in range(10):
            task.advance(note="loss 3.2")
        raise KeyboardInterrupt
    drawn = screen.getvalue()
    assert "training 함께" in drawn and "10/10" in drawn and "loss 3.2" in drawn and drawn.endswith("\n")


def test_programs_are_given_every_kind_of_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("GEULGAM_EVENTS", str(file))
    with show.showing(lambda line: None, io.StringIO()) as on:
        for event in (
            Begun("training", 2, "step", why="not made yet", artifact="adapter 함께"),
            Progress("training", 1, 2, "step", artifact="adapter 함께"),
            Progress("training", 2, 2, "step", artifact="adapter 함께"),
            Figure("valid loss", 3.25, 2, "adapter 함께"),
            TextWritten("그날", "essay 함께"),
            Finished("training", 1.5, result="2 steps", artifact="adapter 함께"),
        ):
            on(event)
    told = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [event["event"] for event in told] == ["begun", "progress", "progress", "figure", "text_written", "finished"]
    assert told[0]["why"] == "not made yet" and told[3]["value"] == 3.25 and told[4]["text"] == "그날"
    assert all(event["time"] > 1.7e9 for event in told)


def test_a_file_of_events_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEULGAM_EVENTS", "/nowhere/at/all")
    with pytest.raises(GeulgamError, match="cannot write events"), show.showing(lambda line: None):
        pass
