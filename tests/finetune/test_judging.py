"""The judge of perplexity: what is far too easy or far too hard for a base model is refused, and measured once."""

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.judging.judging import Judging
from finetune import judging
from finetune.base import BaseModel
from finetune.evaluate import bits_per_character
from finetune.judging import READ, Perplexity

EASY, HARD = "비가 왔다. " * 80, "쿡휘튿뎔 갸뾰흛 츤쿠뱦 " * 20
DOCUMENT = Document("0" * 32, EASY)


@pytest.fixture
def judge(tiny: Path, tmp_path: Path) -> Perplexity:
    return Perplexity(0.0, 0.0, str(tiny), "tiny", tmp_path)


def test_the_bits_are_those_of_the_beginning(judge: Perplexity, tiny: Path) -> None:
    beginning = replace(DOCUMENT, text=EASY[:READ])
    assert judge.bits(EASY) == pytest.approx(bits_per_character(BaseModel.load(str(tiny)), [beginning]), rel=1e-5)
    assert judge.bits(EASY[:READ] + HARD) == judge.bits(EASY)


def test_what_lies_beyond_a_bound_is_refused_with_its_bits(judge: Perplexity) -> None:
    bits = judge.bits(EASY)
    assert judge(DOCUMENT) is DOCUMENT
    assert replace(judge, least=bits - 0.1, most=bits + 0.1)(DOCUMENT) is DOCUMENT
    assert (
        replace(judge, least=bits + 0.1)(DOCUMENT) == f"too easy: {bits:.2f} bits a character, less than {bits + 0.1:g}"
    )
    assert (
        replace(judge, most=bits - 0.1)(DOCUMENT) == f"too hard: {bits:.2f} bits a character, more than {bits - 0.1:g}"
    )


def test_a_text_is_measured_once_also_by_another_process(judge: Perplexity, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = judge.bits(HARD)
    judging._kept.cache_clear()
    monkeypatch.setattr(judging, "_loaded", None)  # whoever asks for the model would fail
    again = pickle.loads(pickle.dumps(judge))
    assert again == judge and again.bits(HARD) == bits


def test_the_name_changes_with_the_bounds_and_the_base(judge: Perplexity) -> None:
    others = (replace(judge, least=1.0), replace(judge, most=1.0), replace(judge, identity="another"))
    assert len({judge.name, *(other.name for other in others)}) == 4


def test_torch_is_not_imported_before_something_is_measured() -> None:
    code = "import sys; import geulgam.stages.corpus; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_bound_is_no_negative_number() -> None:
    with pytest.raises(GeulgamError, match="bits_least is -1"):
        Judging(bits_least=-1)
