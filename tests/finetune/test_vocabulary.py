"""A trimmed vocabulary is smaller and loses nothing."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from finetune.base import BaseModel
from finetune.convert import gemma_folder
from finetune.vocabulary import Vocabulary, trimmed

AWKWARD = [
    "",
    " 앞과 뒤 ",
    "▁밑줄▁ 같은 ▁ 글자",
    "<eos>와 <bos>와 <0x41>은 글자일 뿐",
    "漢字와 かな와 🎉🇰🇷, e\u0301, ﬁ, \u200b",
    "줄\n\n\n바꿈\r\n\t탭\x00영",
    "뷁똠방각하 쀍",
]


@pytest.fixture(scope="module")
def vocabulary(tiny: Path) -> Vocabulary:
    return trimmed(_tokenizer(tiny), ["우리는 함께 걸었다."])


def test_a_trimmed_vocabulary_is_smaller_than_the_full_one(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) < len(Vocabulary(vocabulary.tokenizer))


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_comes_back_as_it_was(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.decode(vocabulary.encode(text)) == text


@given(st.text(max_size=60))
@settings(max_examples=400)
def test_any_unicode_text_comes_back_as_it_was(vocabulary: Vocabulary, text: str) -> None:
    ids = vocabulary.encode(text)
    assert vocabulary.decode(ids) == text
    assert all(0 <= i < len(vocabulary) for i in ids)


def test_text_of_the_corpus_keeps_its_own_tokens(vocabulary: Vocabulary) -> None:
    full = Vocabulary(vocabulary.tokenizer)
    ids = vocabulary.encode("우리는 함께 걸었다.")
    assert [int(vocabulary.kept[i]) for i in ids] == full.encode("우리는 함께 걸었다.")


def test_a_sign_of_the_end_inside_a_text_is_not_an_end(vocabulary: Vocabulary) -> None:
    assert vocabulary.eos not in vocabulary.encode("끝<eos>")


def test_logits_over_the_kept_tokens_are_those_of_the_full_model(tiny: Path) -> None:
    _same_logits(str(tiny), "우리는 함께 걸었다. 漢字와 함께.")


@pytest.mark.slow
def test_gemma_keeps_its_logits_and_any_text(gemma: str) -> None:
    texts = ["어머니는 아침마다 마당을 쓸었다. 우리는 함께 학교에 갔다."]
    _same_logits(gemma, texts[0])
    vocabulary = trimmed(_tokenizer(gemma_folder()), texts)
    assert len(vocabulary) < 3_000
    for text in [*AWKWARD, *texts]:
        assert vocabulary.decode(vocabulary.encode(text)) == text

    @given(st.text(max_size=40))
    @settings(max_examples=300)
    def any_text(text: str) -> None:
        assert vocabulary.decode(vocabulary.encode(text)) == text

    any_text()


def _tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, PreTrainedTokenizerFast)
    return tokenizer


def _same_logits(name: str, text: str) -> None:
    base = BaseModel.load(name, [text], precision="fp32", device="cpu")
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode(text)]])
    kept = torch.from_numpy(base.vocabulary.kept)
    with torch.inference_mode():
        few = base.model(input_ids=ids).logits
        with base.full_vocabulary():
            many = base.model(input_ids=kept[ids]).logits
        again = base.model(input_ids=ids).logits
    assert many.shape[-1] > few.shape[-1] == len(kept)
    torch.testing.assert_close(few, many[..., kept], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(again, few, rtol=0, atol=0)
