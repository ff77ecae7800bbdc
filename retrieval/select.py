"""A topic → its subset: the best documents that match, each on the side that it has in the corpus.

A held-out document of the corpus is held out of every topic, whatever its rank: what a model is measured on was never
trained on, by any stage.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from corpus.errors import GeulgamError
from corpus.sides import SIDES, Shares, Side, Sides
from corpus.store import Corpus
from retrieval.index import Hit, SearchIndex
from retrieval.lucene import parse
from retrieval.passages import TextPlace
from retrieval.query import Query, terms_of
from retrieval.topic import Row, Subset, Topic

STAND_INS = 2  # documents of a held-out side that stand in where none of it matches
_DEEPER = 4  # times as many hits are asked for while a side lacks some

Parts = Callable[[Query, Sequence[str]], Mapping[str, Sequence[TextPlace]]]
_Found = Mapping[Side, Sequence[Hit]]


def select(
    index: SearchIndex, corpus: Corpus, sides: Sides, topic: Topic, shares: Shares, parts: Parts | None = None
) -> Subset:
    """The topic's k best documents that match its query: of each side its share of k, the best-ranked of that side.

    A row's rank is its place in the whole ranking, from 1. The note says if there are fewer than k, and why. A
    held-out side of which no document matches, as in a small corpus, has :data:`STAND_INS` of its others (score 0,
    ranked behind all that match), and the note says so: there is always something to choose by and to measure on.

    ``parts``: what of a document is trained on, where that is not all of it
    (:meth:`retrieval.hybrid.HybridIndex.parts`); what is held out is taken whole.

    Raises GeulgamError if nothing matches (with near terms as the hint), if all that matches is held out, if the
    corpus is too small for every side, or if the index lags behind it. Where meaning counts, something always comes:
    then a word of the query has to stand in one of the documents.
    """
    query = parse(topic.query, index.analyzer)
    wanted = quotas(topic.k, shares)
    matching, found = _search(index, query, sides, wanted)
    if not matching or (terms_of(query) and not any(map(_has_a_word, chain(*found.values())))):
        raise GeulgamError(f"topic {topic.name}: nothing matches {topic.query}", _instead(query, index))
    if not found["train"]:
        what = f"topic {topic.name}: all {matching} documents that match are held out, none is left to train on"
        raise GeulgamError(what, "give the topic more words, or add essays to the corpus")
    stand_ins = _stand_ins(sides, [side for side in SIDES if not found[side]], matching)
    found = {side: hits or stand_ins[side] for side, hits in found.items()}
    chosen = sorted(((hit, side) for side, hits in found.items() for hit in hits), key=lambda pair: pair[0].rank)
    documents = corpus.get([hit.document_id for hit, _ in chosen])
    taken = parts(query, [hit.document_id for hit, side in chosen if side == "train"]) if parts else {}
    rows = tuple(
        Row(
            document_id=hit.document_id,
            rank=hit.rank,
            score=hit.score,
            side=side,
            version=document.version,
            words=hit.words,
            meaning=hit.meaning,
            passage=hit.passage,
            parts=[[*place] for place in taken[hit.document_id]] if hit.document_id in taken else None,
        )
        for (hit, side), document in zip(chosen, documents, strict=True)
    )
    return Subset(topic, rows, _note(topic, wanted, found, stand_ins))


def quotas(k: int, shares: Shares) -> dict[Side, int]:
    """How many of k documents each side has: valid and test their shares, rounded, train the rest; at least one."""
    valid, test = (max(1, round(k * share)) for share in (shares.valid, shares.test))
    return {"train": max(1, k - valid - test), "valid": valid, "test": test}


def _search(index: SearchIndex, query: Query, sides: Sides, wanted: Mapping[Side, int]) -> tuple[int, _Found]:
    """How many documents were looked through, and of each side the best, as many as are wanted if so many match."""
    depth = 2 * sum(wanted.values())
    while True:
        hits = index.search(query, depth)
        found: dict[Side, list[Hit]] = {side: [] for side in SIDES}
        for hit, side in zip(hits, sides.of([hit.document_id for hit in hits]), strict=True):
            if len(found[side]) < wanted[side]:
                found[side].append(hit)
        if len(hits) < depth or all(len(found[side]) == wanted[side] for side in SIDES):
            return len(hits), found
        depth *= _DEEPER


def _stand_ins(sides: Sides, lacking: Sequence[Side], matching: int) -> dict[Side, list[Hit]]:
    """Documents of sides of which none matches: those with the lowest ids, which are hashes and favour none."""
    stand_ins: dict[Side, list[Hit]] = {}
    rank = matching
    for side in lacking:
        ids = sorted(sides.ids(side))[:STAND_INS]
        if not ids:
            what = f"the corpus has too few essays: none is on the {side} side"
            raise GeulgamError(what, "add essays to it: 3 that are not parts of one another will do")
        stand_ins[side] = [Hit(id_, rank := rank + 1, 0.0) for id_ in ids]
    return stand_ins


def _note(topic: Topic, wanted: Mapping[Side, int], found: _Found, stand_ins: _Found) -> str:
    matched = {side: 0 if side in stand_ins else len(hits) for side, hits in found.items()}
    short = [side for side in SIDES if matched[side] < wanted[side]]
    notes = []
    if short:
        where = "" if len(short) == len(SIDES) else f" on the side of {' and '.join(short)}"
        notes.append(f"{sum(matched.values())} of {topic.k} asked: no more documents match{where}")
    notes += [f"no {side} document matches, {len(hits)} others stand in" for side, hits in stand_ins.items()]
    if without := sum(not _has_a_word(hit) for side, hits in found.items() for hit in hits if side not in stand_ins):
        notes.append(f"{without} found by meaning alone")
    return "; ".join(notes)


def _has_a_word(hit: Hit) -> bool:
    """Whether it was found by a word of the query: by meaning documents are that have none."""
    return hit.meaning is None or bool(hit.words or hit.passage)


def _instead(query: Query, index: SearchIndex) -> str:
    """What to try, for a query that nothing matches."""
    terms = list(dict.fromkeys(terms_of(query)))
    counts = dict(zip(terms, index.document_frequencies(terms), strict=True))
    known = [f"{term} ({count} documents)" for term, count in counts.items() if count]
    if known:
        return f"single words are there: {', '.join(known[:5])}; try fewer +, AND and quotation marks"
    near = {near.term: near.documents for term in terms for near in index.near_terms(term, 3)}
    if near:
        shown = ", ".join(f"{term} ({documents})" for term, documents in list(near.items())[:6])
        return f"the corpus has these near words (documents): {shown}"
    return "the corpus has no word like these; try others, or add essays on this topic"
