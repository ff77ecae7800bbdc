"""From essays to an essay on the real model, as a user does it; short, so that a machine without a GPU can."""

import json
from pathlib import Path

import pytest

from tests.geulgam.conftest import Command


@pytest.mark.slow
def test_the_real_model_learns_from_the_sample_and_writes_an_essay(
    process: Command, gemma: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {"CORPUS__VALID_SHARE": "0.03", "CORPUS__TEST_SHARE": "0.08", "RETRIEVAL__K": "20"}
    short = {"FINETUNE__MAX_STEPS": "4", "FINETUNE__EVALUATIONS": "1"}
    shared = {"FINETUNE__SHARED__MAX_STEPS": "4", "FINETUNE__SHARED__EVALUATIONS": "1"}
    for name, value in {**few, **short, **shared}.items():
        monkeypatch.setenv(f"GEULGAM_{name}", value)
    folder = tmp_path / "demo"
    said = process("demo", folder, "--topic", "이별", "--chars", "300", cwd=tmp_path, seconds=1500)
    assert said.code == 0, said.err

    figures = json.loads((folder / "topics" / "이별" / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    assert figures["steps"] == 4
    assert figures["adapted"] < figures["base"]

    essay = (folder / "essays" / "이별-001" / "essay.md").read_text(encoding="utf-8")
    text = essay.partition("\n\n")[2].strip()
    assert 280 <= len(text) < 480
    assert sum("가" <= character <= "힣" for character in text) > 0.6 * len(text)
    assert text in said.out

    review = json.loads((folder / "essays" / "이별-001" / "report.json").read_text(encoding="utf-8"))["review"]
    for figure in ("rep_2", "rep_3", "rep_4", "diversity", "keyword_recall", "copied_share", "longest_copied"):
        assert {"essay", "held_out"} <= review[figure].keys()
