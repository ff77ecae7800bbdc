"""From a word or a sentence to a query: the keywords, what each finds and changes, and the parts of the topic."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.store import Corpus
from retrieval.hybrid import HybridIndex
from retrieval.index import SearchIndex
from retrieval.kiwi import term
from retrieval.lucene import first_operator
from retrieval.subquery import boost
from retrieval.suggest.evidence import (
    CandidateWord,
    Evidence,
    ReadDocument,
    gathered,
    offered,
    read,
    terms_of_words,
    tree,
)
from retrieval.suggest.expansion import KEYWORDS, SEED, Encode, added, nearness, relevance, weights
from retrieval.suggest.parts import TopicPart, parts

TOP = 60  # of whose hits it is told what a keyword changes
PARTS = 7
_READ = 24  # documents that the topic's parts are found in
_FRAME = 5  # keywords of the query within which a part is looked for
_CONTEXTS = 2  # of a keyword
_AROUND = 36  # characters before a word, and after it


@dataclass(frozen=True)
class KeywordContext:
    """Where a keyword stands: in which document, and the words around it."""

    document_id: str
    title: str
    before: str
    match: str
    after: str


@dataclass(frozen=True)
class Keyword:
    """A keyword, its weight in the query, its spellings (each with the same weight), and what it does.

    ``documents``: of the corpus that hold it. ``contexts``: in the best of the query's hits. ``gains`` and ``losses``:
    the documents that come into the top k by it, and those that leave, the best first; where meaning counts too, of the
    top k by words alone.
    """

    word: str
    weight: float
    spellings: tuple[str, ...]
    documents: int
    contexts: tuple[KeywordContext, ...]
    gains: tuple[str, ...]
    losses: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """``words``: the seed's own; ``unknown``: those of it that no document has, which are not looked for. ``query``:
    all of it, in Lucene's language; ``hits``: the ids of its ``top`` best."""

    seed: str
    words: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    parts: tuple[TopicPart, ...]
    query: str
    hits: tuple[str, ...]
    top: int
    unknown: tuple[str, ...] = ()

    def with_keywords(self, chosen: Collection[str]) -> str:
        """The query of the seed and the keywords that are chosen: `함께^4 서로 나란히^0.7`."""
        return self._asking([keyword for keyword in self.keywords if keyword.word in chosen])

    def parts_with(self, chosen: Collection[str]) -> tuple[str, ...]:
        """The queries of the parts, each within the seed and the best of the keywords that are chosen."""
        frame = self._asking([keyword for keyword in self.keywords if keyword.word in chosen][:_FRAME])
        return tuple(part.within(frame) for part in self.parts)

    def _asking(self, kept: Iterable[Keyword]) -> str:
        forms = [(form, keyword.weight) for keyword in kept for form in (keyword.word, *keyword.spellings)]
        return written([*((word, SEED) for word in self.words), *forms])


def suggest(
    index: SearchIndex,
    corpus: Corpus,
    seed: str,
    *,
    encode: Encode,
    keywords: int = KEYWORDS,
    top: int = TOP,
    most_parts: int = PARTS,
    on: On = silent,
) -> Suggestion:
    """What to look for where a seed is meant: a word, or a sentence.

    ``encode``: texts to rows of length 1. ``top``: the k of gains and losses. ``most_parts``: 0 for none. Makes a
    search for each keyword and two more, and reads some 30 documents, whatever the size of the corpus. Raises
    GeulgamError if the corpus has none of the seed's words, or if the seed is a query.
    """
    if operator := first_operator(seed):
        hint = 'operators belong into a query: geulgam topic add NAME --query "…"'
        raise GeulgamError(f"suggestions are for words or a sentence, and {operator[:40]!r} is an operator", hint)
    with Task(on, "suggesting", 3, "step") as task:
        evidence = gathered(index, corpus, seed)
        chosen = weighed_words(evidence, offered(index, evidence), encode, keywords)
        asked = [(word, weight) for _, word, weight in forms(evidence.words, chosen)]
        terms = terms_of_words(index, dict(asked))
        task.advance()
        told = read(index, corpus, tree(asked, terms), _READ, evidence.told)
        hits = [hit.document_id for hit in index.search(tree(asked, terms), top)]
        frame = written([(word, weight) for of, word, weight in forms(evidence.words, chosen[:_FRAME])])
        found = parts(told, evidence.words, frame, most_parts)
        task.advance()
        shown = list({each.document.id: each for each in (*told, *evidence.told)}.values())
        words = index.words if isinstance(index, HybridIndex) else index  # meaning costs a look at all sentences
        best = hits if words is index else [hit.document_id for hit in words.search(tree(asked, terms), top)]
        keys = []
        for word, weight in chosen:
            less = [(form, w) for of, form, w in forms(evidence.words, chosen) if of != word.word]
            without = [hit.document_id for hit in words.search(tree(less, terms), top)]
            gains, losses = _missing(best, without), _missing(without, best)
            contexts = tuple(_contexts(shown, word))
            keys.append(Keyword(word.word, weight, word.spellings, word.documents, contexts, gains, losses))
        task.advance()
    return Suggestion(seed, evidence.words, tuple(keys), found, written(asked), tuple(hits), top, evidence.unknown)


def weighed_words(
    evidence: Evidence, words: Sequence[CandidateWord], encode: Encode, count: int = KEYWORDS
) -> list[tuple[CandidateWord, float]]:
    """The keywords with their weights, the weightiest first."""
    if not words:
        return []
    by_word = {word.word: word for word in words}
    scores = added(relevance(evidence, words), nearness(evidence.seed, words, encode))
    return [(by_word[word], weight) for word, weight in weights(scores, count).items()]


def forms(seed: Iterable[str], chosen: Iterable[tuple[CandidateWord, float]]) -> Iterator[tuple[str, str, float]]:
    """What the query is made of: of which keyword ("": of the seed), how it is spelt, and its weight."""
    yield from (("", word, SEED) for word in seed)
    yield from ((word.word, form, weight) for word, weight in chosen for form in word.forms)


def written(asked: Iterable[tuple[str, float]]) -> str:
    """Words with weights in Lucene's language, several words as a phrase."""
    return " ".join(f'"{word}"{boost(weight)}' if " " in word else f"{word}{boost(weight)}" for word, weight in asked)


def _missing(some: Sequence[str], others: Collection[str]) -> tuple[str, ...]:
    """Those that are not among the others."""
    there = set(others)
    return tuple(each for each in some if each not in there)


def _contexts(told: Iterable[ReadDocument], word: CandidateWord) -> Iterator[KeywordContext]:
    """The first place of the word in each of the first documents that hold it, the title aside where it can be."""
    found = 0
    for each in told:
        if not any(form in each.counts for form in word.forms):
            continue
        places = [m for m in each.morphemes if term(m) in word.forms]
        title = len(each.document.title)
        place = next((m for m in places if m.start > title), places[0])
        yield _context(each, place.start, place.end)
        found += 1
        if found == _CONTEXTS:
            return


def _context(told: ReadDocument, start: int, end: int) -> KeywordContext:
    """The words around a place, of the title or of the text."""
    title = len(told.document.title)
    first, last = (0, title) if start < title else (title, len(told.text))
    before = told.text[max(first, start - _AROUND) : start]
    after = told.text[end : min(last, end + _AROUND)]
    if start - _AROUND > first:
        before = "…" + (before.partition(" ")[2] or before)
    if end + _AROUND < last:
        after = (after.rpartition(" ")[0] or after) + "…"
    match = told.text[start:end]
    flat = (" ".join(f"|{part}|".split())[1:-1] for part in (before, match, after))
    before, match, after = flat
    return KeywordContext(told.document.id, told.document.title, before.lstrip(), match, after.rstrip())
