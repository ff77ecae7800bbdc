"""bench.recite: what counts as recited, and that each recipe is trained and measured once."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench import recite
from bench.recite import PROMPT, TOKENS, Bench, longest_run, prompts, written
from corpus.document import document
from corpus.events import silent
from finetune.base import BaseModel
from finetune.layout import essay_text
from finetune.recipe import Recipe
from generate.guards.letters import letters_of
from tests.finetune.tiny import tiny_essays

ESSAYS = [document("\n\n".join(each.text for each in tiny_essays(12)[i::3] * 2), f"글 {i}") for i in range(3)]


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), device="cpu", precision="fp32")


@pytest.mark.parametrize(
    ("letters", "source", "longest"),
    [("가나다라", "마가나다", 3), ("가나다라", "가나\0다라", 2), ("가가가", "가", 1), ("가", "나", 0), ("", "나", 0)],
)
def test_recited_is_the_longest_run_of_letters_that_stands_in_a_document(
    letters: str, source: str, longest: int
) -> None:
    assert longest_run(letters, source) == longest


def test_windows_stand_apart_and_what_they_give_is_not_there_to_be_recited(base: BaseModel) -> None:
    one = document("".join(random.Random(0).choices("강가물소리함께걷눈편지밤기차역", k=600)), "강")
    found = list(prompts([one, ESSAYS[0]], base, 3))
    ids = base.vocabulary.encode(essay_text(one))
    middle = (len(ids) - PROMPT - TOKENS) // 2
    for start, (told, source) in zip((0, middle, 2 * middle), found, strict=False):
        assert told == ids[start : start + PROMPT]
        own, behind = (letters_of(base.vocabulary.decode(part)) for part in (told, ids[start + PROMPT :][:TOKENS]))
        assert own not in source and behind in source and letters_of(ESSAYS[0].text) in source


def test_a_document_without_room_behind_a_window_has_none(base: BaseModel) -> None:
    assert not list(prompts([document("물이 흐르는 소리.")], base, 4))


def test_it_is_gone_on_from_greedily_and_to_an_end_at_most(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [base.vocabulary.encode(essay_text(essay))[:PROMPT] for essay in ESSAYS]
    texts = list(written(base.model, base, told))
    ids = [base.vocabulary.bos, *told[0]]
    for _ in range(TOKENS):
        with torch.inference_mode():
            best = int(base.model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax())
        if best == base.vocabulary.eos:
            break
        ids.append(best)
    assert texts[0] == base.vocabulary.decode(ids[1 + PROMPT :])

    class Ends:
        def generate(self, input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
            rest = torch.tensor([[told[0][0], base.vocabulary.eos, told[0][1]]]).expand(len(input_ids), -1)
            return torch.cat([input_ids, rest], dim=1)

    assert list(written(Ends(), base, told)) == [base.vocabulary.decode(told[0][:1])] * 3


def test_each_recipe_is_trained_and_measured_once(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(base, tmp_path, ESSAYS[:2], ESSAYS[2:], ESSAYS[2:], 2, silent)
    own = Recipe(epochs=1.0, max_steps=1, rank=4, block_tokens=128, evaluations=1, headers=False)
    recipes = [None, *(replace(own, goldfish=k) for k in (0, 2))]
    found = [bench.measured(recipe) for recipe in recipes]
    assert all(len(recital.letters) == 4 and recital.bits > 0 for recital in found)
    assert len(list(tmp_path.glob("*.json"))) == 3 and len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    monkeypatch.setattr(recite, "adapt", None)
    monkeypatch.setattr(recite, "document_bits", None)
    assert [bench.measured(recipe) for recipe in recipes] == found
