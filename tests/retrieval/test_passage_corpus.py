"""The passages of essays follow them: what is new or changed is cut, and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.document import Document, document
from corpus.events import Begun, Event, Progress
from corpus.store import Corpus
from retrieval.passage_corpus import PassageCorpus, cut
from retrieval.passages import PASSAGE
from tests.retrieval.conftest import corpus_of


def essays(count: int, paragraphs: int = 5) -> list[Document]:
    """Essays of several passages each."""
    return [
        document("\n\n".join(f"{number}번 글의 {at}번째 문단이다. " * 8 for at in range(paragraphs)), f"글{number}")
        for number in range(count)
    ]


def hold(corpus: Corpus, documents: Iterable[Document]) -> None:
    """Make the corpus hold exactly these documents."""
    writer = corpus.writer()
    for each in documents:
        writer.add(each)
    corpus.commit(writer.finish(), replace=True)


def cut_now(made: PassageCorpus, corpus: Corpus) -> int:
    """How many essays are cut when the passages are brought up to date, as the corpus of passages then has to be."""
    events: list[Event] = []
    made.update(corpus, on=events.append)
    assert made.stale(corpus) == []
    expected = {passage.id: passage for essay in corpus for passage in cut(essay)}
    assert {passage.id: passage for passage in made.corpus} == expected
    return sum(event.total or 0 for event in events if isinstance(event, Begun) and event.task == "cutting")


def test_passages_are_all_of_an_essay_under_ids_of_its_own() -> None:
    essay = essays(3, paragraphs=40)[2]
    parts = list(cut(essay))
    assert "".join("".join(part.text.split()) for part in parts) == "".join(essay.text.split())
    assert all(part.id[:24] == essay.id[:24] and len(part.text) <= PASSAGE for part in parts)
    assert [int(part.id[24:], 16) for part in parts] == list(range(len(parts)))
    assert [part.text for part in cut(Document("0" * 32, "", "제목"))] == [""]


def test_only_essays_that_are_new_or_changed_are_cut(tmp_path: Path) -> None:
    corpus, made = corpus_of(tmp_path / "corpus", essays(30)), PassageCorpus(tmp_path / "passages")
    assert made.stale(corpus) == ["passages not built yet"]
    assert cut_now(made, corpus) == 30
    assert cut_now(made, corpus) == 0
    corpus.add(essays(33))
    assert made.stale(corpus) == ["passages of another corpus"]
    assert cut_now(PassageCorpus(tmp_path / "passages"), corpus) == 3
    first, *others = essays(33)
    hold(corpus, [*others, replace(first, text=f"{first.text[:300]} 고쳤다.", title="고친 글")])
    assert cut_now(made, corpus) == 1
    hold(corpus, others[5:])
    assert cut_now(made, corpus) == 0
    hold(corpus, [replace(others[0], source="다른 곳"), *others[1:20], *essays(40)[35:]])
    assert cut_now(made, corpus) == 5 + 5
    assert len(list((tmp_path / "passages").glob("essays-*"))) == 1


def test_a_part_stays_as_it_is_while_its_essays_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 32)  # so that essays begin in one part and end in the next
    corpus, made = corpus_of(tmp_path / "corpus", essays(30)), PassageCorpus(tmp_path / "passages")
    cut_now(made, corpus)
    before = made.corpus.parts()
    states = {part: part.stat().st_mtime_ns for part in before}
    corpus.add(essays(31))
    assert cut_now(made, corpus) == 1
    assert made.corpus.parts()[: len(before)] == before
    hold(corpus, [essay for number, essay in enumerate(essays(31)) if number != 2])
    assert cut_now(made, corpus) == 0
    stay = [part for part in before if part in made.corpus.parts()]
    assert len(before) - 2 <= len(stay) < len(before)
    assert {part: part.stat().st_mtime_ns for part in stay} == {part: states[part] for part in stay}


def test_when_passages_are_to_have_another_length_all_are_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, made = corpus_of(tmp_path / "corpus", essays(6)), PassageCorpus(tmp_path / "passages")
    cut_now(made, corpus)
    monkeypatch.setattr("retrieval.passage_corpus.PASSAGE", 2 * PASSAGE)
    assert made.stale(corpus) == ["passages of another length"]
    assert cut_now(made, corpus) == 6
    assert any(len(passage.text) > PASSAGE for passage in made.corpus)


def test_broken_off_it_leaves_the_passages_that_were_there(tmp_path: Path) -> None:
    corpus, made = corpus_of(tmp_path / "corpus", essays(6)), PassageCorpus(tmp_path / "passages")
    cut_now(made, corpus)
    before = list(made.corpus)
    corpus.add(essays(9))

    def stop(event: Event) -> None:
        if isinstance(event, Progress):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.update(corpus, on=stop)
    assert list(made.corpus) == before
    assert cut_now(made, corpus) == 3


def test_where_it_is_not_known_any_more_what_was_cut_all_is_cut_again(tmp_path: Path) -> None:
    corpus, made = corpus_of(tmp_path / "corpus", essays(6)), PassageCorpus(tmp_path / "passages")
    cut_now(made, corpus)
    for count, damage in enumerate((b"", b"x" * 200, None), start=7):
        (note,) = (tmp_path / "passages").glob("essays-*")
        if damage is None:
            note.unlink()
        else:
            note.write_bytes(damage)
        corpus.add(essays(count))
        assert cut_now(made, corpus) == count
