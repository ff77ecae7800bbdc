"""A base model is found by name, or the line says what is wrong with it."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from corpus.errors import GeulgamError
from finetune.base import BaseModel, resolve
from finetune.convert import cache_folder, check_tokenizer, gemma_folder, verify


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


@pytest.mark.slow
def test_gemma_is_converted_once_and_a_damaged_copy_is_found(gemma: str, tmp_path: Path) -> None:
    folder = gemma_folder()
    verify(folder)
    assert folder.parent == cache_folder()
    written = (folder / "model.safetensors").stat().st_mtime_ns
    assert gemma_folder() == folder and (folder / "model.safetensors").stat().st_mtime_ns == written
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    with (broken / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff" * 16)
    with pytest.raises(GeulgamError, match="damaged"):
        verify(broken)


def test_parameters_are_frozen_and_the_model_evaluates(tiny: Path) -> None:
    base = BaseModel.load(str(tiny), ["함께"], precision="fp32")
    assert not base.model.training
    assert not any(p.requires_grad for p in base.model.parameters())
    assert base.model.get_input_embeddings().weight is base.model.get_output_embeddings().weight
    assert base.dtype == torch.float32 and base.context == 256
