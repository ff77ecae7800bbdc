"""The program in docs/library.md does what the page says, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.workspace import Workspace
from tests.geulgam.conftest import ROOT, Command, environment, quick_settings

TOPICS = (TopicSettings(name="함께", query="함께 서로 우리"), TopicSettings(name="가족", query="가족 어머니 동생"))


@pytest.mark.slow
def test_the_program_of_the_page_trains_two_topics_at_once_cancels_one_and_resumes_it(
    process: Command, tiny: Path, sample: Path, tmp_path: Path
) -> None:
    from geulgam.stages.corpus import add_documents

    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(encoding="utf-8"), re.S)
    place = Workspace.create(tmp_path / "w", template(TOPICS, {**quick_settings(tiny), "finetune.max_steps": 100}))
    add_documents(place, place.settings(), [sample / "together.jsonl", sample / "family.jsonl"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    # Two threads print at once, so that a line may stand within another.
    assert done.stdout.count("가족: cancelled") == 1
    begun = re.findall(r"Begun\(task='training'[^()]*adapter 가족'\)", done.stdout)
    assert len(begun) == 2 and " done=0," in begun[0] and " done=0," not in begun[1]  # the second goes on
    assert any("Progress(task='training'" in line and "adapter 함께" in line for line in lines)
    assert re.match(r"가족: trained on .* 100 steps in", lines[-1])
    assert [s["adapter"] for s in process("topic", "list", "--json", cwd=place.folder).json] == ["fresh", "fresh"]
