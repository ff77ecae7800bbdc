"""Essays: as long as asked to the sentence, one string, the same for the same seed, resumable anywhere."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import torch

from corpus.errors import GeulgamError
from corpus.events import Begun, Cancellable, Cancelled, Event, Finished, Progress, TextWritten
from finetune.base import BaseModel
from generate.decoding import PRESETS, Sampling, draw
from generate.draft import Draft
from generate.sentences import ends, starts
from generate.writer import Writer

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


def test_a_broken_off_essay_is_finished_as_if_nothing_had_happened(writer: Writer) -> None:
    def written(resume: Draft | None = None, stop_after: int | None = None) -> Draft:
        saved: list[Draft] = []

        def keep(draft: Draft) -> None:
            saved.append(Draft.from_dict(json.loads(json.dumps(draft.as_dict()))))
            if len(draft.pieces) == stop_after:
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


def test_the_prompt_and_the_text_told_of_are_the_essay_also_when_it_is_gone_on_with(writer: Writer) -> None:
    told: list[Event] = []
    kept: list[Draft] = []
    essay = writer.write("우리는", 300, SAMPLING, 2, title="함께", on=told.append, on_piece=kept.append)
    assert ("우리는" + text_of(told)).rstrip() == essay.text
    assert sum(isinstance(event, TextWritten) for event in told) == len(essay.pieces) > 2
    assert told[0] == Begun("writing", 300, "character", done=3)
    last = [event for event in told if isinstance(event, Progress)][-1]
    assert (last.done, last.total, last.unit) == (300, 300, "character")
    ended = told[-1]
    assert isinstance(ended, Finished)
    assert ended.complete
    assert ended.result == f"{len(essay.text)} characters in {len(essay.pieces)} pieces"

    told.clear()
    writer.write("우리는", 300, SAMPLING, 2, title="함께", on=told.append, resume=kept[1])
    assert told[:2] == [
        Begun("writing", 300, "character", done=len(kept[1].text)),
        TextWritten(kept[1].text.removeprefix("우리는")),
    ]
    assert ("우리는" + text_of(told)).rstrip() == essay.text


def test_cancelled_when_a_piece_is_told_of_writing_ends_with_that_piece_kept(writer: Writer) -> None:
    told: list[Event] = []
    kept: list[Draft] = []
    job = Cancellable(told.append)

    def cancel_at_a_piece(event: Event) -> None:
        job(event)
        if isinstance(event, TextWritten):
            job.cancel()

    with pytest.raises(Cancelled):
        writer.write(characters=300, sampling=SAMPLING, seed=2, on=cancel_at_a_piece, on_piece=kept.append)
    assert len(kept) == 1
    assert text_of(told) == kept[0].text
    ended = told[-1]
    assert isinstance(ended, Finished)
    assert not ended.complete


def test_cancelled_within_a_piece_writing_ends_before_the_next_token(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Cancellable()
    tokens = 0

    def fifth_cancels(*given: Any) -> int:
        nonlocal tokens
        tokens += 1
        if tokens == 5:
            job.cancel()
        return draw(*given)

    whole = writer.write(characters=200, sampling=SAMPLING, seed=2)
    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr("generate.writer.PULSE", 0.0)
        patch.setattr("generate.piece.draw", fifth_cancels)
        writer.write(characters=200, sampling=SAMPLING, seed=2, on=job)
    assert tokens == 5
    assert writer.write(characters=200, sampling=SAMPLING, seed=2) == replace(whole, seconds=ANY)  # nothing is left


def test_where_memory_runs_out_it_is_said_in_a_line_and_what_was_written_is_gone_on_with(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Draft] = []

    def soon_out_of_memory(*given: Any) -> int:
        if kept:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return draw(*given)

    with monkeypatch.context() as patch, pytest.raises(GeulgamError, match="memory ran out while writing") as caught:
        patch.setattr("generate.piece.draw", soon_out_of_memory)
        writer.write(characters=200, sampling=SAMPLING, seed=2, on_piece=kept.append)
    assert "finetune.device" in caught.value.hint
    whole = writer.write(characters=200, sampling=SAMPLING, seed=2)
    assert writer.write(characters=200, sampling=SAMPLING, seed=2, resume=kept[0]).text == whole.text


def test_while_another_thread_has_the_base_writing_waits_and_can_be_broken_off(writer: Writer) -> None:
    told: list[Event] = []
    job = Cancellable(told.append)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            writer.write(characters=100, sampling=SAMPLING, on=job)
        except BaseException as error:
            failed.append(error)

    with writer.base.borrowed():
        other = threading.Thread(target=write)
        other.start()
        other.join(0.2)
        job.cancel()
        other.join(10)
    assert not other.is_alive()
    assert isinstance(failed[0], Cancelled)
    assert {event.task for event in told if isinstance(event, Begun)} == {"waiting"}


def test_several_times_a_second_and_not_at_every_token_it_is_told_that_the_work_goes_on(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr("generate.writer.time.monotonic", lambda: next(clock) * 0.05)  # a token takes 0.05 to 0.1 s
    told: list[Event] = []
    essay = writer.write(characters=200, sampling=SAMPLING, seed=2, on=told.append)
    tokens = sum(len(piece.tokens) for piece in essay.pieces)
    pulses = sum(isinstance(event, Progress) for event in told) - len(essay.pieces)
    assert tokens / 8 < pulses < tokens


def test_a_draft_of_anything_else_has_another_key_and_is_not_gone_on_with(writer: Writer, tiny: Path) -> None:
    given: dict[str, Any] = {"prompt": "우리는", "characters": 100, "sampling": SAMPLING, "seed": 2, "title": "함께"}
    kept: list[Draft] = []
    writer.write(**given, on_piece=kept.append)
    assert {draft.key for draft in kept} == {writer.begin(**given).key}

    others: list[tuple[Writer, dict[str, Any]]] = [
        (writer, {"prompt": "우리"}),
        (writer, {"characters": 101}),
        (writer, {"sampling": replace(SAMPLING, top_k=21)}),
        (writer, {"seed": 3}),
        (writer, {"title": ""}),
        (Writer(writer.base, window=128), {}),
        (Writer(BaseModel.load(str(tiny), ["강가에"], device="cpu", precision="fp32")), {}),
    ]
    for other, changes in others:
        now = given | changes
        assert other.begin(**now).key != kept[-1].key
        with pytest.raises(GeulgamError, match="other settings or another model"):
            other.write(**now, resume=kept[-1])


def test_a_draft_whose_vocabulary_has_changed_is_told_by_its_key_and_the_essay_begun_anew(
    writer: Writer, tiny: Path, tmp_path: Path
) -> None:
    """A face keeps drafts in files called by their keys: then no draft stands in the way of the essay for good."""

    def go_on(writer: Writer, pieces: int) -> Draft:
        file = tmp_path / f"{writer.begin(characters=200, seed=1).key}.json"
        resume = Draft.from_dict(json.loads(file.read_text())) if file.exists() else None

        def keep(draft: Draft) -> None:
            file.write_text(json.dumps(draft.as_dict()))
            if len(draft.pieces) == pieces:
                raise KeyboardInterrupt

        return writer.write(characters=200, seed=1, on_piece=keep, resume=resume)

    with pytest.raises(KeyboardInterrupt):
        go_on(writer, 1)
    grown = BaseModel.load(str(tiny), ["강가에 나가 물이 흐르는 것을"], device="cpu", precision="fp32")
    assert go_on(Writer(grown), 0).is_finished
    assert go_on(writer, 0).is_finished


def test_a_draft_that_cannot_be_read_says_what_to_do() -> None:
    with pytest.raises(GeulgamError, match="cannot be read") as caught:
        Draft.from_dict({"text": "우리는"})
    assert "begin it anew" in caught.value.hint


def test_bad_requests_are_refused_in_one_line(writer: Writer) -> None:
    with pytest.raises(GeulgamError, match="context of 256"):
        writer.write("우리는 함께 걸었다. " * 200, 100_000)
    with pytest.raises(GeulgamError, match="6 characters already, and 5 were asked"):
        writer.write("우리는 함께", 5)
    with pytest.raises(GeulgamError, match="0 characters"):
        writer.begin(characters=0)


def text_of(told: list[Event]) -> str:
    return "".join(event.text for event in told if isinstance(event, TextWritten))


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
