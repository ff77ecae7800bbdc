"""The review of an essay: its figures beside those of essays on the same topic that were held out from training."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from corpus.document import Document, normalise
from corpus.events import On, Task, silent
from generate.spans import Copied, Sources, copied_share, longest
from generate.korean import morphemes
from generate.repetition import LENGTHS, diversity, repetition
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure: ``essay`` and ``held_out`` (the mean of the human essays) on excerpts of equal length, and ``whole``
    on the whole essay. None where there is nothing to measure."""

    essay: float | None
    held_out: float | None
    whole: float | None


@dataclass(frozen=True, slots=True)
class Review:
    """``figures`` by name: rep_2, rep_3, rep_4 (per cent), diversity (0 to 1), keyword_recall (share of the keywords),
    copied_share (share of the characters in stretches of 30 or more that stand in a training essay too) and
    longest_copied (characters). ``longest_copied``: the essay's longest such stretch. ``characters``: of an excerpt.
    ``held_out_essays``: how many human essays were long enough for one.
    """

    figures: dict[str, Comparison]
    longest_copied: Copied | None
    missing_keywords: tuple[str, ...]
    characters: int
    held_out_essays: int

    def to_json(self) -> dict[str, Any]:
        """The review as JSON can hold it, as in report.json: figures rounded to four digits."""
        copied = self.longest_copied
        return {
            "excerpt_characters": self.characters,
            "held_out_essays": self.held_out_essays,
            **{
                name: {
                    "essay": _rounded(figure.essay),
                    "held_out": _rounded(figure.held_out),
                    "whole_essay": _rounded(figure.whole),
                }
                for name, figure in self.figures.items()
            },
            "missing_keywords": list(self.missing_keywords),
            "longest_copied_span": copied
            and {
                "characters": copied.characters,
                "text": copied.text,
                "document_id": copied.document_id,
                "title": copied.title,
            },
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """A table for people: name, this essay, mean of the held-out human essays; "-" for nothing to measure."""
        return [
            (label, _shown(self.figures[name].essay, form), _shown(self.figures[name].held_out, form))
            for name, (label, form) in _LABELS.items()
        ]


_LABELS: dict[str, tuple[str, Callable[[float], str]]] = {
    **{f"rep_{n}": (f"rep-{n}", lambda value: f"{value:.1f} %") for n in LENGTHS},
    "diversity": ("diversity", lambda value: f"{value:.3f}"),
    "keyword_recall": ("keyword recall", lambda value: f"{100 * value:.0f} %"),
    "copied_share": ("copied, 30+ characters", lambda value: f"{100 * value:.1f} %"),
    "longest_copied": ("longest copied", lambda value: f"{value:.0f} characters"),
}


def review(
    text: str,
    train: Sequence[Document],
    held_out: Sequence[Document],
    keywords: Sequence[str],
    *,
    using: str | Analyzer = "kiwi",
    on: On = silent,
) -> Review:
    """Measure an essay, and in the same way the human essays of its topic that training has not seen.

    Repetition and recall grow with length, so all are measured on excerpts of one length: the essay's, or the
    human essays' median if that is less. Excerpts lie evenly over a text and cover it; a text's figure is the mean
    of its excerpts', and a human essay shorter than one is left out.

    ``keywords``: the topic's query terms; one is found if the text's terms hold it, or all terms of it. ``using``:
    the analyzer, or its name.
    """
    terms_of = analyzer(using) if isinstance(using, str) else using
    keywords = list(dict.fromkeys(keywords))
    needed = {word: set(terms) for word, terms in zip(keywords, terms_of(keywords), strict=True)}
    sources = Sources(train)
    text = normalise(text)
    human = [normalise(document.text) for document in held_out]
    length = min(len(text), int(median(map(len, human)))) if human else len(text)
    human = [other for other in human if len(other) >= length]

    def measured(whole: str) -> dict[str, float | None]:
        """The means over a text's excerpts."""
        task.advance()
        return _mean(_figures(excerpt, sources, needed, terms_of) for excerpt in _excerpts(whole, length))

    with Task(on, "reviewing", 1 + len(human), "essay") as task:
        essay, people = measured(text), _mean([measured(other) for other in human])
    whole = _figures(text, sources, needed, terms_of)
    terms = set(next(iter(terms_of([text]))))
    return Review(
        figures={name: Comparison(essay[name], people.get(name), whole[name]) for name in _LABELS},
        longest_copied=longest(sources.copied(text)),
        missing_keywords=tuple(word for word in keywords if not _is_found(word, needed[word], terms)),
        characters=length,
        held_out_essays=len(human),
    )


def _figures(text: str, sources: Sources, needed: dict[str, set[str]], terms_of: Analyzer) -> dict[str, float | None]:
    tokens = morphemes(text)
    stretches = sources.copied(text)
    terms = set(next(iter(terms_of([text])))) if needed else set()
    copied = longest(stretches)
    return {
        **{f"rep_{n}": repetition(tokens, n) for n in LENGTHS},
        "diversity": diversity(tokens),
        "keyword_recall": fmean(_is_found(word, parts, terms) for word, parts in needed.items()) if needed else None,
        "copied_share": copied_share(text, stretches),
        "longest_copied": copied.characters if copied else 0,
    }


def _is_found(word: str, parts: set[str], terms: set[str]) -> bool:
    return word in terms or (bool(parts) and parts <= terms)


def _excerpts(text: str, length: int) -> list[str]:
    """The fewest excerpts of that length that cover the text, evenly spaced."""
    count = max(1, -(-len(text) // max(1, length)))
    step = (len(text) - length) / max(1, count - 1)
    return [text[round(i * step) : round(i * step) + length] for i in range(count)]


def _mean(each: Iterable[dict[str, float | None]]) -> dict[str, float | None]:
    rows = list(each)
    means: dict[str, float | None] = {}
    for name in rows[0] if rows else ():
        values = [value for row in rows if (value := row[name]) is not None]
        means[name] = fmean(values) if values else None
    return means


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _shown(value: float | None, form: Callable[[float], str]) -> str:
    return "-" if value is None else form(value)
