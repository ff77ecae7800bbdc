"""Essays: as long as asked, by their plan, the same for the same seed, resumable anywhere, and nothing copied."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
import torch

from bench.essays import sample_documents
from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import Begun, Cancellable, Cancelled, Event, Finished, Progress, TextWritten
from finetune.base import BaseModel
from finetune.layout import essay_text
from generate.critic.critic import Critic
from generate.critic.weights import Weights
from generate.decoding.sampling import PRESETS, Sampling, draw
from generate.draft import Draft
from generate.guards.guards import Guards
from generate.guards.letters import letters_of
from generate.guards.spans import SpanIndex
from generate.planning.plan import Plan, Section
from generate.sentences import ends, starts
from generate.writer import Writer
from retrieval.analyzers import analyzer
from tests.finetune.tiny import tiny_essays

SAMPLING = Sampling(top_k=20, top_p=0.95)
TWO = Plan(
    "함께",
    (
        Section("눈", 420, ("편지", "운동장"), "opening"),
        Section("물", 420, ("기차", "선생님"), "closing"),
    ),
)


LEARNT = (
    "아침마다 강가에 나가 물이 흐르는 것을 보았다. 아이들은 발자국을 남기며 뛰었다. 선생님은 창가에서 웃었다. "
    "기차가 역을 떠날 때 어머니는 손을 흔들었다. 지우고 다시 쓰는 일이 글쓰기의 절반이었다."
)


def asked(characters: int, opening: str = "", title: str = "함께") -> Plan:
    return Plan.of_one_section(title, characters, opening)


@pytest.fixture(scope="module")
def writer(practised: BaseModel) -> Writer:
    return Writer(practised)


@pytest.mark.parametrize("best_of", [1, 3])
@pytest.mark.parametrize("name", PRESETS)
def test_an_essay_is_as_long_as_asked_to_the_nearest_sentence(writer: Writer, name: str, best_of: int) -> None:
    essay = writer.write(asked(300), PRESETS[name], 1, best_of=best_of)
    assert essay.is_finished and ends(essay.text)
    assert essay.text.endswith(essay.pieces[-1].text.rstrip())
    shorter = essay.text[: starts(essay.text)[-1]].rstrip()
    assert abs(len(essay.text) - 300) <= max(30, abs(len(shorter) - 300))


def test_with_a_few_candidates_the_length_is_kept_within_a_few_characters(writer: Writer) -> None:
    assert abs(len(writer.write(asked(400, "우리는"), SAMPLING, 2, best_of=8).text) - 400) <= 4


def test_an_essay_is_clean_text(writer: Writer) -> None:
    text = writer.write(asked(300), replace(SAMPLING, temperature=2.0), 2, best_of=2).text
    assert "\ufffd" not in text
    assert "\n\n\n" not in text
    assert "  " not in text
    assert text == text.strip()
    assert not any(line != line.strip() for line in text.splitlines())
    assert "<eos>" not in text


def test_the_text_is_its_opening_and_its_pieces_one_after_another(writer: Writer) -> None:
    essay = writer.write(asked(300, "  우리는 함께"), SAMPLING, 1, best_of=2)
    assert essay.text == "우리는 함께" + "".join(piece.text for piece in essay.pieces).rstrip()
    assert essay.plan.title == "함께"
    assert len(essay.pieces) > 2


def test_each_section_has_about_its_length_begins_a_paragraph_and_names_its_keywords(writer: Writer) -> None:
    essay = writer.write(TWO, SAMPLING, 3, best_of=8)
    assert abs(len(essay.text) - TWO.characters) <= 30  # of a short essay
    first, second = essay.sections()
    assert (first[0], second[0]) == TWO.sections
    assert essay.text == f"{first[1]}\n\n{second[1]}"
    for section, text in (first, second):
        assert abs(len(text) - section.characters) <= 100
        assert all(word in text for word in section.keywords)
    for number, (_, text) in enumerate((first, second)):
        assert "".join(piece.text for piece in essay.pieces if piece.section == number).strip() == text


def test_headings_stand_between_the_sections_where_the_plan_has_them(writer: Writer) -> None:
    essay = writer.write(replace(TWO, headings=True), SAMPLING, 3, best_of=1)
    assert "\n\n## 물\n\n" in essay.text


@pytest.mark.parametrize("best_of", [1, 4])
def test_the_same_seed_gives_the_same_essay_and_another_seed_another(writer: Writer, best_of: int) -> None:
    first, again, other = (writer.write(asked(150), SAMPLING, s, best_of=best_of).text for s in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.slow
@pytest.mark.parametrize("best_of", [1, 3])
def test_a_broken_off_essay_is_finished_as_if_nothing_had_happened(writer: Writer, best_of: int) -> None:
    def written(resume: Draft | None = None, stop_after: int | None = None) -> Draft:
        saved: list[Draft] = []

        def keep(draft: Draft) -> None:
            saved.append(Draft.from_dict(json.loads(json.dumps(draft.as_dict()))))
            if len(draft.pieces) == stop_after:
                raise KeyboardInterrupt

        plan = replace(TWO, opening="우리는")
        try:
            return writer.write(plan, SAMPLING, 2, best_of=best_of, on_piece=keep, resume=resume)
        except KeyboardInterrupt:
            return saved[-1]

    whole = written()
    count = len(whole.pieces)
    assert sum(len(piece.tokens) for piece in whole.pieces) > 192  # the window has slid
    for stop_after in (1, count // 2, count - 1):
        part = written(stop_after=stop_after)
        assert len(part.pieces) == stop_after
        assert whole.text.startswith(part.text)
        rest = written(resume=part)
        assert rest.text == whole.text
        assert rest.pieces == whole.pieces
    again = written(resume=whole)
    assert (again.text, again.seconds) == (whole.text, whole.seconds)


def learnt_by_heart(tiny: Path, text: str) -> BaseModel:
    """The tiny model after reading one text until it says nothing else."""
    words = [f" {word}" for word in f"함께 {text}".split()]  # no token spans two
    base = BaseModel.load(str(tiny), words, device="cpu", precision="fp32")
    ids = torch.tensor([[base.vocabulary.bos, *base.vocabulary.encode(f"함께\n\n{text}"), base.vocabulary.eos]])
    torch.manual_seed(0)
    base.model.requires_grad_(True).train()
    optimizer = torch.optim.AdamW(base.model.parameters(), lr=1e-2)
    for _ in range(120):
        loss = base.model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    base.model.requires_grad_(False).eval()
    return base


@pytest.mark.slow
def test_nothing_is_copied_and_no_banned_phrase_written_however_the_model_would_love_to(tiny: Path) -> None:
    known = document(LEARNT, "함께")
    base = learnt_by_heart(tiny, known.text)
    spans = SpanIndex.of([known])
    plan, sampling = asked(110, LEARNT[:12]), Sampling(temperature=0.7)
    free = Writer(base).write(plan, sampling, 1, best_of=2)
    assert spans.copied(free.text)
    word = next(word for word in ("발자국", "선생님", "기차", "어머니") if word in free.text)
    guarded = Writer(base, guards=Guards(spans, [word])).write(plan, sampling, 1, best_of=2)
    assert not spans.copied(guarded.text)
    assert word not in letters_of(guarded.text)


def test_the_prompt_and_the_text_told_of_are_the_essay_also_when_it_is_gone_on_with(writer: Writer) -> None:
    told: list[Event] = []
    kept: list[Draft] = []
    essay = writer.write(asked(300, "우리는"), SAMPLING, 2, best_of=2, redrafts=0, on=told.append, on_piece=kept.append)
    assert ("우리는" + text_of(told)).rstrip() == essay.text
    assert sum(isinstance(event, TextWritten) for event in told) == len(essay.pieces) > 2
    assert told[0] == Begun("writing", 300, "character", done=3)
    last = [event for event in told if isinstance(event, Progress)][-1]
    assert (last.done, last.total, last.unit) == (min(300, len(essay.text)), 300, "character")
    ended = told[-1]
    assert isinstance(ended, Finished)
    assert ended.complete
    assert ended.result == f"{len(essay.text)} characters in {len(essay.pieces)} pieces"

    told.clear()
    writer.write(asked(300, "우리는"), SAMPLING, 2, best_of=2, redrafts=0, on=told.append, resume=kept[1])
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
        writer.write(asked(300), SAMPLING, 2, best_of=1, redrafts=0, on=cancel_at_a_piece, on_piece=kept.append)
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

    def fifth_cancels(*given: Any) -> list[int]:
        nonlocal tokens
        tokens += 1
        if tokens == 5:
            job.cancel()
        return draw(*given)

    whole = writer.write(asked(200), SAMPLING, 2, best_of=1)
    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr("generate.writer.PULSE", 0.0)
        patch.setattr("generate.candidates.draw", fifth_cancels)
        writer.write(asked(200), SAMPLING, 2, best_of=1, on=job)
    assert tokens == 5
    assert writer.write(asked(200), SAMPLING, 2, best_of=1) == replace(whole, seconds=ANY)  # nothing is left


def test_where_memory_runs_out_it_is_said_in_a_line_and_what_was_written_is_gone_on_with(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Draft] = []

    def soon_out_of_memory(*given: Any) -> list[int]:
        if kept:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return draw(*given)

    with monkeypatch.context() as patch, pytest.raises(GeulgamError, match="memory ran out while writing") as caught:
        patch.setattr("generate.candidates.draw", soon_out_of_memory)
        writer.write(asked(200), SAMPLING, 2, best_of=1, on_piece=kept.append)
    assert "finetune.device" in caught.value.hint
    whole = writer.write(asked(200), SAMPLING, 2, best_of=1)
    assert writer.write(asked(200), SAMPLING, 2, best_of=1, resume=kept[0]).text == whole.text


def test_while_another_thread_has_the_base_writing_waits_and_can_be_broken_off(writer: Writer) -> None:
    told: list[Event] = []
    waits = threading.Event()

    def on(event: Event) -> None:
        told.append(event)
        if isinstance(event, Begun) and event.task == "waiting":
            waits.set()

    job = Cancellable(on)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            writer.write(asked(100), SAMPLING, on=job)
        except BaseException as error:
            failed.append(error)

    with writer.base.borrowed():
        other = threading.Thread(target=write)
        other.start()
        assert waits.wait(60)
        job.cancel()
        other.join(60)
    assert not other.is_alive()
    assert isinstance(failed[0], Cancelled)
    assert {event.task for event in told if isinstance(event, Begun)} == {"waiting"}


def test_several_times_a_second_and_not_at_every_token_it_is_told_that_the_work_goes_on(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr("generate.writer.time.monotonic", lambda: next(clock) * 0.05)  # a token takes 0.05 to 0.1 s
    told: list[Event] = []
    essay = writer.write(asked(200), SAMPLING, 2, best_of=1, on=told.append)
    tokens = sum(len(piece.tokens) for piece in essay.pieces)
    pulses = sum(isinstance(event, Progress) for event in told) - len(essay.pieces)
    assert tokens / 8 < pulses < tokens


def test_a_draft_of_anything_else_has_another_key_and_is_not_gone_on_with(writer: Writer, tiny: Path) -> None:
    given: dict[str, Any] = {"plan": asked(80, "우리는"), "sampling": SAMPLING, "seed": 2, "best_of": 1}
    kept: list[Draft] = []
    writer.write(**given, on_piece=kept.append)
    assert {draft.key for draft in kept} == {writer.begin(**given).key}

    base = writer.base
    others: list[tuple[Writer, dict[str, Any]]] = [
        (writer, {"plan": asked(80, "우리")}),
        (writer, {"plan": asked(81, "우리는")}),
        (writer, {"plan": asked(80, "우리는", title="")}),
        (writer, {"plan": replace(asked(80, "우리는"), sections=(Section("함께", 80, ("물",), "opening"),))}),
        (writer, {"sampling": replace(SAMPLING, top_k=21)}),
        (writer, {"seed": 3}),
        (writer, {"best_of": 2}),
        (writer, {"beam": 2}),
        (writer, {"redrafts": 0}),
        (Writer(base, window=128), {}),
        (Writer(base, critic=Critic(Weights(wear=0.0))), {}),
        (Writer(base, critic=Critic(terms_of=analyzer("bigram"))), {}),
        (Writer(base, guards=Guards(banned=["희망"])), {}),
        (Writer(base, guards=Guards(SpanIndex.of(tiny_essays(2)))), {}),
        (Writer(BaseModel.load(str(tiny), ["강가에"], device="cpu", precision="fp32")), {}),
    ]
    keys = {other.begin(**(given | changes)).key for other, changes in others}
    assert len(keys) == len(others) and kept[-1].key not in keys
    for other, changes in others[-2:]:
        with pytest.raises(GeulgamError, match="other settings or another model"):
            other.write(**(given | changes), resume=kept[-1])


@pytest.mark.slow
def test_a_draft_whose_vocabulary_has_changed_is_told_by_its_key_and_the_essay_begun_anew(
    writer: Writer, tiny: Path, tmp_path: Path
) -> None:
    """A face keeps drafts in files called by their keys: then no draft stands in the way of the essay for good."""

    def go_on(writer: Writer, pieces: int) -> Draft:
        file = tmp_path / f"{writer.begin(asked(200), seed=1, best_of=1).key}.json"
        resume = Draft.from_dict(json.loads(file.read_text())) if file.exists() else None

        def keep(draft: Draft) -> None:
            file.write_text(json.dumps(draft.as_dict()))
            if len(draft.pieces) == pieces:
                raise KeyboardInterrupt

        return writer.write(asked(200), seed=1, best_of=1, on_piece=keep, resume=resume)

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
        writer.write(asked(100_000, "우리는 함께 걸었다. " * 200))
    with pytest.raises(GeulgamError, match="6 characters already, and 5 were asked"):
        writer.write(asked(5, "우리는 함께"))
    with pytest.raises(GeulgamError, match="0 characters"):
        writer.begin(asked(0))
    with pytest.raises(GeulgamError, match="best of 0"):
        writer.begin(asked(10), best_of=0)
    with pytest.raises(GeulgamError, match="a beam of 0"):
        writer.begin(asked(10), beam=0)
    with pytest.raises(GeulgamError, match="-1 redrafts"):
        writer.begin(asked(10), redrafts=-1)
    with pytest.raises(GeulgamError, match="wants the adapter 여행"):
        writer.begin(Plan("함께", (Section("길", 100, adapter="여행"),)))


def text_of(told: list[Event]) -> str:
    return "".join(event.text for event in told if isinstance(event, TextWritten))


@pytest.mark.slow
def test_the_real_model_writes_korean_in_whole_sentences(gemma: str) -> None:
    base = BaseModel.load(gemma, [essay_text(essay) for essay in sample_documents()])
    writer = Writer(base)
    plan = asked(160, "우리는 함께 길을 걸었다. 그날의 바람은 차가웠고 아무도 먼저 말하지 않았다.")
    essay = writer.write(plan, seed=7, best_of=4)
    hangul = sum("가" <= character <= "힣" for character in essay.text)
    assert hangul > 0.6 * len(essay.text)
    assert ends(essay.text)
    assert abs(len(essay.text) - 160) < 30
    assert writer.write(plan, seed=7, best_of=4).text == essay.text
