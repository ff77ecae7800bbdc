"""Two processes make the adapter that one makes, and go on with what they were at when one of them was killed."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from corpus.errors import GeulgamError
from corpus.events import Begun, Event
from finetune import processes
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.blocks import joined, pack
from finetune.checkpoints import WEIGHTS, last_checkpoint
from finetune.layout import essay_text
from finetune.processes import share
from finetune.shares import SharedBlocks, without_empty
from tests.elastic_server import free_ports
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import CARD, OFTEN, QUICK

STEP = replace(QUICK, batch=6)
ONE_BY_ONE = replace(OFTEN, device_batch=1)

# Sums are rounded in another order, and Adam makes much of that where a gradient is nearly none. It changes weights of
# up to 0.2 by 6e-6 in two processes, by 1.5e-5 in one that holds two blocks at once; steps of other blocks, by 2e-2.
NEAR = 1e-4

_PROGRAM = """
import sys, time
from pathlib import Path
from finetune.launch import by_main

def work(pause):
    from corpus.events import Begun
    from finetune.adapt import adapt
    from finetune.base import BaseModel
    from finetune.layout import essay_text
    from tests.finetune.test_processes import ONE_BY_ONE, STEP
    from tests.finetune.tiny import tiny_essays
    from tests.finetune.trainings import CARD, OFTEN

    def on(event):
        if isinstance(event, Begun):
            print(event.task, event.done, flush=True)
        time.sleep(pause)

    essays, folder = tiny_essays(), Path(sys.argv[2])
    base = BaseModel.load(sys.argv[1], [essay_text(d) for d in essays], device="cpu", precision="fp32")
    adapt(base, essays[:9], essays[9:], STEP, folder / "plain", CARD, OFTEN, on=on)
    adapt(base, essays[:9], essays[9:], STEP, folder / "further", CARD, ONE_BY_ONE, start=Path(sys.argv[4]))

by_main(work)(float(sys.argv[3]))
"""


def launched(tiny: Path, folder: Path, start: Path, pause: float = 0.0) -> list[subprocess.Popen[str]]:
    """The program in two processes, as a launcher starts them.

    ``start``: the adapter that the second training goes on from; ``pause``: seconds that each event of the first takes.
    """
    (port,) = free_ports(1)
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(tiny), str(folder), str(pause), str(start)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]


def ended(started: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """What became of each: its exit status, and what it said."""
    try:
        said = [process.communicate(timeout=600) for process in started]
        return [(process.returncode, *texts) for process, texts in zip(started, said, strict=True)]
    finally:
        for process in started:
            process.kill()


def same(one: Path, other: Path) -> bool:
    """Whether the adapters in both folders are, but for rounding."""
    weights, others = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    return weights.keys() == others.keys() and all(
        torch.allclose(weights[name], others[name], rtol=0, atol=NEAR) for name in weights
    )


@pytest.fixture(scope="module")
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()], device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def alone(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapters of one process."""
    essays, folder = tiny_essays(), tmp_path_factory.mktemp("alone")
    blocks = pack(essays[:9], base.vocabulary, STEP.block_tokens, STEP.seed)
    assert len(blocks) % STEP.batch == 1  # the second process has none of an epoch's last step
    made = adapt(base, essays[:9], essays[9:], STEP, folder / "plain", CARD, OFTEN)
    adapt(base, essays[:9], essays[9:], STEP, folder / "further", CARD, OFTEN, start=made.folder)
    return folder


@pytest.mark.slow
def test_two_processes_make_the_adapter_that_one_makes(tiny: Path, alone: Path, tmp_path: Path) -> None:
    assert ended(launched(tiny, tmp_path, alone / "plain")) == [(0, "training 0\n", ""), (0, "", "")]
    for name in ("plain", "further"):
        assert same(tmp_path / name, alone / name), name
    assert not same(alone / "plain", alone / "further")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["further", "plain"]


@pytest.mark.slow
def test_when_one_is_killed_the_other_ends_and_the_same_launch_or_one_process_goes_on(
    base: BaseModel, tiny: Path, alone: Path, tmp_path: Path
) -> None:
    started = launched(tiny, tmp_path, alone / "plain", pause=0.1)
    while (reached := last_checkpoint(tmp_path / "plain.part")) is None or reached.step < 4:
        assert all(process.poll() is None for process in started), ended(started)
        time.sleep(0.05)
    started[1].kill()
    (code, _, err), _ = ended(started)
    assert code == 1 and "another of the 2 processes has ended" in err
    assert not (tmp_path / "plain").exists()
    reached = last_checkpoint(tmp_path / "plain.part")
    assert reached is not None
    left = Path(shutil.copytree(tmp_path / "plain.part", tmp_path / "one" / "plain.part"))
    again = launched(tiny, tmp_path, alone / "plain")
    assert ended(again) == [(0, f"training {reached.step}\n", ""), (0, "", "")]
    assert same(tmp_path / "plain", alone / "plain") and same(tmp_path / "further", alone / "further")
    told: list[Event] = []
    one = adapt(base, tiny_essays()[:9], tiny_essays()[9:], STEP, left.with_name("plain"), CARD, OFTEN, on=told.append)
    assert isinstance(told[0], Begun) and told[0].done == reached.step
    assert same(one.folder, alone / "plain")


def test_the_blocks_of_an_epoch_are_each_read_once_and_empty_ones_teach_nothing(base: BaseModel) -> None:
    blocks = pack(tiny_essays(9), base.vocabulary, 40)
    shares = SharedBlocks(blocks, seed=3, multiple=4)
    read = [shares[i]["input_ids"] for i in range(len(shares))]
    assert len(read) % 4 == 0 and 0 <= len(read) - len(blocks) < 4
    assert sorted(ids.tolist() for ids in read[: len(blocks)]) == sorted(blocks.ids.tolist())
    shares.set_epoch(1)
    assert any(not torch.equal(ids, shares[i]["input_ids"]) for i, ids in enumerate(read[: len(blocks)]))
    empty = shares[len(shares) - 1]
    assert len(shares) > len(blocks) and bool((empty["labels"] == -100).all())
    collate = without_empty(joined)
    assert torch.equal(collate([shares[0], empty])["labels"], joined([shares[0]])["labels"])
    assert bool((collate([empty, empty])["labels"] == -100).all())


def test_what_cannot_be_shared_says_what_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert share(4, cpu) == 4
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(GeulgamError, match="know nothing of each other") as caught:
        share(6, cpu)
    assert "launch geulgam finetune" in caught.value.hint
    monkeypatch.setattr(processes, "_connected", True)
    assert share(6, cpu) == 2
    with pytest.raises(GeulgamError, match="batch is 4, which 3 processes cannot share") as caught:
        share(4, cpu)
    assert caught.value.hint == "set finetune.batch to 6, or launch one of 1, 2, 4 processes"
    with pytest.raises(GeulgamError, match="needs its own"):
        share(6, torch.device("cuda:1"))
