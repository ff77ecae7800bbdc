"""The base model: found by name, loaded once, trimmed to a vocabulary, lent out with any adapter."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from finetune import convert
from finetune.silence import quiet
from finetune.vocabulary import Vocabulary, trimmed

DEFAULT = "gemma-3-270m"
Precision = Literal["auto", "fp32", "fp16", "bf16"]
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def resolve(name: str = DEFAULT, progress: bool = False) -> str:
    """What transformers loads for a name: "gemma-3-270m" (converted if need be), a local folder, or a hub id.

    Raises GeulgamError for a folder without config.json or without safetensors weights.
    """
    if name == DEFAULT:
        return str(convert.gemma_folder(progress))
    folder = Path(name).expanduser()
    if not folder.exists():
        if name.count("/") == 1 and not name.startswith((".", "/", "~")):
            return name
        raise GeulgamError(
            f"no base model is called {name}",
            f"give {DEFAULT}, a folder, or a Hugging Face id such as org/model",
        )
    if not (folder / "config.json").exists():
        raise GeulgamError(f"{folder} is no model folder: config.json is missing")
    if not any((folder / weights).exists() for weights in _WEIGHTS):
        raise GeulgamError(
            f"{folder} holds no weights: {_WEIGHTS[0]} is missing",
            "save the model with save_pretrained(); pickled weights (.bin, .pt) are not read, for safety",
        )
    return str(folder)


@dataclass
class BaseModel:
    """A causal language model on one device, its vocabulary trimmed, its weights frozen, in evaluation mode.

    ``context`` is the number of tokens it was made for. Load one with :meth:`load`, and borrow it with or without
    an adapter through :meth:`using`.
    """

    name: str
    model: Any  # transformers' PreTrainedModel
    vocabulary: Vocabulary
    device: torch.device
    dtype: torch.dtype
    context: int
    path: str
    untrimmed: tuple[nn.Parameter, nn.Parameter] | None = None  # weights of the whole embedding and output layer

    @classmethod
    def load(
        cls,
        name: str = DEFAULT,
        texts: Iterable[str] | None = None,
        *,
        vocabulary_cache: Path | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        progress: bool = False,
    ) -> "BaseModel":
        """Load a base and trim its vocabulary to that of ``texts`` (None: leave it whole).

        ``vocabulary_cache``: a JSON file of kept ids, read instead of the texts if it exists, written if not.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

        path = resolve(name, progress)
        target = torch.device(_best_device() if device == "auto" else device)
        dtype = _best_dtype(target) if precision == "auto" else _DTYPES[precision]
        with quiet():
            try:
                tokenizer: Any = AutoTokenizer.from_pretrained(path)
                model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
            except (OSError, ValueError) as error:
                first = str(error).strip().splitlines()[0]
                raise GeulgamError(
                    f"the base model {name} could not be loaded: {first}",
                    f"give {DEFAULT}, a folder, or a Hugging Face id that is reachable",
                ) from error
        if not isinstance(tokenizer, PreTrainedTokenizerFast):
            raise GeulgamError(f"the tokenizer of {name} has no fast version (tokenizer.json)")
        if path != name and name == DEFAULT:
            convert.check_tokenizer(tokenizer)
        if getattr(model.get_output_embeddings(), "bias", None) is not None:
            texts = vocabulary_cache = None  # a biased output layer (GPT-J) is left whole
        vocabulary = _vocabulary(tokenizer, texts, vocabulary_cache)
        context = int(getattr(model.config, "max_position_embeddings", 1024))
        base = cls(name, model, vocabulary, target, dtype, context, path)
        base._trim()
        model.requires_grad_(False)
        model.eval()
        model.to(target)
        return base

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with the model's weights (by name, shape and a sample) or vocabulary."""
        digest = hashlib.sha256(f"{self.name} {self.vocabulary.fingerprint}".encode())
        for key, tensor in self.model.state_dict().items():
            sample = tensor.flatten()[:: max(1, tensor.numel() // 64)][:64].float().cpu()
            digest.update(f"{key}{tuple(tensor.shape)}".encode() + sample.numpy().tobytes())
        return digest.hexdigest()[:16]

    def _trim(self) -> None:
        """Gather the kept rows of the input embedding and of the output layer (one tensor where they are tied)."""
        if self.vocabulary.is_full:
            return
        embedding, head = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        self.untrimmed = (embedding.weight, head.weight)
        kept = torch.from_numpy(self.vocabulary.kept)
        self._install(*(weight.data[kept].clone() for weight in self.untrimmed))
        for config in (self.model.config, self.model.generation_config):
            config.bos_token_id, config.eos_token_id = self.vocabulary.bos, self.vocabulary.eos
            config.pad_token_id = self.vocabulary.eos

    def _install(self, embedding_rows: torch.Tensor, head_rows: torch.Tensor) -> None:
        """Put these rows (V, width) into both layers; they stay one tensor if they were tied."""
        embedding, head = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        tied = self.untrimmed is not None and self.untrimmed[0] is self.untrimmed[1]
        embedding.weight = nn.Parameter(embedding_rows, requires_grad=False)
        head.weight = embedding.weight if tied else nn.Parameter(head_rows, requires_grad=False)
        embedding.num_embeddings = head.out_features = self.model.config.vocab_size = len(embedding_rows)
        embedding.padding_idx = None
        if hasattr(self.model, "vocab_size"):
            self.model.vocab_size = len(embedding_rows)

    @contextmanager
    def full_vocabulary(self) -> Iterator[Vocabulary]:
        """The model with its whole vocabulary back inside the block, and the vocabulary to encode with there."""
        if self.untrimmed is None:
            yield self.vocabulary
            return
        trimmed_rows = (self.model.get_input_embeddings().weight.data, self.model.get_output_embeddings().weight.data)
        self._install(*(weight.data.to(self.device) for weight in self.untrimmed))
        try:
            yield Vocabulary(self.vocabulary.tokenizer)
        finally:
            self._install(*trimmed_rows)

    @contextmanager
    def using(self, adapter: Path | None) -> Iterator[Any]:
        """The model with this adapter active, in evaluation mode; with None, the base as it is.

        Raises GeulgamError for a folder that holds no adapter or one of another base.
        """
        if adapter is None:
            yield self.model
            return
        from peft import PeftModel

        if not (adapter / "adapter_model.safetensors").exists():
            raise GeulgamError(f"{adapter} holds no adapter", "run `geulgam finetune` for the topic first")
        with quiet():
            try:
                wrapped = PeftModel.from_pretrained(self.model, str(adapter))
            except (RuntimeError, ValueError) as error:
                raise GeulgamError(
                    f"the adapter {adapter} does not fit {self.name}: {str(error).splitlines()[0]}",
                    "run `geulgam finetune` for the topic again",
                ) from error
        try:
            wrapped.eval()
            yield wrapped
        finally:
            self.model = wrapped.unload()
            self.model.requires_grad_(False)
            self.model.eval()


def _vocabulary(tokenizer: Any, texts: Iterable[str] | None, cache: Path | None) -> Vocabulary:
    if texts is None:
        return Vocabulary(tokenizer)
    if cache is not None and cache.exists():
        return Vocabulary(tokenizer, json.loads(cache.read_text()))
    vocabulary = trimmed(tokenizer, texts)
    if cache is not None:
        write_text(cache, json.dumps(vocabulary.kept.tolist()))
    return vocabulary


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _best_dtype(device: torch.device) -> torch.dtype:
    """bf16 where the hardware multiplies in it, fp16 on older GPUs (a T4), fp32 elsewhere."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.get_device_capability(device)[0] >= 8 else torch.float16
    if device.type == "cpu":
        return torch.bfloat16 if cpu_multiplies_bf16() else torch.float32
    return torch.float32


def cpu_multiplies_bf16() -> bool:
    """Whether the processor has bf16 instructions (AVX512-BF16 or AMX); without them bf16 is slower than fp32."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, probe, bool)() for probe in probes)
