"""A base model is found by name, or the line says what is wrong with it."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from corpus.errors import GeulgamError
from corpus.events import Begun, Cancellable, Cancelled, Event
from finetune.base import BaseModel, resolve
from finetune.convert import check_tokenizer
from finetune.method import attach
from finetune.recipe import Recipe
from finetune.vocabulary import Vocabulary


def test_a_folder_without_weights_is_a_clear_line(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(GeulgamError, match="holds no weights"):
        resolve(str(tmp_path / "model"))


def test_a_folder_that_is_no_model_is_a_clear_line(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match=r"config\.json is missing"):
        resolve(str(tmp_path))
    with pytest.raises(GeulgamError, match="no base model is called"):
        resolve(str(tmp_path / "nothing"))


def test_a_hub_id_is_left_to_transformers() -> None:
    assert resolve("skt/ko-gpt-trinity-1.2B-v0.5") == "skt/ko-gpt-trinity-1.2B-v0.5"


def test_the_kept_ids_are_read_back_from_their_cache(tiny: Path, tmp_path: Path) -> None:
    cache = tmp_path / "vocabulary.json"
    first = BaseModel.load(str(tiny), ["우리는 함께 걸었다."], vocabulary_cache=cache)
    again = BaseModel.load(str(tiny), ["전혀 다른 글"], vocabulary_cache=cache)
    assert json.loads(cache.read_text()) == first.vocabulary.kept.tolist() == again.vocabulary.kept.tolist()


def test_an_adapter_folder_without_an_adapter_is_a_clear_line(tiny: Path, tmp_path: Path) -> None:
    base = BaseModel.load(str(tiny))
    with pytest.raises(GeulgamError, match="holds no adapter"), base.using(tmp_path):
        pass


def test_a_tokenizer_that_lost_its_merges_is_refused() -> None:
    class OneTokenPerCharacter:
        def __call__(self, text: str, add_special_tokens: bool) -> object:
            return type("Encoding", (), {"input_ids": list(text)})

    with pytest.raises(GeulgamError, match=r"1\.00 tokens per character"):
        check_tokenizer(OneTokenPerCharacter())


def test_parameters_are_frozen_and_the_model_evaluates(tiny: Path) -> None:
    base = BaseModel.load(str(tiny), ["함께"], precision="fp32")
    assert not base.model.training
    assert not any(p.requires_grad for p in base.model.parameters())
    assert base.model.get_input_embeddings().weight is base.model.get_output_embeddings().weight
    assert base.dtype == torch.float32 and base.context == 256


_HUB = """
import sys
from corpus.errors import GeulgamError
from finetune.base import BaseModel
try:
    BaseModel.load("org/model")
except GeulgamError as error:
    print(error, error.hint, sep="; ")
else:
    print("loaded")
"""


def _loaded_from_hub(snapshot: Path, home: Path) -> str:
    """What loading org/model says with these files as what was fetched of it, and no network."""
    folder = home / "hub" / "models--org--model"
    shutil.copytree(snapshot, folder / "snapshots" / "1")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("1")
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", _HUB], cwd=root, env=environment, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_pickled_weights_of_a_hub_id_are_not_read(tiny: Path, tmp_path: Path) -> None:
    assert _loaded_from_hub(tiny, tmp_path / "safe") == "loaded"
    shutil.copytree(tiny, tmp_path / "model")
    weights = BaseModel.load(str(tiny)).model.state_dict()
    (tmp_path / "model" / "model.safetensors").unlink()
    torch.save(weights, tmp_path / "model" / "pytorch_model.bin")
    said = _loaded_from_hub(tmp_path / "model", tmp_path / "pickled")
    assert said.startswith("the base model org/model could not be loaded") and "safetensors" in said


def logits(base: BaseModel, text: str = "우리는 함께 걸었다.") -> torch.Tensor:
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode(text)]])
    with torch.inference_mode():
        return torch.as_tensor(base.model(input_ids=ids).logits)


def test_a_loaded_base_can_be_trimmed_to_another_vocabulary_and_back(tiny: Path, tmp_path: Path) -> None:
    base = BaseModel.load(str(tiny), ["우리는 함께 걸었다."], precision="fp32")
    other = BaseModel.load(str(tiny), ["기차가 역을 떠날 때"], precision="fp32")
    first, before, fingerprint = base.vocabulary, logits(base), base.fingerprint
    other.vocabulary.save(tmp_path / "vocabulary.json")
    base.trim(Vocabulary.load(tmp_path / "vocabulary.json", base.vocabulary.tokenizer))
    assert torch.equal(logits(base), logits(other)) and base.fingerprint == other.fingerprint
    assert base.model.config.vocab_size == len(other.vocabulary) != len(first)
    base.trim(first)
    assert torch.equal(logits(base), before) and base.fingerprint == fingerprint


def test_a_base_that_was_loaded_whole_can_be_trimmed_and_made_whole_again(tiny: Path, tmp_path: Path) -> None:
    base, few = BaseModel.load(str(tiny), precision="fp32"), BaseModel.load(str(tiny), ["함께"], precision="fp32")
    whole, before = base.vocabulary, logits(base)
    whole.save(tmp_path / "vocabulary.json")
    base.trim(few.vocabulary)
    assert torch.equal(logits(base), logits(few))
    again = Vocabulary.load(tmp_path / "vocabulary.json", whole.tokenizer)
    assert again.is_full
    base.trim(again)
    assert torch.equal(logits(base), before)


def test_a_file_that_is_no_vocabulary_of_the_base_is_a_clear_line(tiny: Path, tmp_path: Path) -> None:
    base = BaseModel.load(str(tiny))
    file = tmp_path / "vocabulary.json"
    for content in ("{", "[]", '"x"', "[0]"):
        file.write_text(content)
        with pytest.raises(GeulgamError, match="no vocabulary of this base"):
            Vocabulary.load(file, base.vocabulary.tokenizer)
    file.write_text(json.dumps([1, 2, 3, 10_000_000]))
    with pytest.raises(GeulgamError, match="does not fit"):
        base.trim(Vocabulary.load(file, base.vocabulary.tokenizer))


def test_an_adapter_of_another_base_is_a_clear_line_and_leaves_the_base_as_it_was(tiny: Path, tmp_path: Path) -> None:
    base = BaseModel.load(str(tiny), ["함께"], precision="fp32")
    before, names = logits(base), [name for name, _ in base.model.named_modules()]
    model = attach(base, Recipe(rank=4))
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.repeat(2, 2)
    model.save_pretrained(str(tmp_path / "adapter"), save_embedding_layers=False)
    base.take_off()
    with pytest.raises(GeulgamError, match="does not fit"), base.using(tmp_path / "adapter"):
        pass
    assert [name for name, _ in base.model.named_modules()] == names
    assert torch.equal(logits(base), before) and not any(p.requires_grad for p in base.model.parameters())


def test_a_device_that_is_not_there_is_a_clear_line(tiny: Path) -> None:
    missing = "cuda:99" if torch.cuda.is_available() else "cuda"
    with pytest.raises(GeulgamError, match=f"finetune.device is {missing}, but PyTorch sees no"):
        BaseModel.load(str(tiny), device=missing)


def test_whoever_waits_for_a_base_in_use_can_break_off(tiny: Path) -> None:
    base = BaseModel.load(str(tiny))
    job, waits = Cancellable(lambda event: told.append(event)), threading.Event()
    told: list[Event] = []
    ended: list[BaseException] = []

    def wait() -> None:
        waits.set()
        try:
            with base.borrowed(job):
                pass
        except Cancelled as error:
            ended.append(error)

    with base.borrowed():
        thread = threading.Thread(target=wait)
        thread.start()
        waits.wait()
        job.cancel()
        thread.join(10)
    assert ended and not thread.is_alive()
    assert all(isinstance(event, Begun) and event.task == "waiting" for event in told[:1])
    with base.borrowed():
        pass
