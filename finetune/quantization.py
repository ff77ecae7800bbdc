"""A base in 8 or 4 bits: what transformers is told, so that bitsandbytes packs the linear layers as they are loaded.

LLM.int8 (Dettmers et al. 2022, 2208.07339), and for 4 bits nf4 with quantized constants (QLoRA, Dettmers et al. 2023,
2305.14314). The embedding and the output layer stay as they are, so that the vocabulary can be trimmed. It is another
base than the whole one: what is trained on it is to be used with it.
"""

import importlib.util
from typing import Any

import torch

from corpus.errors import GeulgamError


def quantization(bits: int | None, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Further arguments of ``from_pretrained``; none where ``bits`` is None.

    Raises GeulgamError for a device that is no CUDA one, and without bitsandbytes.
    """
    if bits is None:
        return {}
    if device.type != "cuda":
        raise GeulgamError(
            f"finetune.base_bits is {bits}, which needs a CUDA device", "leave it out: the base is then as it is"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise GeulgamError(
            f"finetune.base_bits is {bits}, which needs bitsandbytes", "pip install 'geulgam[bits]', or leave it out"
        )
    from transformers import BitsAndBytesConfig

    config: Any = BitsAndBytesConfig
    chosen = (
        config(load_in_8bit=True)
        if bits == 8
        else config(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    )
    return {"quantization_config": chosen, "device_map": {"": device}}
