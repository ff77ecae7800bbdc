"""Gemma is converted once, in a process of its own that tells how far it is and ends with whoever waits for it."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import GeulgamError
from corpus.events import Begun, Cancelled, Event, Finished, Progress
from finetune import convert
from finetune.convert import cache_folder, gemma_folder


def _converts(work: Path, folder: Path, sender: Any) -> None:
    work.mkdir()
    for step in range(4):
        sender.send(step)


def _fails(work: Path, folder: Path, sender: Any) -> None:
    sender.send("begun")
    sender.send(GeulgamError("the package is damaged", "install it again"))


def _dies(work: Path, folder: Path, sender: Any) -> None:
    work.mkdir()
    os._exit(9)


def _takes_long(work: Path, folder: Path, sender: Any) -> None:
    work.mkdir()
    (work / "pid").write_text(str(os.getpid()))
    time.sleep(600)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_LOOK", 0.05)


def test_each_step_of_the_conversion_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_report", _converts)
    told: list[Event] = []
    convert._convert_elsewhere(tmp_path / "model", told.append)
    assert told[0] == Begun("converting", 4, "step", why="the base model, once")
    assert sorted({event.done for event in told if isinstance(event, Progress)} - {0}) == [1, 2, 3, 4]
    assert isinstance(told[-1], Finished) and told[-1].complete
    assert not list(tmp_path.iterdir())


def test_what_goes_wrong_there_is_said_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_report", _fails)
    with pytest.raises(GeulgamError, match="the package is damaged") as caught:
        convert._convert_elsewhere(tmp_path / "model", lambda event: None)
    assert caught.value.hint == "install it again"
    monkeypatch.setattr(convert, "_report", _dies)
    with pytest.raises(GeulgamError, match="was killed"):
        convert._convert_elsewhere(tmp_path / "model", lambda event: None)
    assert not list(tmp_path.iterdir())


def test_whoever_waits_for_the_conversion_can_break_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_report", _takes_long)
    process: list[int] = []

    def end_when_it_works(event: Event) -> None:
        noted = tmp_path / "model.part" / "pid"
        if isinstance(event, Progress) and noted.exists() and noted.read_text():
            process.append(int(noted.read_text()))
            raise Cancelled

    with pytest.raises(Cancelled):
        convert._convert_elsewhere(tmp_path / "model", end_when_it_works)
    with pytest.raises(ProcessLookupError):
        os.kill(process[0], 0)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_gemma_is_converted_once(gemma: str) -> None:
    folder = gemma_folder()
    assert folder.parent == cache_folder()
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert gemma_folder() == folder and (folder / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.slow
def test_gemma_comes_out_of_its_package_whole(gemma: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.disk_usage(tmp_path).free < 4e9:
        pytest.skip("needs 4 GB of disk")
    known = (gemma_folder() / "model.safetensors").read_bytes()
    monkeypatch.setenv("GEULGAM_CACHE", str(tmp_path))
    told: list[Event] = []
    folder = gemma_folder(told.append)
    assert (folder / "model.safetensors").read_bytes() == known
    assert max(event.done for event in told if isinstance(event, Progress)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, f"{folder.name}.lock"]
    shutil.rmtree(folder)
