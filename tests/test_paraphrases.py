"""The paraphrases of bench/meaning.py are what they are said to be."""

from collections.abc import Sequence

from bench.essays import sample_documents
from bench.meaning import PARAPHRASES
from bench.retrieval import lines
from retrieval.kiwi import tagged

CONTENT = ("NNG", "NNP", "VV", "VA", "XR")  # nouns, verbs, adjectives, and the roots of both


def content(texts: Sequence[str]) -> list[set[tuple[str, str]]]:
    """Of each text the nouns, and the stems of verbs and adjectives."""
    return [
        {(morpheme.form, morpheme.tag[0]) for morpheme in found if morpheme.tag.partition("-")[0] in CONTENT}
        for found in tagged(texts)
    ]


def test_a_hundred_queries_mean_each_a_passage_of_another_essay() -> None:
    rows, essays = lines(PARAPHRASES), sample_documents(plain=True)
    assert len(rows) == len({row["query"] for row in rows}) == len({row["passage"] for row in rows}) == 100
    for row in rows:
        assert [essay.title for essay in essays if row["passage"] in essay.text] == [row["title"]]


def test_none_shares_a_noun_a_verb_or_an_adjective_with_its_essay() -> None:
    rows, essays = lines(PARAPHRASES), sample_documents(plain=True)
    whole = [next(f"{essay.title}\n{essay.text}" for essay in essays if row["passage"] in essay.text) for row in rows]
    asked, meant = content([row["query"] for row in rows]), content(whole)
    assert all(len(query) >= 2 for query in asked)
    assert [row["query"] for row, query, essay in zip(rows, asked, meant, strict=True) if query & essay] == []
