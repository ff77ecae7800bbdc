"""What is read to suggest a query: the best documents for a seed, taken apart, and the words they offer.

A seed is a word or a sentence. Its best documents are taken for what is meant by it (pseudo-relevance feedback). The
whole corpus is asked, as in any retrieval: held-out essays are ranked and read here, and trained on nowhere.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.index import Hit, SearchIndex
from retrieval.kiwi import Kiwi, Morpheme, tagged, term
from retrieval.korean import says_nothing
from retrieval.query import NOTHING_LEFT, Boolean, Query, Terms

FEEDBACK = 20  # documents that are taken for what is meant
_AGREE = 3  # of them that a word has to stand in; of fewer, all
EVERYWHERE = 0.25  # of the corpus: a word of so many documents finds none
_SMALL = 8  # documents: of so few, a word may stand in more
_LETTERS = re.compile(r"[^\W_]+")
_CONTENT = ("NNG", "NNP", "VV", "VA", "MAG", "XR")
_NOUNS = ("NNG", "NNP")
_LONG_ENOUGH = 3  # syllables of two nouns that are spellings of one
_ALIKE = str.maketrans("\u1162\u1164\u116b\u1170", "\u1166\u1168\u116c\u116c")  # ㅐ ㅒ ㅙ ㅞ, heard as ㅔ ㅖ ㅚ


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that was found, with its morphemes and how often each word stands in it."""

    hit: Hit
    document: Document
    text: str
    morphemes: Sequence[Morpheme]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, hit: Hit, document: Document, text: str, morphemes: Sequence[Morpheme]) -> "ReadDocument":
        """With its words counted."""
        return cls(hit, document, text, morphemes, Counter(filter(None, map(term, morphemes))))

    @property
    def length(self) -> int:
        """Words in it."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class CandidateWord:
    """A word that may become a keyword: itself, further spellings of it, the documents of the whole corpus that hold
    it and how often it stands in each of those read (n,)."""

    word: str
    spellings: tuple[str, ...]
    documents: int
    counts: tuple[int, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """Itself and its spellings."""
        return (self.word, *self.spellings)


@dataclass(frozen=True)
class Evidence:
    """A seed, its words, and what was read for it, the best first. ``unknown``: words of it that no document has."""

    seed: str
    words: tuple[str, ...]
    told: Sequence[ReadDocument]
    unknown: tuple[str, ...] = ()


def gathered(index: SearchIndex, corpus: Corpus, seed: str, documents: int = FEEDBACK) -> Evidence:
    """The seed's best documents, read.

    Of a sentence those words count that say something, if it has any. Raises GeulgamError if the seed has no word, or
    if the corpus has none of them; then near ones are told.
    """
    words, unknown = seed_words(index, seed)
    query = tree([(word, 1.0) for word in words], terms_of_words(index, words))
    return Evidence(seed, words, read(index, corpus, query, documents), unknown)


def seed_words(index: SearchIndex, seed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a seed that a document can be found by, a name of several as one with spaces, and those that would
    say something but no document has. Raises GeulgamError if there are none in the corpus."""
    (found,) = Kiwi()([seed])
    words = list(filter(None, dict.fromkeys(" ".join(_LETTERS.findall(word)) for word in found)))
    if not words:
        raise GeulgamError(f"nothing to look for in {seed!r}", NOTHING_LEFT)
    known = [word for word, count in _held(index, terms_of_words(index, words)).items() if count]
    if not known:
        near = {near.term: near.documents for word in (*words, seed) for near in index.near_terms(word, 3)}
        shown = ", ".join(f"{word} ({documents})" for word, documents in list(near.items())[:6])
        hint = f"the corpus has these near words (documents): {shown}" if near else "try another word"
        raise GeulgamError(f"the corpus has no essay with {' or '.join(words)}", hint)
    saying = [word for word in words if not says_nothing(word)]
    found = [word for word in saying if word in known] or known
    return tuple(found), tuple(word for word in saying if word not in known)


def terms_of_words(index: SearchIndex, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What the index's analyzer makes of each word."""
    words = list(words)
    return {word: tuple(terms) for word, terms in zip(words, index.analyzer(words), strict=True)}


def tree(weighed: Iterable[tuple[str, float]], terms: Mapping[str, tuple[str, ...]]) -> Query:
    """The query of words with weights, as the same in Lucene's language is parsed: by any of them."""
    return Boolean(should=tuple(Terms(terms[word], weight) for word, weight in weighed if terms[word]))


def _held(index: SearchIndex, parts: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """In how many documents each word stands; where the analyzer takes words apart, its rarest part."""
    terms = list({term for found in parts.values() for term in found})
    counts = dict(zip(terms, index.document_frequencies(terms), strict=True))
    return {word: min((counts[term] for term in found), default=0) for word, found in parts.items()}


def read(
    index: SearchIndex, corpus: Corpus, query: Query, documents: int, known: Iterable[ReadDocument] = ()
) -> list[ReadDocument]:
    """The best documents for a query, in their order, each with its title and text as one text; those that are
    ``known`` are not taken apart again."""
    before = {told.document.id: told for told in known}
    hits = index.search(query, documents)
    found = corpus.get([hit.document_id for hit in hits if hit.document_id not in before])
    texts = [f"{document.title}\n\n{document.text}" for document in found]
    new = {
        document.id: (document, text, morphemes)
        for document, text, morphemes in zip(found, texts, tagged(texts), strict=True)
    }
    return [
        replace(before[hit.document_id], hit=hit)
        if hit.document_id in before
        else ReadDocument.of(hit, *new[hit.document_id])
        for hit in hits
    ]


def offered(index: SearchIndex, evidence: Evidence) -> list[CandidateWord]:
    """The words of what was read that may become keywords, by the letters: of content, in three of the documents at
    least, neither everywhere in the corpus nor in one essay alone. Inflected forms are one word, and so are spellings
    of a noun of three syllables or more (:func:`_same`)."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for told in evidence.told:
        for morpheme in told.morphemes:
            kinds[term(morpheme)][morpheme.tag.partition("-")[0]] += 1
    seen = {word: kind.most_common(1)[0][0] for word, kind in kinds.items() if word not in ("", *evidence.words)}
    fit = [w for w, kind in seen.items() if kind in _CONTENT and w.isalpha() and not says_nothing(w)]
    standing = Counter(word for told in evidence.told for word in told.counts)
    needed = min(_AGREE, len(evidence.told))
    groups = [forms for forms in _spelt(fit, seen, standing) if sum(standing[form] for form in forms) >= needed]
    terms = terms_of_words(index, chain.from_iterable(groups))
    having = _held(index, {word: found for word, found in terms.items() if _finds_itself(index, word, found)})
    most = EVERYWHERE * len(index) if len(index) > _SMALL else len(index)
    words = []
    for group in groups:
        forms = sorted((form for form in group if form in having), key=lambda form: (-having[form], form))
        counts = tuple(sum(told.counts.get(form, 0) for form in forms) for told in evidence.told)
        documents = max((having[form] for form in forms), default=0)
        if 1 < documents <= most and sum(count > 0 for count in counts) >= needed:
            words.append(CandidateWord(forms[0], tuple(forms[1:]), documents, counts))
    return sorted(words, key=lambda word: word.word)


def _finds_itself(index: SearchIndex, word: str, terms: Sequence[str]) -> bool:
    """Whether the word in a query is the word in a text: 지은 may be a name in one and a verb in the other."""
    return list(terms) == [word] if index.analyzer.name == Kiwi.name else bool(terms)


def _spelt(words: Sequence[str], kinds: Mapping[str, str], standing: Mapping[str, int]) -> Iterator[list[str]]:
    """The words, those that are spellings of one together, the most usual first."""
    but_one: dict[tuple[int, str], list[str]] = defaultdict(list)  # nouns that are the same but for one syllable
    ordered = sorted(words, key=lambda word: (-standing[word], word))
    for word in ordered:
        if len(word) >= _LONG_ENOUGH and kinds[word] in _NOUNS:
            for place in range(len(word)):
                but_one[place, word[:place] + " " + word[place + 1 :]].append(word)
    taken: set[str] = set()
    for word in ordered:
        if word not in taken:
            near = (but_one.get((place, word[:place] + " " + word[place + 1 :]), ()) for place in range(len(word)))
            others = [o for o in chain.from_iterable(near) if o != word and o not in taken and _same(word, o)]
            taken.update((word, *others))
            yield [word, *others]


def _same(one: str, other: str) -> bool:
    """Whether two nouns are spellings of one: a vowel is written as one that sounds alike (ㅐ, ㅔ), or the last
    syllable has a final consonant more (어머니, 어머님). 여행자 and 여행지 are two words."""
    apart = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
    if len(one) != len(other) or len(apart) != 1:
        return False
    a, b = (unicodedata.normalize("NFD", syllable) for syllable in apart[0])
    if len(a) != len(b):
        return one[-1] != other[-1] and (a.startswith(b) or b.startswith(a))
    return a.translate(_ALIKE) == b.translate(_ALIKE)
