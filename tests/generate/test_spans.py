"""Copied spans, found exactly, wherever they stand and however they are spaced."""

import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, Progress
from generate.guards.grams import GRAM, codes_of, hashed, key_of, windows
from generate.guards.letters import letters_of
from generate.guards.spans import SHORTEST, Copied, SpanIndex, longest

RIVER = document(
    "아침마다 강가에 나가 물이 흐르는 것을 보았다. 물은 늘 같은 자리에서 다른 소리를 냈다. 나는 그 소리를 적었고, "
    "겨울이 되어 강이 얼면 적어 둔 소리를 하나씩 꺼내 읽었다.",
    "강",
)
TRAIN = document(
    "기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 그렇게 시작되었고,\n\n길은 바다까지 이어졌다. 창가에 앉은 "
    "아이가 처음 보는 섬의 이름을 물었다.",
    "기차",
)
OWN = "이것은 아무 데서도 베끼지 않은 새 글임! "
Index = Callable[..., SpanIndex]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Build an index of documents, or of texts."""

    def build(*documents: Document | str) -> SpanIndex:
        return SpanIndex.build([document(d) if isinstance(d, str) else d for d in documents], tmp_path / "spans")

    return build


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def start_of(text: str, letters: int) -> str:
    """The text up to its so-manyth letter."""
    return next(text[:end] for end in range(len(text)) if len(letters_of(text[:end])) == letters)


def test_thirty_letters_are_a_span_and_twenty_nine_are_not(index: Index) -> None:
    spans = index(RIVER, TRAIN)
    for skipped in range(16):
        rest = RIVER.text[skipped:]
        thirty, fewer = start_of(rest, SHORTEST), start_of(rest, SHORTEST - 1)
        assert [letters_of(span.text) for span in spans.copied(f"{OWN}{thirty}|{OWN}")] == [letters_of(thirty)]
        assert spans.copied(f"{OWN}{fewer}|{OWN}") == []
        assert spans.completes(OWN + fewer, thirty[len(fewer) :]) and not spans.completes(OWN + fewer[:-1], fewer[-1:])


def test_a_span_says_where_it_stands_and_where_it_comes_from(index: Index) -> None:
    text = f"{OWN}{RIVER.text[3:64]}| {TRAIN.text[2:50]}#"
    first, second = spans = index(RIVER, TRAIN).copied(text)
    assert text[first.start : first.end] == first.text == RIVER.text[3:64].strip(" ,")
    assert (first.document_id, first.title) == (RIVER.id, "강")
    assert (second.text, second.title) == (TRAIN.text[2:50].strip(" ."), "기차")
    assert longest(spans) == first


def test_spacing_punctuation_case_and_unicode_form_do_not_hide_a_copy(index: Index) -> None:
    spans = index("Café에서 만난 사람은 아무 말도 없이 창밖의 비를 오래도록 바라보고만 있었다고 한다.")
    (said,) = spans.copied("—CAFÉ에서만난: 사람은,\n아무 말도\t없이 '창밖의' 비를 오래도록 바라보고만 있었다고 한다")
    assert (said.start, said.text[:4], said.text[-2:]) == (1, "CAFÉ", "한다")
    text = f"앞. {decomposed(said.text)} 뒤."
    (again,) = spans.copied(text)
    assert text[again.start : again.end] == again.text == decomposed(said.text)


def test_no_span_runs_over_the_end_of_a_document(index: Index) -> None:
    spans = index(RIVER, TRAIN, "끝")
    assert [span.text for span in spans.copied(RIVER.text + TRAIN.text)] == [RIVER.text[:-1], TRAIN.text[:-1]]
    joint = letters_of(RIVER.text)[-20:], letters_of(TRAIN.text)[:20]
    assert spans.copied("".join(joint)) == [] and not spans.completes(*joint)


def test_only_the_longest_span_is_told_and_the_first_document_of_several(index: Index) -> None:
    parts = [document(RIVER.text[10:70], "부분"), document(RIVER.text[:70]), RIVER, document(RIVER.text, "다시")]
    (span,) = index(*parts).copied(OWN + RIVER.text + OWN)
    assert (span.document_id, span.title) == (RIVER.id, "강")


def test_spans_may_overlap(index: Index) -> None:
    spans = index(RIVER.text[:60], RIVER.text[8:]).copied(RIVER.text)
    assert [span.start for span in spans] == [0, 9]
    assert spans[0].end > spans[1].start and spans[1].end == len(RIVER.text) - 1


def test_what_the_tail_holds_already_is_not_held_against_the_addition(index: Index) -> None:
    spans = index(RIVER, TRAIN)
    copy, rest = RIVER.text[:50], RIVER.text[50:]
    assert not spans.completes(copy, " 전혀") and not spans.completes(copy, ". ") and not spans.completes(copy, "")
    assert spans.completes(copy, rest[:2]) and spans.completes("", copy) and spans.completes(OWN, f"그리고 {copy} 끝")


def test_letters_far_from_each_other_are_seen(index: Index) -> None:
    spread = " — … — ".join(letters_of(RIVER.text)[:SHORTEST])
    assert index(RIVER).completes(spread[:-1], spread[-1]) and len(index(RIVER).copied(spread)) == 1


def test_a_syllable_that_the_addition_finishes_is_new(index: Index) -> None:
    spans = index(RIVER)
    written = decomposed(start_of(RIVER.text, SHORTEST))
    assert not spans.completes("", written[:-1]) and spans.completes(written[:-1], written[-1])


def test_grams_of_one_hash_are_compared(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generate.guards.spans.key_of", lambda gram: 7)
    monkeypatch.setattr("generate.guards.grams.hashed", lambda grams: np.full(len(grams), 7, np.uint64))
    monkeypatch.setattr("generate.guards.spans.hashed", lambda grams: np.full(len(grams), 7, np.uint64))
    spans = index(RIVER, TRAIN)
    assert not spans.completes(OWN, OWN * 2) and spans.copied(OWN * 3) == []
    assert spans.completes(OWN, RIVER.text) and len(spans.copied(OWN + RIVER.text)) == 1


def test_a_phrase_of_many_documents_is_no_copy_until_thirty_letters_are(index: Index) -> None:
    phrase = start_of(RIVER.text, SHORTEST - 4)
    spans = index(*(f"{chr(0xAC00 + n)} {n} {phrase} {n} {chr(0xAC00 + n)}" for n in range(3_000)))
    assert (
        not spans.completes(phrase, "힣힣힣힣힣")
        and spans.completes(phrase, "2999")
        and spans.completes("2999", phrase)
    )
    began = time.process_time()
    assert not spans.completes("힣" + phrase, "힣")
    assert time.process_time() - began < 0.1


def test_an_index_in_memory_is_the_same_as_one_on_disk(index: Index) -> None:
    in_memory, on_disk = SpanIndex.of([RIVER, TRAIN]), index(RIVER, TRAIN)
    text = OWN + RIVER.text + TRAIN.text
    assert in_memory.copied(text) == on_disk.copied(text) != []
    assert in_memory.fingerprint == on_disk.fingerprint
    assert in_memory.completes("", RIVER.text) and SpanIndex.of([]).copied(text) == []


def test_nothing_to_copy_from_or_nothing_written_is_nothing_copied(index: Index) -> None:
    assert index().copied(RIVER.text) == [] and not index().completes("", RIVER.text)
    assert index("짧다").copied(RIVER.text) == [] and not index("짧다", "", "…").completes(RIVER.text, OWN)
    assert index(RIVER).copied("짧다") == [] and index(RIVER).copied("") == []
    assert longest([]) is None


# What the index has to tell, as plainly as it can be said.


def plain_letters(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum() and ord(letter) < 0x10000)


def plainly_completes(texts: Sequence[str], tail: str, addition: str) -> bool:
    before, whole = plain_letters(tail), plain_letters(tail + addition)
    kept = 0
    while kept < len(before) and before[kept : kept + 1] == whole[kept : kept + 1]:
        kept += 1
    ends = range(max(SHORTEST, kept + 1), len(whole) + 1)
    return any(whole[end - SHORTEST : end] in plain_letters(text) for end in ends for text in texts)


def plain_spans(texts: Sequence[str], text: str) -> list[str]:
    letters, sources = plain_letters(text), [plain_letters(text) for text in texts]
    found, reached = [], 0
    for start in range(len(letters)):
        end = start
        while end < len(letters) and any(letters[start : end + 1] in source for source in sources):
            end += 1
        if end - start >= SHORTEST and end > reached:
            found.append(letters[start:end])
            reached = end
    return found


def fresh(texts: Sequence[str]) -> SpanIndex:
    return SpanIndex.of(Document(f"{n:032x}", text) for n, text in enumerate(texts))


letters_and_more = st.sampled_from(["가", "각", "ㄱ", "\u1100", "\u1161", "\u11a8", "A", "a", "é", "e\u0301", "\u0301"])
between = st.sampled_from(["", "", "", " ", ", ", "\n", "-", "\u0345", "ﬃ", "\U00020000", "0"])
pieces = st.lists(st.tuples(letters_and_more, between), max_size=80).map(
    lambda drawn: "".join(one + other for one, other in drawn)
)
few = st.text("가나 ", max_size=120)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], str, str]:
    """Documents, a tail and an addition: pieces of the documents, in another Unicode form, and letters of their own."""
    texts = draw(st.lists(st.one_of(pieces, few, st.text(max_size=60)), min_size=1, max_size=4))

    def part() -> str:
        source = draw(st.sampled_from(texts))
        first, length = draw(st.integers(0, len(source))), draw(st.integers(0, 70))
        taken = source[first : first + length]
        return draw(st.sampled_from([taken, decomposed(taken), unicodedata.normalize("NFC", taken)]))

    text = "".join(part() + draw(st.text("가각 \u11a8", max_size=2)) for _ in range(draw(st.integers(1, 4))))
    cut = draw(st.integers(0, len(text)))
    return texts, text[:cut], text[cut:]


@given(cases())
def test_completes_tells_what_a_plain_search_tells(case: tuple[list[str], str, str]) -> None:
    texts, tail, addition = case
    spans = fresh(texts)
    expected = plainly_completes(texts, tail, addition)
    assert spans.completes(tail, addition) == expected
    assert spans.completes(tail, addition) == expected  # what is remembered is the same


@given(cases())
def test_copied_finds_what_a_plain_search_finds(case: tuple[list[str], str, str]) -> None:
    texts, tail, addition = case
    found = fresh(texts).copied(tail + addition)
    assert [plain_letters(span.text) for span in found] == plain_spans(texts, tail + addition)
    for span in found:
        assert (tail + addition)[span.start : span.end] == span.text
        assert plain_letters(span.text) in plain_letters(texts[int(span.document_id, 16)])


@given(st.text("가나", min_size=40, max_size=200), st.data())
def test_what_is_never_completed_is_never_copied(source: str, data: st.DataObject) -> None:
    """A writer that leaves out each token which would complete a span has copied none in the end."""
    spans, text = fresh([source]), ""
    for token in data.draw(st.lists(st.text("가나 ", min_size=1, max_size=3), max_size=60)):
        if not spans.completes(text, token):
            text += token
    assert spans.copied(text) == []


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), min_size=GRAM, max_size=40))
def test_one_gram_and_many_have_the_same_hashes(text: str) -> None:
    each = [key_of(text[place : place + GRAM]) for place in range(len(text) - GRAM + 1)]
    assert hashed(windows(codes_of(text))).tolist() == each


def test_every_character_that_joins_what_stands_before_is_known_as_one() -> None:
    from generate.guards.letters import _joins

    for code in range(0x10000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            assert _joins(chr(int(parts[1], 16))), parts


def test_an_index_is_opened_again_and_known_by_its_documents(index: Index, tmp_path: Path) -> None:
    spans = index(RIVER, TRAIN)
    again = SpanIndex.open(tmp_path / "spans")
    assert again.copied(RIVER.text) == spans.copied(RIVER.text) != []
    assert (again.documents, again.letters) == (2, len(letters_of(RIVER.text + TRAIN.text)))
    known = spans.fingerprint
    assert re.fullmatch("[0-9a-f]{32}", known) and index(TRAIN, RIVER).fingerprint == again.fingerprint == known
    assert index(RIVER).fingerprint != known != index(RIVER, document(TRAIN.text, "다른 제목")).fingerprint


def test_an_index_that_is_not_whole_is_not_opened(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "spans"
    with pytest.raises(GeulgamError, match="no index"):
        SpanIndex.open(folder)
    index(RIVER, TRAIN)

    def breaking(event: Event) -> None:
        if isinstance(event, Progress):
            raise KeyboardInterrupt

    (folder / "keys.npy").write_bytes((folder / "keys.npy").read_bytes()[:-8])
    with pytest.raises(GeulgamError, match="cannot read"):
        SpanIndex.open(folder)
    with pytest.raises(KeyboardInterrupt):
        SpanIndex.build([TRAIN], folder, on=breaking)
    with pytest.raises(GeulgamError, match="no index"):
        SpanIndex.open(folder)


def test_building_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[Event] = []
    SpanIndex.build([RIVER, TRAIN], tmp_path / "spans", on=told.append)
    begun, finished = told[0], told[-1]
    assert isinstance(begun, Begun) and (begun.total, begun.unit) == (2, "document")
    assert isinstance(finished, Finished) and finished.result == "126 letters of 2 documents"


def test_a_million_letters_are_quick_to_build_and_to_ask(tmp_path: Path) -> None:
    random = Random(1)
    texts = ["".join(chr(random.randint(0xAC00, 0xD7A3)) for _ in range(5_000)) for _ in range(200)]
    began = time.process_time()  # other work may stand in the way
    spans = SpanIndex.build(map(document, texts), tmp_path / "spans")
    assert time.process_time() - began < 3.0
    text = texts[77][:20_000]
    began = time.process_time()
    asked = [spans.completes(text[:place], text[place : place + 2]) for place in range(0, 4_000, 2)]
    assert (time.process_time() - began) / len(asked) < 0.0005  # some 20 µs
    assert asked == [False] * 14 + [True] * (len(asked) - 14)
    assert sum(path.stat().st_size for path in (tmp_path / "spans").iterdir()) < 3_100_000


def test_the_copied_know_their_length() -> None:
    assert Copied(3, 40, "", "", "").characters == 37
