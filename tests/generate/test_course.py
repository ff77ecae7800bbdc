"""On its course through the sections a model is told of each what it was trained to be told."""

from dataclasses import replace
from pathlib import Path

import pytest

from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.recipe import Recipe
from generate.context import Context
from generate.writer import Writer
from tests.finetune.tiny import tiny_essays
from tests.generate.test_writer import SAMPLING, TWO


def watched(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model has read before each round of candidates, as it will be written."""
    seen: list[str] = []

    class Watched(Context):
        def branch(self, rows: int) -> None:
            seen.append(base.vocabulary.decode(self.tokens))
            super().branch(rows)

    monkeypatch.setattr("generate.writer.Context", Watched)
    return seen


@pytest.mark.parametrize("headers", [False, True])
def test_an_adapter_trained_with_headers_is_told_each_sections_and_no_other_is(
    practised: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: bool
) -> None:
    essays = tiny_essays(24)
    recipe = Recipe(headers=headers, max_steps=1, block_tokens=96, rank=4, learning_rate=1e-5)
    adapter = adapt(practised, essays[:20], essays[20:], recipe, tmp_path / "adapter", Card("함께")).folder
    seen = watched(practised, monkeypatch)
    writer = Writer(practised, adapter)
    essay = writer.write(TWO, SAMPLING, 3, best_of=2)
    told = ["[1/2] 편지, 운동장\n", "[2/2] 기차, 선생님\n"]
    if not headers:
        assert not any(header in text for text in seen for header in told)
        return
    drafted = [piece.section for piece in essay.pieces for _ in range(piece.attempts)]
    for section, text in zip(drafted, seen, strict=True):
        assert [text.count(header) for header in told[: section + 1]] == [1] * (section + 1)  # wherever the window is
        assert not any(header in text for header in told[section + 1 :])
    assert seen[0] == f"<bos>함께\n\n{told[0]}"
    assert not any(header in essay.text for header in told)
    kept = replace(essay, text="", pieces=essay.pieces[:3], is_finished=False, settled=0)
    assert writer.write(TWO, SAMPLING, 3, best_of=2, resume=kept).text == essay.text


def test_of_many_keywords_a_model_is_told_as_many_as_it_was_in_training(
    practised: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    essays = tiny_essays(24)
    recipe = Recipe(max_steps=1, block_tokens=96, rank=4, learning_rate=1e-5)
    adapter = adapt(practised, essays[:20], essays[20:], recipe, tmp_path / "adapter", Card("함께")).folder
    seen = watched(practised, monkeypatch)
    words = ("편지", "운동장", "기차", "선생님", "우산", "정류장", "바다", "부엌", "마당", "골목")
    plan = replace(TWO, sections=(replace(TWO.sections[0], keywords=words), *TWO.sections[1:]))
    Writer(practised, adapter).write(plan, SAMPLING, 3, best_of=2)
    assert f"[1/2] {', '.join(words[:8])}\n" in seen[0]
