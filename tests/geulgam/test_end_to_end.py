"""From essays to an essay on the real model, as a user does it; short, so that a machine without a GPU can."""

import json
import os
from pathlib import Path

import pytest

from tests.geulgam.conftest import Command


@pytest.mark.slow
def test_the_real_model_learns_from_the_sample_and_writes_an_essay(
    process: Command, gemma: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEULGAM_FINETUNE__SHARED__MAX_STEPS", "4")
    monkeypatch.setenv("GEULGAM_FINETUNE__MAX_STEPS", "4")
    folder = tmp_path / "demo"
    threads = str(os.cpu_count() or 1)
    words = ("demo", str(folder), "--topic", "이별", "--chars", "500")
    said = process(*words, cwd=tmp_path, seconds=1500, OMP_NUM_THREADS=threads)
    assert said.code == 0, said.err

    figures = json.loads((folder / "topics" / "이별" / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    assert figures["steps"] == 4
    assert figures["adapted"] < figures["base"]

    essay = (folder / "essays" / "이별-001" / "essay.md").read_text(encoding="utf-8")
    text = essay.partition("\n\n")[2].strip()
    assert 470 <= len(text) < 800
    assert sum("가" <= character <= "힣" for character in text) > 0.6 * len(text)
    assert text in said.out

    review = json.loads((folder / "essays" / "이별-001" / "report.json").read_text(encoding="utf-8"))["review"]
    for figure in ("rep_2", "rep_3", "rep_4", "diversity", "keyword_recall", "copied_share", "longest_copied"):
        assert {"essay", "held_out"} <= review[figure].keys()

    words = ("generate", "이별", "--chars", "500", "--seed", "1")
    again = process(*words, cwd=folder, seconds=600, OMP_NUM_THREADS=threads)
    assert again.code == 0, again.err
    assert (folder / "essays" / "이별-002" / "essay.md").read_text(encoding="utf-8") == essay
