"""Query trees as query DSL; that the server then scores like the embedded index is in test_index.py."""

import numpy as np
import pytest

from retrieval.elastic.dsl import dsl
from retrieval.elastic.mapping import indexed
from retrieval.query import Boolean, Phrase, Terms


def test_a_term_is_looked_up_as_it_stands() -> None:
    assert dsl(Terms(("걷다",)), k1=0) == {"term": {"terms": {"value": "걷다", "boost": 1.0}}}


def test_a_bag_of_terms_is_any_of_them_each_with_its_boost() -> None:
    found = dsl(Terms(("a", "b"), boost=3.0), k1=0)["bool"]
    assert found["minimum_should_match"] == 1
    assert [clause["term"]["terms"] for clause in found["should"]] == [
        {"value": "a", "boost": 3.0},
        {"value": "b", "boost": 3.0},
    ]


def test_a_phrase_is_not_analysed_again() -> None:
    assert dsl(Phrase(("가을", "하늘"), 2.0), k1=0) == {
        "match_phrase": {"terms": {"query": "가을 하늘", "analyzer": "whitespace", "boost": 2.0}}
    }


def test_must_makes_should_optional_and_without_must_one_should_has_to_match() -> None:
    a, b, c = (Terms((word,)) for word in "abc")
    assert "minimum_should_match" not in dsl(Boolean(must=(a,), should=(b,)), k1=0)["bool"]
    found = dsl(Boolean(should=(a, b), must_not=(c,), boost=2.0), k1=0)["bool"]
    assert (found["minimum_should_match"], found["boost"], "must" in found) == (1, 2.0, False)


def test_nothing_to_look_for_matches_nothing() -> None:
    assert dsl(Boolean(must_not=(Terms(("a",)),)), k1=1.2) == {"match_none": {}}


@pytest.mark.parametrize("k1", [0.0, 0.9, 1.2, 2.0])
def test_the_factor_that_elasticsearch_multiplies_scores_by_is_taken_out(k1: float) -> None:
    boost = dsl(Terms(("a",)), k1)["term"]["terms"]["boost"]
    assert np.float32(boost) * (np.float32(1) + np.float32(k1)) == 1


def test_a_term_that_the_servers_tokenizer_would_cut_becomes_a_short_one_of_its_own() -> None:
    long, other = "가" * 300, "가" * 299 + "나"
    assert indexed("가" * 127) == "가" * 127
    assert len(indexed(long)) < 127 and indexed(long) != indexed(other)
    assert dsl(Terms((long,)), 0)["term"]["terms"]["value"] == indexed(long)
