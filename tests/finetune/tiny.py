"""A random Gemma of 140,000 weights with a tokenizer like Gemma's: for the mechanics, not for prose."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

from corpus.document import Document, document

fast: Any = PreTrainedTokenizerFast  # its constructor has no types

_PROSE = [
    "아침마다 강가에 나가 물이 흐르는 것을 보았다. 물은 늘 같은 자리에서 다른 소리를 냈다.",
    "우리는 함께 걸었다. 함께 걷는 동안 아무도 먼저 말하지 않았고, 그래서 오래 걸을 수 있었다.",
    "학교 운동장에는 눈이 쌓였다. 아이들은 발자국을 남기며 뛰었다. 선생님은 창가에서 웃었다.",
    "편지를 쓰는 밤이면 문장 하나를 두고 오래 앉아 있었다. 지우고 다시 쓰는 일이 글쓰기의 절반이었다.",
    "기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 그렇게 시작되었고, 길은 바다까지 이어졌다.",
]
# The 2,350 of KS X 1001, nearly all that people write: a token each, so that real essays are as short as for Gemma.
_SYLLABLES = [bytes((row, cell)).decode("euc-kr") for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF)]


def tiny_model(folder: Path) -> Path:
    """Write the model and its tokenizer (BPE with byte fallback, ▁ for spaces) to a folder and return it."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokenizer.train_from_iterator(
        [*_PROSE, "The quick brown fox"],
        trainers.BpeTrainer(
            vocab_size=420 + len(_SYLLABLES),
            special_tokens=special,
            initial_alphabet=[*"\n.,!?\"'0123456789▁", *_SYLLABLES],
        ),
    )
    state = json.loads(tokenizer.to_str())
    for byte in range(256):
        state["model"]["vocab"][f"<0x{byte:02X}>"] = len(state["model"]["vocab"])
    wrapped = fast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)),
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
    )
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=len(wrapped),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=256,
        sliding_window=64,
        query_pre_attn_scalar=16,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    Gemma3ForCausalLM(config).save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def tiny_essays(number: int = 12) -> list[Document]:
    """Short documents, all different."""
    return [
        document(" ".join(_PROSE[(i + j) % len(_PROSE)] for j in range(1 + i % 4)) + f" 그날은 {i}일이었다.", f"글 {i}")
        for i in range(number)
    ]
