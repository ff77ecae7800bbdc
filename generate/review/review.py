"""The review of a text: its figures beside those of essays on the same topic that were held out from training."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median
from typing import TypeAlias, TypeVar

from corpus.document import Document, document_id
from corpus.events import On, Task, silent
from generate.guards.spans import SpanIndex, longest
from generate.review.analysed import Analysed, Excerpt, analyse, tidy
from generate.review.highlights import Overused, highlights
from generate.review.measures import COMPARED, MEASURES, Measure, Yardstick, found, terms
from generate.review.overused import PhraseUsage, repeated
from generate.review.reviewed import (
    Band,
    Chapter,
    Comparison,
    Review,
    ReviewedChapter,
    joints,
)
from generate.review.topic_essays import TopicEssays
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.encoder import Encoder

T = TypeVar("T")
Pmi: TypeAlias = Callable[[Sequence[tuple[str, str]]], list[float]]
Figures: TypeAlias = dict[str, float | None]

_MOST_HUMAN = 40  # essays, and of each:
_EXCERPTS = 3
_SHORTEST = 300  # characters of a chapter that is measured by itself
_INFORMED = 12, 6, 40  # human essays whose information is measured, blocks of each, and blocks of the text itself
_BEFORE = (
    2  # blocks behind which one is read, always as many, so that a long text has no more to go by than a short one
)
_READ = 1500, 800  # characters at most: of what stands before, and of a block
_AT_ONCE = 4  # blocks


def review(
    text: str | Sequence[Chapter],
    train: Sequence[Document],
    held_out: Sequence[Document],
    keywords: Sequence[str],
    *,
    using: str | Analyzer = "kiwi",
    title: str = "",
    encoder: Encoder | None = None,
    spans: SpanIndex | None = None,
    pmi: Pmi | None = None,
    on: On = silent,
) -> Review:
    """Measure a text, and in the same way the human essays of its topic that training has not seen.

    Repetition and recall grow with length, so all are measured on excerpts of one length: the text's, or the
    human essays' median if that is less. Excerpts lie evenly over a text and cover it; a text's figure is the mean
    of its excerpts', the range is that of up to three excerpts of each of up to 40 human essays, and a human essay
    shorter than one is left out. Chapters, where there are several, are measured likewise, on excerpts of the length
    of the shortest (of those with 300 characters).

    ``text``: all of it, or its chapters. ``train``: the topic's essays, the best first, against which the wording is
    compared. ``keywords``: the topic's query terms; one is found if the text's terms hold it, or all terms of it.
    ``using``: the analyzer, or its name. ``encoder``: without one coherence and topic are not measured. ``spans``: of
    the whole corpus; without them a stretch counts as copied if it stands in ``train``. People are not measured for
    that: an essay that was held out stands in the corpus itself. ``pmi``: log p(passage | before) - log p(passage) in
    nats for each pair (before, passage), as :func:`generate.review.information.reading` has it; without it, or for a
    text of ``train``, which the model knows by heart, it is not measured.
    """
    terms_of = analyzer(using) if isinstance(using, str) else using
    chapters = [Chapter(text=text)] if isinstance(text, str) else [chapter for chapter in text if tidy(chapter.text)]
    keywords = list(dict.fromkeys(keywords))
    own = list(dict.fromkeys(word for chapter in chapters for word in chapter.keywords))
    needed = {word: set(parts) for word, parts in zip(keywords + own, terms_of(keywords + own), strict=True)}
    plain = "\n".join(tidy(chapter.text) for chapter in chapters)
    known = document_id(plain)
    human = [tidy(document.text) for document in held_out if document.id != known]
    length = min(len(plain), int(median(map(len, human)))) if human else len(plain)
    human = _spread([other for other in human if len(other) >= length], _MOST_HUMAN)
    topic = TopicEssays(train, on)

    with Task(on, "reviewing", 1 + len(human), "essay") as task:
        essay = analyse([chapter.text for chapter in chapters], terms_of if needed else None, encoder)
        task.advance()
        people = []
        for other in human:
            people.append(analyse([other], terms_of if needed else None, encoder))
            task.advance()
    if pmi is not None and known not in {document.id for document in train}:
        _inform(essay, people, pmi, on)
    phrases = {gram for one in (essay, *people) for gram in repeated(one.words)}
    by = Yardstick(
        needed={word: needed[word] for word in keywords},
        centroid=topic.centroid(encoder) if encoder is not None else None,
        runs=topic.runs,
        usage=PhraseUsage(phrases, topic.tokens),
        copied=(SpanIndex.of(train) if spans is None else spans).copied(essay.text),
    )
    bands = _bands(people, length, by)
    whole = _figures(essay.whole, by)
    mean = _mean(_figures(excerpt, by) for excerpt in essay.excerpts(length))
    overused = _overused(essay, by.usage)
    met = [likeness for other in people for likeness in other.coherence]
    joint_band = Band.of(met) if met else None
    return Review(
        title=title,
        figures={m.name: Comparison.of(m, mean[m.name], bands.get(m.name), whole[m.name]) for m in MEASURES},
        chapters=_chapters(essay, chapters, people, needed, length, by),
        text=essay.text,
        longest_copied=longest(by.copied),
        copied=tuple(by.copied),
        overused=overused,
        near=tuple(topic.nearest(essay, encoder)),
        joints=joints(essay, joint_band),
        joint_band=joint_band,
        highlights=highlights(essay, by.copied, overused),
        ending=essay.ending,
        missing_keywords=tuple(w for w in keywords if not found(w, needed[w], terms(essay.whole))),
        characters=length,
        held_out_essays=len(human),
        corpus_wide=spans is not None,
    )


def _chapters(
    essay: Analysed,
    chapters: Sequence[Chapter],
    people: Sequence[Analysed],
    needed: dict[str, set[str]],
    longest_excerpt: int,
    by: Yardstick,
) -> tuple[ReviewedChapter, ...]:
    """Each chapter by itself; without figures where there is only one, or where it is too short."""
    sizes = [end - start for start, end in essay.chapters]
    measured = [size for size in sizes if size >= _SHORTEST] if len(sizes) > 1 else []
    length = min([*measured, longest_excerpt])
    bands = _bands(people, length, by) if measured else {}
    reviewed = []
    for chapter, (start, end) in zip(chapters, essay.chapters, strict=True):
        whole = Excerpt(essay, start, end)
        missing = tuple(word for word in chapter.keywords if not found(word, needed[word], terms(whole)))
        figures = {}
        if measured and end - start >= min(length, _SHORTEST):
            mean = _mean(_figures(excerpt, by) for excerpt in essay.excerpts(length, start, end))
            figures = {m.name: Comparison.of(m, mean[m.name], bands.get(m.name), None) for m in MEASURES}
            if chapter.keywords:
                figures["keyword_recall"] = Comparison.of_keywords(1 - len(missing) / len(chapter.keywords))
        reviewed.append(ReviewedChapter(chapter.title, start, end, chapter.keywords, missing, figures))
    return tuple(reviewed)


def _inform(essay: Analysed, people: Sequence[Analysed], pmi: Pmi, on: On) -> None:
    """Measure the information in blocks that lie evenly over the text, and in some of people's."""
    some, each, own = _INFORMED
    asked: list[tuple[Analysed, int]] = []
    for text, most in ((essay, own), *((other, each) for other in _spread(people, some))):
        text.informed.extend([None] * len(text.blocks))
        asked += [(text, number) for number in _spread(range(_BEFORE, len(text.blocks)), most)]
    with Task(on, "reading with the model", len(asked), "passage") as task:
        for first in range(0, len(asked), _AT_ONCE):
            batch = asked[first : first + _AT_ONCE]
            pairs = [_passage(text, number) for text, number in batch]
            for (text, number), (_, passage), nats in zip(batch, pairs, pmi(pairs), strict=True):
                text.informed[number] = nats / len(passage)
            task.advance(len(batch))


def _passage(text: Analysed, number: int) -> tuple[str, str]:
    """What stands before a block, and the block; each in one line, since a corpus may have no paragraphs."""
    start, end = text.blocks[number]
    places = (text.blocks[number - _BEFORE][0], start), (start, end)
    before, passage = (" ".join(text.text[a:b].split()) for a, b in places)
    return before[-_READ[0] :], passage[: _READ[1]]


def _bands(people: Sequence[Analysed], length: int, by: Yardstick) -> dict[str, Band]:
    rows = [
        _figures(excerpt, by, COMPARED)
        for other in people
        if len(other.text) >= length
        for excerpt in _spread(other.excerpts(length), min(_EXCERPTS, len(other.text) // max(1, length)))
    ]
    bands = {}
    for measure in COMPARED:
        values = [value for row in rows if (value := row[measure.name]) is not None]
        if values:
            bands[measure.name] = Band.of(values)
    return bands


def _figures(excerpt: Excerpt, by: Yardstick, measures: Sequence[Measure] = MEASURES) -> Figures:
    return {measure.name: measure.of(excerpt, by) for measure in measures}


def _overused(essay: Analysed, usage: PhraseUsage) -> tuple[Overused, ...]:
    """The overused phrases of the whole text, the most so first."""
    phrases = []
    for phrase in usage.overused(essay.words):
        size = len(phrase.gram)
        places = tuple((essay.words[at].start, essay.words[at + size - 1].end) for at in phrase.places)
        start, end = places[0]
        phrases.append(Overused(essay.text[start:end], len(places), phrase.expected, phrase.score, places))
    return tuple(sorted(phrases, key=lambda phrase: -phrase.score))


def _spread(values: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly spaced."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / max(1, most - 1))] for i in range(most)]


def _mean(each: Iterable[Figures]) -> Figures:
    rows = list(each)
    means: Figures = {}
    for name in rows[0] if rows else ():
        values = [value for row in rows if (value := row[name]) is not None]
        means[name] = fmean(values) if values else None
    return means
