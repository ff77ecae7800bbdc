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
from finetune.device import DTYPES, best_dtype, device_of
from finetune.execution import Precision
from finetune.memory import enough_memory, give_back
from finetune.quantization import quantization
from finetune.silence import quiet
from finetune.turns import Turn
from finetune.vocabulary import Vocabulary, trimmed

DEFAULT = "gemma-3-270m"
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
        bits: int | None = None,
        on: On = silent,
    ) -> "BaseModel":
        """Load a base and trim its vocabulary to that of ``texts`` (None: leave it whole).

        ``vocabulary_cache``: a file of kept ids, read instead of the texts if it exists, written if not. ``bits``: 8 or
        4, its linear layers in so many. Raises GeulgamError for a base that cannot be loaded or has pickled weights
        alone, a device that is not there, and bits that it cannot have.
        """
        from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

        target = device_of(device)
        path = resolve(name, on)
        # While it loads a model, transformers changes torch's defaults and initialisers for the whole process.
        with quiet(), Turn(target).taken():
            try:
                tokenizer: Any = AutoTokenizer.from_pretrained(path)
                kind = AutoConfig.from_pretrained(path).model_type
                dtype = best_dtype(target, kind) if precision == "auto" else DTYPES[precision]
                quantized = quantization(bits, target, dtype)
                model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype, use_safetensors=True, **quantized)
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
            of_vocabulary = (model.get_input_embeddings(), model.get_output_embeddings())
            for layer in of_vocabulary if quantized else ():  # all was put on the device as it was loaded
                layer.to("cpu")
            base.trim(_vocabulary(tokenizer, texts, vocabulary_cache))
            for part in of_vocabulary if quantized else (model,):
                part.to(target)
        give_back()
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
        give_back()

    @property
    def precision(self) -> Precision:
        """What it multiplies in: never "auto"."""
        return next(name for name, dtype in DTYPES.items() if dtype == self.dtype)

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
