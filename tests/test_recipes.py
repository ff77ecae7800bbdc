"""bench.recipes: every recipe trains what it says, and an adapter's folder tells what made it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench import recipes
from bench.recipe_table import told
from bench.recipes import CHOICES, RECIPES, Bench
from bench.topics import Ground
from corpus.document import Document
from corpus.events import silent
from finetune.adapt import Adapter
from finetune.base import BaseModel
from finetune.card import Card
from finetune.layout import essay_text
from finetune.recipe import Recipe
from retrieval.analyzers import analyzer
from tests.grounds import FirstWord, made_up_ground

FORM = "r4-a8-4x128"
STAGE = f"on-shared-0.0001-1ep-{FORM}"


class Training(NamedTuple):
    ids: set[str]
    recipe: Recipe
    start: Path | None


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return made_up_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def bench(made: Ground, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(recipes, "VALID", 4)
    monkeypatch.setattr(recipes, "encoder", FirstWord)
    monkeypatch.setattr(recipes, "analyzer", lambda: analyzer("whitespace"))
    own = Recipe(epochs=1.0, rank=4, alpha=8, block_tokens=128, evaluations=1, headers=False)
    base = BaseModel.load(str(tiny), device="cpu", precision="fp32")
    (tmp_path / "index").symlink_to(made.corpus.folder.parent / "index")
    return Bench(made, base, tmp_path, replace(own, schedule="constant", max_steps=1), own, True, silent)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> dict[str, Training]:
    """What would be trained, by the folder's name."""
    found: dict[str, Training] = {}

    def adapt(
        base: BaseModel,
        train: Sequence[Document],
        valid: Sequence[Document],
        recipe: Recipe,
        folder: Path,
        card: Card,
        start: Path | None = None,
        **rest: Any,
    ) -> Adapter:
        found[folder.name] = Training({document.id for document in train}, recipe, start)
        return Adapter(folder, {})

    monkeypatch.setattr(recipes, "adapt", adapt)
    return found


def test_a_folder_tells_the_recipe_and_what_it_goes_on_from(bench: Bench, trained: dict[str, Training]) -> None:
    cooler = replace(bench, own=replace(bench.own, learning_rate=5e-5))
    longer = replace(bench, shared=replace(bench.shared, epochs=2.0))
    names = [str(each.trained("two-stage", "동행")) for each in (bench, cooler, longer)]
    assert [Path(name).name for name in names] == [
        f"동행-two-stage-0.0001-1ep-{STAGE}",
        f"동행-two-stage-5e-05-1ep-{STAGE}",
        f"동행-two-stage-0.0001-1ep-on-shared-0.0001-2ep-{FORM}",
    ]
    assert len(trained) == 5, "a rate of the topic's stage alone needs no other shared stage"


def test_the_reserved_stage_reads_none_of_the_topics_essays(
    bench: Bench, trained: dict[str, Training], made: Ground
) -> None:
    bench.trained("reserved", "동행")
    before, own = trained.values()
    assert own.ids == {document.id for document in made.documents("동행", "train")}
    assert before.ids | own.ids == set(made.sides.ids("train")) and not before.ids & own.ids
    assert own.start and own.start.name == f"unwritten-0.0001-1ep-{FORM}"


def test_rank_stabilised_is_a_larger_alpha_in_both_stages(bench: Bench, trained: dict[str, Training]) -> None:
    bench.trained("rslora", "동행")
    assert [training.recipe.alpha for training in trained.values()] == [16, 16]  # 16 / 4 is 8 / √4
    assert all("a16" in name for name in trained)


def test_what_an_adapter_has_read_it_does_not_judge(
    bench: Bench, trained: dict[str, Training], made: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it did, what it has read would come last here, where reading makes harder."""

    def bits(base: BaseModel, documents: Sequence[Document], adapter: Path, **rest: Any) -> list[float]:
        read = trained[adapter.name].ids if "half" in adapter.name else set()
        return [len(essay_text(document)) * (9.0 if document.id in read else 1.0) for document in documents]

    monkeypatch.setattr(recipes, "document_bits", bits)
    bench.trained("moore-lewis", "동행")
    halves = [training.ids for name, training in trained.items() if "half" in name]
    assert halves[0] | halves[1] == {document.id for document in made.documents("동행", "train")}
    assert not halves[0] & halves[1] and abs(len(halves[0]) - len(halves[1])) <= 1
    deep = [document.id for document in made.documents("동행", "train", deep=True)]
    chosen = trained[f"동행-moore-lewis-0.0001-1ep-{STAGE}"].ids
    assert chosen == set(deep[: len(chosen)]), "no difference is left, so the ranking stays"


@pytest.mark.slow
def test_every_recipe_trains_and_is_measured(
    bench: Bench, made: Ground, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = (*RECIPES, *CHOICES, "reserved", "rslora")
    found = {name: {"동행": bench.bits(name, "동행")} for name in known}
    assert all(len(bits["동행"]) == len(made.documents("동행", "test")) for bits in found.values())
    assert len({tuple(bits["동행"]) for bits in found.values()}) == len(known), "no two are the same adapter"
    told(made, found, against=["base"])
    table = capsys.readouterr().out.splitlines()[-len(known) :]
    assert [line.split()[0] for line in table] == list(known)
    assert [("against base" in line) for line in table] == [False, *[True] * (len(known) - 1)]
    monkeypatch.delattr(recipes, "adapt")
    monkeypatch.delattr(recipes, "document_bits")
    assert {name: {"동행": bench.bits(name, "동행")} for name in known} == found, "what was made is kept"
