"""The review of a text: its figures beside those of essays on the same topic that were held out from training."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, median
from typing import TypeAlias, TypeVar

from corpus.document import Document, document_id
from corpus.events import On, Task, silent
from generate.guards.spans import SpanIndex, longest
from generate.review.analysed import Analysed, Excerpt, analyse, tidy
from generate.review.measures import MEASURES, Yardstick, found, terms
from generate.review.overused import PhraseUsage, repeated
from generate.review.reviewed import (
    Band,
    Chapter,
    Comparison,
    Overused,
    Review,
    ReviewedChapter,
    highlights,
    joints,
)
from generate.review.topic_essays import TopicEssays
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.encoder import Encoder

T = TypeVar("T")
Pmi: TypeAlias = Callable[[str, str], float]
Figures: TypeAlias = dict[str, float | None]

_MOST_HUMAN = 40  # essays, and of each:
_EXCERPTS = 3
_SHORTEST = 300  # characters of a chapter that is measured by itself
_INFORMED = 12, 6, 40  # human essays whose information is measured, blocks of each, and blocks of the text itself


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
    the whole corpus; without them a stretch counts as copied if it stands in ``train``. ``pmi(before, passage)``:
    log p(passage | before) - log p(passage) in nats; without it, it is not measured.
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
    sources = SpanIndex.of(train)

    with Task(on, "reviewing", 1 + len(human), "essay") as task:
        essay = analyse([chapter.text for chapter in chapters], terms_of if needed else None, encoder)
        _inform(essay, pmi, _INFORMED[2])
        task.advance()
        people = []
        for number, other in enumerate(human):
            people.append(analyse([other], terms_of if needed else None, encoder))
            _inform(people[-1], pmi if number < _INFORMED[0] else None, _INFORMED[1])
            task.advance()
    phrases = {gram for one in (essay, *people) for gram in repeated(one.words)}
    by = Yardstick(
        needed={word: needed[word] for word in keywords},
        centroid=topic.centroid(encoder) if encoder is not None else None,
        runs=topic.runs,
        usage=PhraseUsage(phrases, topic.tokens),
        copied={
            **{other.text: sources.copied(other.text) for other in people},
            essay.text: (sources if spans is None else spans).copied(essay.text),
        },
    )
    bands = _bands(people, length, by)
    whole = _figures(essay.whole, by)
    mean = _mean(_figures(excerpt, by) for excerpt in essay.excerpts(length))
    copied = by.copied[essay.text]
    overused = _overused(essay, by.usage)
    met = [likeness for other in people for likeness in other.coherence]
    joint_band = Band.of(met) if met else None
    return Review(
        title=title,
        figures={m.name: Comparison.of(m, mean[m.name], bands.get(m.name), whole[m.name]) for m in MEASURES},
        chapters=_chapters(essay, chapters, people, needed, length, by),
        text=essay.text,
        longest_copied=longest(copied),
        copied=tuple(copied),
        overused=overused,
        near=tuple(topic.nearest(essay, encoder)),
        joints=joints(essay, joint_band),
        joint_band=joint_band,
        highlights=highlights(essay, copied, overused),
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


def _inform(text: Analysed, pmi: Pmi | None, most: int) -> None:
    """Measure the information in up to so many blocks, evenly spread, but not in the first, which follows nothing."""
    if pmi is None:
        return
    chosen = set(_spread(range(1, len(text.blocks)), most))
    for number, (start, end) in enumerate(text.blocks):
        passage = text.text[start:end]
        text.informed.append(pmi(text.text[:start], passage) / len(passage) if number in chosen else None)


def _bands(people: Sequence[Analysed], length: int, by: Yardstick) -> dict[str, Band]:
    rows = [
        _figures(excerpt, by)
        for other in people
        if len(other.text) >= length
        for excerpt in _spread(other.excerpts(length), min(_EXCERPTS, len(other.text) // max(1, length)))
    ]
    bands = {}
    for measure in MEASURES:
        values = [value for row in rows if (value := row[measure.name]) is not None]
        if values:
            bands[measure.name] = Band.of(values)
    return bands


def _figures(excerpt: Excerpt, by: Yardstick) -> Figures:
    return {measure.name: measure.of(excerpt, by) for measure in MEASURES}


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
