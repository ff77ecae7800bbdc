"""The base model: found by name, loaded once, trimmed to a vocabulary, lent out with any adapter."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from finetune import convert
from finetune.execution import Precision
from finetune.memory import enough_memory
from finetune.silence import quiet
from finetune.turns import Turn
from finetune.vocabulary import Vocabulary, trimmed

DEFAULT = "gemma-3-270m"
_DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_WAIT = 0.5  # seconds between two looks whether the base is free


def resolve(name: str = DEFAULT, on: On = silent) -> str:
    """What transformers loads for a name: "gemma-3-270m" (converted if need be), a local folder, or a hub id.

    Raises GeulgamError for a folder without config.json or without safetensors weights.
    """
    if name == DEFAULT:
        return str(convert.gemma_folder(on))
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
    an adapter through :meth:`using`. One thread at a time has it: ``lock`` is held by whoever has put an adapter on it
    or changed its vocabulary for a while.
    """

    name: str
    model: Any  # transformers' PreTrainedModel
    vocabulary: Vocabulary
    device: torch.device
    dtype: torch.dtype
    context: int
    untrimmed: tuple[nn.Parameter, nn.Parameter] | None = None  # weights of the whole embedding and output layer
    fingerprint: str = ""  # 16 hexadecimal digits: the weights (by name, shape and a sample) and the vocabulary
    lock: Any = field(default_factory=threading.RLock, repr=False, compare=False)

    @classmethod
    def load(
        cls,
        name: str = DEFAULT,
        texts: Iterable[str] | None = None,
        *,
        vocabulary_cache: Path | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        on: On = silent,
    ) -> "BaseModel":
        """Load a base and trim its vocabulary to that of ``texts`` (None: leave it whole).

        ``vocabulary_cache``: a file of kept ids, read instead of the texts if it exists, written if not. Raises
        GeulgamError for a base that cannot be loaded or has pickled weights alone, and a device that is not there.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

        target = _device(device)
        dtype = _best_dtype(target) if precision == "auto" else _DTYPES[precision]
        path = resolve(name, on)
        # While it loads a model, transformers changes torch's defaults and initialisers for the whole process.
        with quiet(), Turn(target).taken():
            try:
                tokenizer: Any = AutoTokenizer.from_pretrained(path)
                model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, use_safetensors=True)
            except (OSError, ValueError) as error:
                first = str(error).strip().splitlines()[0]
                raise GeulgamError(
                    f"the base model {name} could not be loaded: {first}",
                    f"give {DEFAULT}, a folder, or a Hugging Face id that is reachable; its weights have to be "
                    "safetensors",
                ) from error
        if not isinstance(tokenizer, PreTrainedTokenizerFast):
            raise GeulgamError(f"the tokenizer of {name} has no fast version (tokenizer.json)")
        if path != name and name == DEFAULT:
            convert.check_tokenizer(tokenizer)
        context = int(getattr(model.config, "max_position_embeddings", 1024))
        base = cls(name, model, Vocabulary(tokenizer), target, dtype, context)
        model.requires_grad_(False)
        model.eval()
        if base._is_left_whole:
            texts = None
        with enough_memory(f"loading {name}", "choose a smaller finetune.base, or finetune.precision fp16 or bf16"):
            base.trim(_vocabulary(tokenizer, texts, vocabulary_cache))
            model.to(target)
        return base

    def trim(self, vocabulary: Vocabulary) -> None:
        """Make the model one of this vocabulary, whatever it was trimmed to before; of the same tokenizer.

        Gathers the kept rows of the input embedding and of the output layer. Raises GeulgamError where they do not
        fit, and for a model that cannot be trimmed (one with a bias at each token of its output, GPT-J).
        """
        with self.lock:
            if self.untrimmed or not vocabulary.is_full:
                self._gather(vocabulary)
            self.vocabulary = vocabulary
            self.fingerprint = self._fingerprint()

    @contextmanager
    def full_vocabulary(self) -> Iterator[Vocabulary]:
        """The model with its whole vocabulary back inside the block, and the vocabulary to encode with there."""
        with self.lock:
            if self.untrimmed is None or self.vocabulary.is_full:
                yield self.vocabulary
                return
            rows = (self.model.get_input_embeddings().weight.data, self.model.get_output_embeddings().weight.data)
            self._install(*(weight.data for weight in self.untrimmed))
            try:
                yield Vocabulary(self.vocabulary.tokenizer)
            finally:
                self._install(*rows)

    @contextmanager
    def using(self, adapter: Path | None) -> Iterator[Any]:
        """The model with this adapter active, in evaluation mode; with None, the base as it is.

        Raises GeulgamError for a folder that holds no adapter or one of another base.
        """
        from peft import PeftModel

        with self.lock:
            if adapter is None:
                yield self.model
                return
            if not (adapter / "adapter_model.safetensors").exists():
                raise GeulgamError(f"{adapter} holds no adapter", "run `geulgam finetune` for the topic first")
            try:
                with quiet(), Turn(self.device).taken():
                    try:
                        wrapped = PeftModel.from_pretrained(self.model, str(adapter))
                    except (RuntimeError, ValueError) as error:
                        raise GeulgamError(
                            f"the adapter {adapter} does not fit {self.name}: {str(error).splitlines()[0]}",
                            "run `geulgam finetune` for the topic again",
                        ) from error
                wrapped.eval()
                yield wrapped
            finally:
                self.take_off()

    @contextmanager
    def borrowed(self, on: On = silent) -> Iterator[None]:
        """Have the base alone inside the block; waits while another thread has it, which ``on`` may break off."""
        held = self.lock.acquire(blocking=False)
        try:
            if not held:
                with Task(on, "waiting", why=f"{self.name} is in use") as task:
                    while not held:
                        task.advance(0)
                        held = self.lock.acquire(timeout=_WAIT)
            yield
        finally:
            if held:
                self.lock.release()

    def take_off(self) -> None:
        """Take off whatever adapter lies on the model, even one half put on: it is the base, as it was before."""
        from peft.tuners.tuners_utils import BaseTunerLayer

        for name, module in reversed(list(self.model.named_modules())):
            if isinstance(module, BaseTunerLayer):
                self.model.set_submodule(name, module.get_base_layer())
        if hasattr(self.model, "peft_config"):
            del self.model.peft_config
        if self.model.is_activation_checkpointing:
            self.model.activation_checkpointing_disable()
        self.model.requires_grad_(False)
        self.model.eval()

    @property
    def precision(self) -> Precision:
        """What it multiplies in: never "auto"."""
        return next(name for name, dtype in _DTYPES.items() if dtype == self.dtype)

    @property
    def _is_left_whole(self) -> bool:
        return getattr(self.model.get_output_embeddings(), "bias", None) is not None

    def _gather(self, vocabulary: Vocabulary) -> None:
        """Take the rows of this vocabulary from the whole layers, which are kept where they were loaded."""
        embedding, head = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        whole = self.untrimmed or (embedding.weight, head.weight)
        if self._is_left_whole or vocabulary.kept[-1] >= len(whole[0]):
            raise GeulgamError(
                f"a vocabulary of {len(vocabulary):,} tokens does not fit the base model {self.name}",
                "give it one that was made of its own tokenizer",
            )
        self.untrimmed = whole
        self._install(*(weight.data if vocabulary.is_full else weight.data[vocabulary.kept] for weight in whole))
        for config in (self.model.config, self.model.generation_config):
            config.bos_token_id, config.eos_token_id = vocabulary.bos, vocabulary.eos
            config.pad_token_id = vocabulary.eos

    def _install(self, embedding_rows: torch.Tensor, head_rows: torch.Tensor) -> None:
        """Put these rows (V, width) into both layers; they stay one tensor if they were tied."""
        embedding, head = self.model.get_input_embeddings(), self.model.get_output_embeddings()
        tied = self.untrimmed is not None and self.untrimmed[0] is self.untrimmed[1]
        embedding.weight = nn.Parameter(embedding_rows.to(self.device), requires_grad=False)
        head.weight = embedding.weight if tied else nn.Parameter(head_rows.to(self.device), requires_grad=False)
        embedding.num_embeddings = head.out_features = self.model.config.vocab_size = len(embedding_rows)
        embedding.padding_idx = None
        if hasattr(self.model, "vocab_size"):
            self.model.vocab_size = len(embedding_rows)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"{self.name} {self.vocabulary.fingerprint}".encode())
        for key, tensor in self.model.state_dict().items():
            sample = tensor.flatten()[:: max(1, tensor.numel() // 64)][:64].float().cpu()
            digest.update(f"{key}{tuple(tensor.shape)}".encode() + sample.numpy().tobytes())
        return digest.hexdigest()[:16]


def _vocabulary(tokenizer: Any, texts: Iterable[str] | None, cache: Path | None) -> Vocabulary:
    if texts is None:
        return Vocabulary(tokenizer)
    if cache is not None and cache.exists():
        return Vocabulary.load(cache, tokenizer)
    vocabulary = trimmed(tokenizer, texts)
    if cache is not None:
        vocabulary.save(cache)
    return vocabulary


def _device(name: str) -> torch.device:
    """The device of that name, "auto": the fastest. Raises GeulgamError for one that PyTorch does not see."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    there = {"cpu": True, "mps": mps, "cuda": cuda and (device.index or 0) < torch.cuda.device_count()}
    if not there.get(device.type):
        kind = "CUDA" if device.type == "cuda" else device.type.upper()
        raise GeulgamError(
            f"finetune.device is {name}, but PyTorch sees no {'such ' if cuda else ''}{kind} device",
            'set it to "auto"; see geulgam doctor',
        )
    return device


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
