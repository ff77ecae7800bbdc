"""The few words around what matched: the part of a text that shows best why a query found it."""

from collections.abc import Collection, Sequence

from retrieval.analyzer import Span

Part = tuple[str, bool]  # text, and whether a term of the query matched it


def snippet(
    text: str, spans: Sequence[Span], terms: Collection[str], width: int = 140, place: tuple[int, int] | None = None
) -> list[Part]:
    """About ``width`` characters of the text where the most different terms stand, matches marked.

    ``spans``: the text's terms with their places, from the analyzer. Line breaks become spaces. Without a match
    it is the beginning of the text. ``place``: start and end of what is to be shown instead, whole up to twice the
    width.
    """
    matched = [span for span in spans if span.term in terms]
    begin = _best(matched, width)
    begin = _word_start(text, max(0, begin - width // 5)) if begin else 0
    if place is not None:
        begin, width = place[0], max(width, min(2 * width, place[1] - place[0]))
    end = _word_end(text, begin + width)
    parts: list[Part] = [("…", False)] if begin else []
    at = begin
    for span in matched:
        if span.start >= at and span.end <= end:
            parts += [(text[at : span.start], False), (text[span.start : span.end], True)]
            at = span.end
    parts.append((text[at:end], False))
    if end < len(text):
        parts.append(("…", False))
    return [(_flat(part), hit) for part, hit in parts if part]


def _best(matched: Sequence[Span], width: int) -> int:
    """Where the window begins that holds the most different terms, of those the most matches; the first such."""
    best, best_at = (0, 0), 0
    for i, first in enumerate(matched):
        inside = [span for span in matched[i:] if span.end <= first.start + width * 4 // 5]
        worth = (len({span.term for span in inside}), len(inside))
        if worth > best:
            best, best_at = worth, first.start
    return best_at


def _word_start(text: str, at: int) -> int:
    """The nearest beginning of a word at or after ``at``, unless the word is very long."""
    while 0 < at < len(text) and not text[at - 1].isspace():
        at += 1
        if at - 20 > 0 and not any(c.isspace() for c in text[at - 20 : at]):
            return at - 20
    return at


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = max(text.rfind(" ", at - 20, at), text.rfind("\n", at - 20, at))
    return space if space > 0 else at


def _flat(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
