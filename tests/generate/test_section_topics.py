"""A topic to each section: names that a folder and a shell take, and queries that Lucene's language takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import GeulgamError
from generate.planning.plan import Plan, Section
from generate.planning.section_topics import section_query, with_topics
from retrieval.analyzers import analyzer
from retrieval.lucene import parse
from retrieval.query import Boolean, Phrase, Terms
from retrieval.subquery import is_named_after
from retrieval.topic import topic_name

OWN = "함께^2 더불어 -정치"


def _plan(*sections: Section) -> Plan:
    return Plan("함께", sections)


def _names(plan: Plan) -> list[str]:
    return [section.adapter for section in plan.sections]


def test_names_come_of_the_topic_and_the_titles_and_each_is_another() -> None:
    plan = _plan(*(Section(title, 10, ("비",)) for title in ("기차 타기", "기차 타기", "「비」, 그리고 $(눈)", "…")))
    own = {"함께": OWN}
    given, queries = with_topics(plan, "함께", OWN, own)
    assert _names(given) == ["함께-기차-타기", "함께-기차-타기-2", "함께-비-그리고-눈", "함께-4"]
    assert list(queries) == _names(given)
    assert with_topics(plan, "함께", OWN, own) == (given, queries)
    assert with_topics(given, "함께", OWN, own | queries) == (given, {})


def test_a_persons_own_topic_of_the_name_stays_and_one_that_was_made_for_this_topic_is_made_again() -> None:
    plan = _plan(*(Section(title, 10, ("비",)) for title in ("Rain", "눈")))
    known = {"함께": OWN, "함께-rain": "비", "함께-눈": f"+({OWN})^0.5 눈사람^2"}
    given, queries = with_topics(plan, "함께", OWN, known)
    assert _names(given) == ["함께-Rain-2", "함께-눈"] and list(queries) == _names(given)
    assert with_topics(plan, "함께", OWN, known | queries) == (given, queries)
    anew, _ = with_topics(plan, "함께", "다른 말", known | queries)  # what it asks for now is another topic's
    assert _names(anew) == ["함께-Rain-3", "함께-눈-2"]


@given(st.text(max_size=300), st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_whatever_they_are_called_the_names_will_do_and_differ(topic: str, titles: list[str]) -> None:
    try:
        topic = topic_name(topic)
    except GeulgamError:
        return
    given, _ = with_topics(_plan(*(Section(title, 1, ("비",)) for title in titles)), topic, OWN, {})
    names = _names(given)
    assert len({name.casefold() for name in names} - {topic.casefold()}) == len(titles)
    assert all(topic_name(name) == name and " " not in name for name in names)
    assert all(is_named_after(name, topic) for name in names) or not any(map(str.isalnum, topic))


def test_a_section_keeps_the_topic_that_it_names_and_one_that_is_gone_is_made_by_its_name() -> None:
    plan = _plan(Section("비", 1, ("비",), adapter="가족"), Section("눈", 1, ("눈",), adapter="함께-첫-눈"))
    given, queries = with_topics(plan, "함께", OWN, {"함께": OWN, "가족": "가족"})
    assert given == plan and list(queries) == ["함께-첫-눈"]
    with pytest.raises(GeulgamError, match="a topic cannot be called"):
        with_topics(_plan(Section("비", 1, ("비",), adapter="../비")), "함께", OWN, {})


def test_a_query_looks_for_the_keywords_within_what_the_topics_own_finds() -> None:
    text = section_query(Section("", 1, ("기차", "창밖", "역")), OWN, 1)
    assert text == f"+({OWN})^0.5 기차^2 창밖^1.5 역"
    query = parse(text, analyzer("bigram"))
    assert isinstance(query, Boolean) and not query.must_not
    (own,) = query.must
    assert isinstance(own, Boolean) and own.boost == 0.5 and own.must_not == (Terms(("정치",)),)
    assert query.should == (Terms(("기차",), 2.0), Terms(("창밖",), 1.5), Terms(("역",), 1.0))


def test_signs_in_a_keyword_are_no_operators_and_several_words_are_a_phrase() -> None:
    keywords = ('"책" 읽기', "C++", "+비-눈*", "NOT", "(", "새벽", "새벽")
    query = parse(section_query(Section("", 1, keywords), "비", 1), analyzer("whitespace"))
    assert isinstance(query, Boolean) and not query.must_not
    assert [clause.terms for clause in query.should if isinstance(clause, Terms | Phrase)] == [
        ("책", "읽기"), ("c",), ("비", "눈"), ("not",), ("새벽",)
    ]  # fmt: skip


def test_a_section_without_keywords_is_looked_for_by_its_title_and_without_either_told() -> None:
    assert section_query(Section("밤 기차", 1), "비", 1) == "+(비)^0.5 밤^2 기차"
    with pytest.raises(GeulgamError, match="section 3 has neither keywords nor a title"):
        section_query(Section("…", 1, ("!",)), "비", 3)
