"""What is held out stays held out and is never trained on; kin are on one side."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corpus.document import Document, Raw, document
from corpus.errors import GeulgamError
from corpus.events import Event, Finished
from corpus.kinship import groups, title_of_whole
from corpus.read import read
from corpus.sides import SIDES, Shares, Side, Sides, assign
from corpus.store import Corpus
from tests.corpus.made_up import essay, prose, reworded

Assign = Callable[..., Sides]
DEFAULT = Shares()


@pytest.fixture
def sides_of(tmp_path_factory: pytest.TempPathFactory) -> Assign:
    """The sides of a corpus of these documents."""

    def sides_of(documents: Sequence[Document], shares: Shares = DEFAULT) -> Sides:
        corpus = Corpus(tmp_path_factory.mktemp("corpus"))
        corpus.add(documents)
        return assign(corpus, shares)

    return sides_of


@pytest.fixture(scope="session")
def sample() -> list[Document]:
    """The essays that ship with geulgam."""
    return [row.document() for row in read([Path(str(files("geulgam.sample")))]) if isinstance(row, Raw)]


def ids(documents: Sequence[Document]) -> list[str]:
    return [document.id for document in documents]


def test_every_document_has_a_side_and_kin_have_the_same(sides_of: Assign, real_essays: list[Document]) -> None:
    sides = sides_of(real_essays)
    assert sides.counts() == {side: len(sides.ids(side)) for side in SIDES}
    assert sum(sides.counts().values()) == 1259
    assert sides.groups() == 1204
    told = sides.of(ids(real_essays))
    for number, group in enumerate(groups(real_essays)):
        assert len({told[place] for place in group}) == 1
        assert sides.kin([real_essays[place].id for place in group]) == [number] * len(group)
    assert sides.ids("test") == [one.id for one, side in zip(real_essays, told, strict=True) if side == "test"]


def parts(one: Document) -> tuple[Document, Document]:
    half = len(one.text) // 2
    title = one.title if title_of_whole(one.title) else f"제목 없는 글 {one.id}"
    return (
        document(one.text[:half], f"{title} (1/2)", one.source),
        document(one.text[half:], f"{title} (2/2)", one.source),
    )


def edition(one: Document) -> tuple[Document, Document]:
    return one, document(one.text + "\n\n" + prose(1, 150), f"{one.title} (고침)", "다른 책")


def copy(one: Document) -> tuple[Document, Document]:
    return one, document(reworded(one.text, 0.1), "퍼온 글", "https://blog.kr/1")


@pytest.mark.parametrize("leak", [parts, edition, copy])
@pytest.mark.parametrize("source", ["sample", "real_essays"])
def test_each_planted_leak_is_caught(
    request: pytest.FixtureRequest,
    sides_of: Assign,
    source: str,
    leak: Callable[[Document], tuple[Document, Document]],
) -> None:
    """To each essay that is held out its second half, an edition with a paragraph more, or a copy with a tenth of its
    words changed is added: if that came to lie on the train side, what is held out would be trained on."""
    documents: list[Document] = request.getfixturevalue(source)
    before = sides_of(documents)
    held_out = {*before.ids("valid"), *before.ids("test")}
    planted = {one.id: leak(one) for one in documents if one.id in held_out}
    assert len(planted) > 20
    kept = [planted[one.id][0] if one.id in planted else one for one in documents]
    sides = sides_of([*kept, *(second for _, second in planted.values())])
    leaks = [
        (first.title, second.title)
        for first, second in planted.values()
        if sides.of([first.id]) != sides.of([second.id]) or sides.kin([first.id]) != sides.kin([second.id])
    ]
    assert leaks == []


GROUPS = [
    [essay(10 * group + part, f"글 {group}째 ({part}/9)", "a.csv", 30) for part in range(3)] for group in range(40)
]
NOT_SMALL = [essay(seed + 10_000, f"다른 글 {seed}째", "", 30) for seed in range(60)]
LARGE = Shares(valid=0.3, test=0.3)
OUTWARD: dict[Side, int] = {"test": 0, "valid": 1, "train": 2}


def least(sides: Sides) -> int:
    return 2 if sides.groups() >= 10 else 1 if sides.groups() >= 3 else 0


@given(st.permutations(GROUPS), st.integers(0, 40), st.integers(0, 40), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_as_a_corpus_grows_no_essay_moves_from_train_to_held_out(
    tmp_path_factory: pytest.TempPathFactory,
    kin: list[list[Document]],
    before: int,
    added: int,
    chosen: random.Random,
) -> None:
    """Outward only, from test to valid to train, also where a group that is there gets another part."""
    corpus = Corpus(tmp_path_factory.mktemp("corpus"))
    corpus.add([part for group in kin[:before] for part in group[: chosen.randint(1, 2)]])
    old = assign(corpus)
    corpus.add([part for group in kin[: before + added] for part in group])
    new = assign(corpus)
    for sides in (old, new):
        assert min(sides.counts()["valid"], sides.counts()["test"]) >= least(sides)
    assume(least(old) == least(new))  # where the third or the tenth group comes, some must be drawn in
    for side in SIDES:
        for now in new.of(old.ids(side)):
            assert OUTWARD[now] >= OUTWARD[side]


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), min_size=1, max_size=8))
@settings(max_examples=50)
def test_joined_groups_take_the_side_of_the_one_that_was_first_and_no_other_moves(
    tmp_path_factory: pytest.TempPathFactory, joined: list[tuple[int, int]]
) -> None:
    corpus = Corpus(tmp_path_factory.mktemp("corpus"))
    corpus.add(NOT_SMALL)
    old, known = assign(corpus, LARGE), ids(NOT_SMALL)
    corpus.add(
        document(NOT_SMALL[one].text + " " + NOT_SMALL[other].text, f"이음 {one}과 {other}째") for one, other in joined
    )
    new = assign(corpus, LARGE)
    assume(min(new.counts()["test"], new.counts()["valid"]) > 2)  # or some are drawn in
    first: dict[int, int] = {}
    for place, group in enumerate(new.kin(known)):
        first.setdefault(group, place)
    before, after = old.of(known), new.of(known)
    for place, group in enumerate(new.kin(known)):
        assert after[place] == before[first[group]]
    for one, other in joined:
        assert new.kin([known[one]]) == new.kin([known[other]])


@pytest.mark.parametrize(("count", "held_out"), [(0, 0), (1, 0), (2, 0), (3, 1), (9, 1), (10, 2), (40, 2)])
def test_a_small_corpus_has_something_to_choose_by_and_to_measure_on(
    sides_of: Assign, count: int, held_out: int
) -> None:
    for seed in range(5):
        counts = sides_of([essay(100 * seed + place) for place in range(count)]).counts()
        assert min(counts["valid"], counts["test"]) >= held_out
        assert sum(counts.values()) == count


@pytest.mark.parametrize("shares", [DEFAULT, Shares(0.02, 0.5)])
def test_at_ten_thousand_the_shares_come_out_within_sampling_error(sides_of: Assign, shares: Shares) -> None:
    counts = sides_of([document(f"{place}째 글이다. {prose(place, 20)}") for place in range(10_000)], shares).counts()
    for share, count in ((shares.valid, counts["valid"]), (shares.test, counts["test"])):
        assert abs(count - 10_000 * share) < 4 * np.sqrt(10_000 * share * (1 - share))


def test_sides_depend_on_which_documents_are_first_and_not_on_what_they_say_besides(
    sides_of: Assign, sample: list[Document]
) -> None:
    sides = sides_of(sample)
    assert sides_of(sample).fingerprint() == sides.fingerprint()
    cleaned = sides_of([replace(one, text=one.text[5:], metadata={"권": "1"}) for one in sample])
    assert cleaned.fingerprint() == sides.fingerprint()
    assert sides_of(sample, Shares(0.1, 0.12)).fingerprint() != sides.fingerprint()
    assert sides_of(sample[:-1]).fingerprint() != sides.fingerprint()


def test_sides_are_saved_and_read_again(sides_of: Assign, sample: list[Document], tmp_path: Path) -> None:
    sides = sides_of(sample)
    sides.save(tmp_path / "below" / "sides.parquet")
    again = Sides.load(tmp_path / "below" / "sides.parquet")
    assert again.fingerprint() == sides.fingerprint()
    assert (again.of(ids(sample)), again.kin(ids(sample))) == (sides.of(ids(sample)), sides.kin(ids(sample)))
    assert (again.ids("valid"), again.groups(), again.counts()) == (sides.ids("valid"), 236, sides.counts())


def test_sides_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "sides.parquet"
    for content in (b"", b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(GeulgamError, match=r"cannot read the sides in .*sides\.parquet"):
            Sides.load(path)
    with pytest.raises(GeulgamError, match="cannot read the sides"):
        Sides.load(tmp_path / "none")


@pytest.mark.parametrize("id_", ["0" * 32, "없는 것"])
def test_a_document_without_a_side_is_told(sides_of: Assign, id_: str) -> None:
    with pytest.raises(GeulgamError, match=id_):
        sides_of([essay(1)]).of([essay(1).id, id_])


@pytest.mark.parametrize(
    ("valid", "test", "message"),
    [
        (0.0, 0.1, "corpus.valid_share is 0"),
        (0.1, 1.5, "corpus.test_share is 1.5"),
        (0.1, -0.1, "corpus.test_share is -0.1"),
        (float("nan"), 0.1, "corpus.valid_share is nan"),
        (0.4, 0.5, "corpus.valid_share and corpus.test_share are 0.4 and 0.5"),
    ],
)
def test_shares_that_leave_nothing_are_refused(valid: float, test: float, message: str) -> None:
    with pytest.raises(GeulgamError, match=message):
        Shares(valid, test)


def test_assigning_can_be_broken_off_and_tells_how_far_it_is(tmp_path: Path, sample: list[Document]) -> None:
    corpus, events = Corpus(tmp_path), list[Event]()
    corpus.add(sample)
    assign(corpus, on=events.append)
    assert [event.task for event in events if isinstance(event, Finished)] == ["comparing", "comparing closely"]

    def stop(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assign(corpus, on=stop)
