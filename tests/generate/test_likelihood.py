"""How likely texts are behind nothing, all read at once."""

import pytest
import torch

from finetune.base import BaseModel
from generate.likelihood import alone


@pytest.mark.parametrize("header", ["", "[1/2] 편지, 기차\n"])
def test_each_text_has_the_mean_log_p_that_it_has_by_itself(practised: BaseModel, header: str) -> None:
    vocabulary = practised.vocabulary
    texts = [vocabulary.encode(text) for text in ("우리는 함께 걸었다.", "물은 늘 같은 자리에서", "눈")]
    told = vocabulary.encode(header)
    for text, found in zip(texts, alone(practised.model, vocabulary, texts, told), strict=True):
        with torch.inference_mode():
            ids = torch.tensor([[vocabulary.bos, *told, *text]])
            logits = practised.model(input_ids=ids).logits[0, len(told) : -1].float()
        expected = logits.log_softmax(-1).gather(1, torch.tensor(text)[:, None]).mean()
        assert found == pytest.approx(float(expected), abs=1e-4)


def test_what_the_model_has_read_is_likelier_than_what_it_has_not(practised: BaseModel) -> None:
    text = practised.vocabulary.encode("글 3\n\n편지를 쓰는 밤이면 문장 하나를 두고 오래 앉아 있었다.")
    texts = [text, text[::-1]]
    known, unknown = alone(practised.model, practised.vocabulary, texts)
    assert known > unknown


def test_no_text_and_an_empty_one(practised: BaseModel) -> None:
    assert alone(practised.model, practised.vocabulary, []) == []
    assert alone(practised.model, practised.vocabulary, [[], []]) == [0.0, 0.0]
    one, none = alone(practised.model, practised.vocabulary, [practised.vocabulary.encode("눈"), []])
    assert one < 0 and none == 0
