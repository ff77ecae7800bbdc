"""A topic → its subset: the best documents that match, split so that what is held out was never trained on."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.index import Hit, SearchIndex
from retrieval.kinship import groups
from retrieval.lucene import parse
from retrieval.query import Query, terms_of
from retrieval.topic import Row, Split, Subset, Topic

VALID_SHARE, TEST_SHARE = 0.08, 0.12  # of the documents
FEWEST = 3  # essays that can be split: one for each side
ENOUGH = 10  # essays from which on at least two documents are held out for each of valid and test


def select(
    index: SearchIndex,
    corpus: Corpus,
    topic: Topic,
    *,
    seed: int = 0,
    valid_share: float = VALID_SHARE,
    test_share: float = TEST_SHARE,
    score_floor: float = 0.0,
) -> Subset:
    """The topic's k best documents, those only that match its query, in train, valid and test.

    ``score_floor``: leave out documents that score less than this share of the best one's, 0 to 1; off by
    default. Documents that are one essay (:mod:`retrieval.kinship`) stay together; the same documents and seed
    give the same split. The subset's note says if there are fewer than k, and why.

    Raises GeulgamError if nothing matches (with near terms as the hint), if the index lags behind the corpus, or
    if there are too few documents to split.
    """
    query = parse(topic.query, index.analyzer)
    hits = index.search(query, topic.k)
    if not hits:
        raise GeulgamError(f"topic {topic.name}: nothing matches {topic.query}", _instead(query, index))
    kept = [hit for hit in hits if hit.score >= score_floor * hits[0].score]
    documents = corpus.get([hit.document_id for hit in kept])
    splits = split([hit.document_id for hit in kept], groups(documents), seed, valid_share, test_share)
    rows = (Row(h.document_id, h.rank, h.score, side) for h, side in zip(kept, splits, strict=True))
    return Subset(topic, tuple(rows), _note(topic, hits, kept, score_floor))


def split(
    ids: Sequence[str], essays: Sequence[Sequence[int]], seed: int, valid_share: float, test_share: float
) -> list[Split]:
    """The side of each document, given best first with the places in ``ids`` that are one essay.

    The essays are put in order of their best document and cut into as many stretches as are to be held out; of
    each stretch one is, chosen by a hash of the seed and its documents. So both held-out sides hold good and weak
    documents alike. An essay of many parts is trained on rather than held out. Raises GeulgamError.
    """
    if not (0 < valid_share < 1 and 0 < test_share < 1 and valid_share + test_share < 0.9):
        asked = f"valid {valid_share:g} and test {test_share:g}"
        raise GeulgamError(f"cannot split with shares of {asked}", "each is above 0, together they are below 0.9")
    if len(essays) < FEWEST:
        what = "document" if len(ids) == 1 else "documents"
        detail = f"{len(ids)} {what}" + (f" of {len(essays)} essays" if len(essays) < len(ids) else "")
        raise GeulgamError(
            f"too few documents to split into train, valid and test: {detail}, {FEWEST} essays are needed",
            "give the topic more words, a larger k, or add essays to the corpus",
        )
    least = 2 if len(essays) >= ENOUGH else 1
    shares: dict[Split, float] = {"test": test_share, "valid": valid_share}
    wanted = {side: max(least, round(share * len(ids))) for side, share in shares.items()}
    by_rank = sorted(essays, key=min)
    small = [e for e in by_rank if len(e) <= max(1, min(wanted.values()) // 2)]
    total = sum(wanted.values())
    chosen = _one_of_each_stretch(ids, small, total, seed) if len(small) > total else []
    if not chosen:  # hardly any single documents: the smallest essays, the weakest of equal ones
        chosen = sorted(by_rank, key=lambda e: (len(e), -min(e)))[: min(total, len(by_rank) - 1)]
        chosen.sort(key=min)

    sides: list[Split] = ["train"] * len(ids)
    held = dict.fromkeys(wanted, 0)
    for essay in chosen:
        # Whichever side is further behind its share: so the two alternate down the ranks.
        side = min(held, key=lambda s: (held[s] > 0, (held[s] + 0.5) / wanted[s]))
        if held[side] >= wanted[side]:
            break
        held[side] += len(essay)
        for place in essay:
            sides[place] = side
    return sides


def _one_of_each_stretch(
    ids: Sequence[str], essays: Sequence[Sequence[int]], count: int, seed: int
) -> list[Sequence[int]]:
    bounds = [round(i * len(essays) / count) for i in range(count + 1)]
    return [
        min(essays[first:last], key=lambda essay: _lot(seed, min(ids[place] for place in essay)))
        for first, last in pairwise(bounds)
    ]


def _lot(seed: int, document_id: str) -> bytes:
    return hashlib.sha256(f"{seed} {document_id}".encode()).digest()


def _note(topic: Topic, hits: Sequence[Hit], kept: Sequence[Hit], score_floor: float) -> str:
    if len(kept) < len(hits):
        return f"{len(kept)} of {topic.k} asked: {len(hits) - len(kept)} more score under {score_floor:.0%} of the best"
    return f"{len(kept)} of {topic.k} asked: no more documents match" if len(kept) < topic.k else ""


def _instead(query: Query, index: SearchIndex) -> str:
    """What to try, for a query that nothing matches."""
    known: list[str] = []
    unknown: list[str] = []
    for term in dict.fromkeys(terms_of(query)):
        (known if index.document_frequency(term) else unknown).append(term)
    if known:
        counts = ", ".join(f"{term} ({index.document_frequency(term)} documents)" for term in known[:5])
        return f"single words are there: {counts}; try fewer +, AND and quotation marks"
    near = {near.term: near.documents for term in unknown for near in index.near_terms(term, 3)}
    if near:
        terms = ", ".join(f"{term} ({documents})" for term, documents in list(near.items())[:6])
        return f"the corpus has these near words (documents): {terms}"
    return "the corpus has no word like these; try others, or add essays on this topic"
