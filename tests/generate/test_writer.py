"""Essays: as long as asked to the sentence, one string, the same for the same seed, resumable anywhere."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from finetune.base import BaseModel
from generate.decoding import PRESETS, Sampling
from generate.sentences import ends, starts
from generate.writer import Essay, Writer

SAMPLING = Sampling(top_k=20, top_p=0.95)


@pytest.fixture(scope="module")
def writer(practised: BaseModel) -> Writer:
    return Writer(practised)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", PRESETS)
def test_an_essay_is_longer_than_asked_by_no_more_than_its_last_sentence(writer: Writer, seed: int, name: str) -> None:
    essay = writer.write(characters=300, sampling=PRESETS[name], seed=seed, title="함께")
    assert len(essay.text) >= 300
    assert ends(essay.text)
    before = [essay.text[:start].rstrip() for start in starts(essay.text)]
    assert all(len(text) < 300 for text in before if ends(text))


@pytest.mark.parametrize("seed", range(3))
def test_an_essay_is_clean_text(writer: Writer, seed: int) -> None:
    text = writer.write(characters=400, sampling=replace(SAMPLING, temperature=2.0), seed=seed, title="함께").text
    assert "\ufffd" not in text
    assert "\n\n\n" not in text
    assert "  " not in text
    assert text == text.strip()
    assert not any(line != line.strip() for line in text.splitlines())
    assert "<eos>" not in text


def test_the_text_is_its_prompt_and_its_pieces_one_after_another(writer: Writer) -> None:
    essay = writer.write("  우리는 함께", 600, SAMPLING, 1, title="함께")
    assert essay.text == "우리는 함께" + "".join(piece.text for piece in essay.pieces).rstrip()
    assert essay.title == "함께"
    assert len(essay.pieces) > 2


def test_where_the_model_ends_a_document_the_essay_goes_on_in_a_new_paragraph(writer: Writer) -> None:
    essay = writer.write(characters=600, sampling=SAMPLING, seed=1, title="글 3")
    assert any(piece.ending == "document" for piece in essay.pieces[:-1])
    for piece, following in zip(essay.pieces, essay.pieces[1:], strict=False):
        assert following.text.startswith("\n\n") or piece.ending != "document"
    assert essay.pieces[0].text == essay.pieces[0].text.lstrip()


def test_the_same_seed_gives_the_same_essay_and_another_seed_another(writer: Writer) -> None:
    first, again, other = (
        writer.write(characters=200, sampling=SAMPLING, seed=s, title="가족").text for s in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_an_interrupted_essay_is_finished_as_if_nothing_had_happened(writer: Writer) -> None:
    def written(resume: Essay | None = None, stop_after: int | None = None) -> Essay:
        saved: list[Essay] = []

        def keep(essay: Essay) -> None:
            saved.append(Essay.from_dict(json.loads(json.dumps(essay.as_dict()))))
            if len(essay.pieces) == stop_after:
                raise KeyboardInterrupt

        try:
            return writer.write("우리는", 500, SAMPLING, 2, title="함께", on_piece=keep, resume=resume)
        except KeyboardInterrupt:
            return saved[-1]

    whole = written()
    count = len(whole.pieces)
    assert sum(len(piece.tokens) for piece in whole.pieces) > 256  # the window has slid
    for stop_after in (1, count - 1):
        part = written(stop_after=stop_after)
        assert len(part.pieces) == stop_after
        assert whole.text.startswith(part.text)
        rest = written(resume=part)
        assert rest.text == whole.text
        assert rest.pieces == whole.pieces
    assert written(resume=whole).text == whole.text


def test_an_essay_begun_with_other_settings_is_not_gone_on_with(writer: Writer) -> None:
    essay = writer.write(characters=100, sampling=SAMPLING, seed=2)
    with pytest.raises(GeulgamError, match="other settings"):
        writer.write(characters=100, sampling=SAMPLING, seed=3, resume=essay)
    with pytest.raises(GeulgamError, match="cannot be read"):
        Essay.from_dict({"text": "우리는"})


def test_bad_requests_are_refused_in_one_line(writer: Writer) -> None:
    with pytest.raises(GeulgamError, match="context of 256"):
        writer.write("우리는 함께 걸었다. " * 200, 100_000)
    with pytest.raises(GeulgamError, match="6 characters already, and 5 were asked"):
        writer.write("우리는 함께", 5)
    with pytest.raises(GeulgamError, match="0 characters"):
        writer.write(characters=0)


def test_progress_is_counted_in_characters_on_stderr(writer: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    writer.write(characters=100, sampling=SAMPLING, progress=True, title="함께")
    shown = capsys.readouterr()
    assert "100/100" in shown.err
    assert shown.out == ""
    writer.write(characters=100, sampling=SAMPLING)
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_real_model_writes_korean_in_whole_sentences(gemma: str, shared: Path) -> None:
    base = BaseModel.load(gemma, ["우리는 함께 길을 걸었다. 그날의 바람은 차가웠고 아무도 말하지 않았다."])
    writer = Writer(base)
    opening = "우리는 함께 길을 걸었다. 그날의 바람은 차가웠고 아무도 먼저 말하지 않았다."
    essay = writer.write(opening, 300, PRESETS["default"], 7, title="함께")
    hangul = sum("가" <= character <= "힣" for character in essay.text)
    assert hangul > 0.6 * len(essay.text)
    assert ends(essay.text)
    assert writer.write(opening, 300, PRESETS["default"], 7, title="함께").text == essay.text
