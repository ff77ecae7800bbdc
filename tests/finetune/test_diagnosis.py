"""The doctor: each of its rules on curves that have what it looks for, and on such that have not; a real training."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune import diagnosis
from finetune.adapt import Adapter, adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.diagnosis import diagnose
from finetune.korean import neutral_text
from finetune.layout import essay_text
from finetune.recipe import Recipe
from tests.finetune.tiny import tiny_essays

HEALTHY: dict[str, Any] = {
    "history": [[0, 3.60], [20, 3.45], [40, 3.40], [60, 3.38]],
    "train_history": [[step, 3.6 - 0.3 * (1 - 0.95**step)] for step in range(1, 61)],
    "best_step": 60,
    "share": 1.0,
    "goes_on": False,
    "read_tokens": 200_000,
    "read_ends": 300,
    "is_instruct": False,
    "neutral": [2.10, 2.13],
}
QUICK = Recipe(epochs=4, block_tokens=64, headers=False, batch=2, learning_rate=5e-3, evaluations=4, rank=4, patience=9)


def only(rule: Any, **changed: Any) -> str:
    """What the doctor says of a healthy run with this changed: one line, of this rule."""
    metrics = {**HEALTHY, **changed}
    (line,) = diagnose(metrics)
    assert line == rule(metrics) and "\n" not in line
    return line


def flat(loss: float, steps: int = 60, wave: float = 0.0) -> list[tuple[int, float]]:
    return [(step, loss + wave * (-1) ** step) for step in range(1, steps + 1)]


def test_a_healthy_run_has_nothing() -> None:
    assert diagnose(HEALTHY) == []
    assert diagnose({**HEALTHY, "goes_on": True, "share": 0.25}) == []


def test_the_valid_side_rises_while_training_falls() -> None:
    said = only(diagnosis.by_heart, history=[[0, 3.6], [20, 3.4], [40, 3.45], [60, 3.5]], best_step=20)
    assert "from 3.400 (step 20) to 3.500 (step 60)" in said and "step 20 is kept" in said
    only(diagnosis.by_heart, history=[[0, 3.6], [20, 3.7], [40, 3.8]], best_step=20)  # from the beginning on
    assert diagnose({**HEALTHY, "history": [[0, 3.6], [20, 3.4], [40, 3.41]]}) == []  # by less than half a per cent


def test_too_few_tokens() -> None:
    assert "only 8,200 tokens" in only(diagnosis.few_tokens, read_tokens=8_200)
    assert diagnosis.few_tokens({**HEALTHY, "read_tokens": 20_000}) == ""


def test_an_instruct_base_and_what_changes() -> None:
    said = only(diagnosis.instruct, is_instruct=True)
    assert "chat template" in said and "plain text" in said and "pretrained" in said


def test_no_end_is_learnt_of_few_ends() -> None:
    assert "read 3 times" in only(diagnosis.no_ends, read_ends=3)
    assert diagnose({**HEALTHY, "read_ends": 3, "goes_on": True}) == []  # learnt in the stage before
    assert diagnose({**HEALTHY, "read_ends": 20}) == []


def test_general_korean_is_forgotten_beyond_the_limit() -> None:
    said = only(diagnosis.forgot, neutral=[2.0, 2.2])
    assert "2.000 → 2.200" in said and "10 % more (5 % are borne)" in said
    assert diagnose({**HEALTHY, "neutral": [2.0, 2.1]}) == []
    assert diagnose({**HEALTHY, "neutral": [2.0, 1.7]}) == []


def test_a_rate_too_high_where_training_itself_rises() -> None:
    rising = [(step, 3.5 if step < 15 else 4.4 if step < 45 else 3.9) for step in range(1, 61)]
    assert "from 3.560 to 4.400" in only(diagnosis.rate_too_high, train_history=rising)
    assert diagnose({**HEALTHY, "train_history": flat(3.4, wave=0.3)}) == []  # unlike blocks are no rise


def test_a_rate_too_high_where_the_valid_side_rises_and_training_does_not_fall() -> None:
    said = only(diagnosis.rate_too_high, history=[[0, 3.6], [20, 3.7], [40, 3.75]], train_history=flat(3.6))
    assert "from 3.600 (step 0) to 3.750 (step 40)" in said


def test_a_rate_too_low_where_nothing_moves() -> None:
    still: dict[str, Any] = {"history": [[0, 3.6], [30, 3.598], [60, 3.597]], "train_history": flat(3.6)}
    assert "nothing moved" in only(diagnosis.rate_too_low, **still)
    assert diagnose({**HEALTHY, **still, "goes_on": True}) == []  # another stage has taken what is easy


def test_a_rate_too_low_where_the_valid_side_falls_in_a_straight_line() -> None:
    straight = [[0, 3.6], [20, 3.55], [40, 3.5], [60, 3.45]]
    assert "as steeply as at the beginning" in only(diagnosis.rate_too_low, history=straight)
    assert diagnose({**HEALTHY, "history": straight[:2]}) == []  # two points are always a straight line


def test_nothing_of_the_topic_stays() -> None:
    said = only(diagnosis.nothing_stays, share=0.0, goes_on=True)
    assert "the result is that adapter" in said


def test_every_rule_is_asked() -> None:
    ill = {**HEALTHY, "is_instruct": True, "read_tokens": 0, "read_ends": 0, "neutral": [1, 2], "share": 0}
    assert len(diagnose(ill)) == 5


def test_few_points_say_nothing_of_a_rate() -> None:
    short = {**HEALTHY, "train_history": [[1, 3.0], [2, 9.0]], "history": [[0, 3.6], [2, 3.5]]}
    assert diagnose(short) == []


def test_the_neutral_text_is_korean_and_long_enough() -> None:
    assert 1_400 < len(neutral_text()) < 1_700
    assert sum("가" <= c <= "힣" for c in neutral_text()) > 0.7 * len(neutral_text())


@pytest.fixture
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


def trained(base: BaseModel, folder: Path, recipe: Recipe = QUICK, **more: Any) -> Adapter:
    essays = tiny_essays()
    return adapt(base, essays[:9], essays[9:], recipe, folder, Card("함께"), **more)


def test_a_training_is_examined_and_the_card_says_what_may_be_wrong(base: BaseModel, tmp_path: Path) -> None:
    made = trained(base, tmp_path / "adapter", replace(QUICK, learning_rate=5e-2))
    metrics = made.metrics
    assert metrics["read_ends"] == pytest.approx(36, abs=5)  # nine essays, four times
    assert 0 < metrics["read_tokens"] < 2_000 and not metrics["is_instruct"] and not metrics["goes_on"]
    before, after = metrics["neutral"]
    assert 0 < before != after > 0
    assert any("tokens of text" in line for line in metrics["diagnosis"])
    card = (made.folder / "README.md").read_text(encoding="utf-8")
    assert "what may be wrong" in card and metrics["diagnosis"][0] in card and "train_history" not in card


@pytest.mark.slow
def test_a_harmful_stage_is_called_so(base: BaseModel, tmp_path: Path) -> None:
    first = trained(base, tmp_path / "first")
    harmful = replace(QUICK, learning_rate=0.3, schedule="constant", evaluations=1)
    second = trained(base, tmp_path / "second", harmful, start=first.folder).metrics
    assert second["goes_on"] and second["share"] == 0
    assert any(line.startswith("nothing of this stage stays") for line in second["diagnosis"])
    assert any("learning rate" in line for line in second["diagnosis"])


@pytest.mark.slow
def test_a_chat_template_is_noticed(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "instruct"))
    (folder / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    base = BaseModel.load(str(folder), [essay_text(d) for d in tiny_essays()])
    said = trained(base, tmp_path / "adapter", replace(QUICK, max_steps=1)).metrics["diagnosis"]
    assert said[0].startswith("the base is an instruct model")
