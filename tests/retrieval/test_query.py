import pytest

from corpus.errors import GeulgamError
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.lucene import first_operator, parse
from retrieval.query import Boolean, Phrase, Query, Terms, bag, terms_of

A, B, C = Terms(("a",)), Terms(("b",)), Terms(("c",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", A),
        ("a b", Boolean(should=(A, B))),
        ("a OR b", Boolean(should=(A, B))),
        ("a AND b", Boolean(must=(A, B))),
        ("+a -b c", Boolean(must=(A,), should=(C,), must_not=(B,))),
        ("a NOT b", Boolean(should=(A,), must_not=(B,))),
        ("a AND NOT b", Boolean(must=(A,), must_not=(B,))),
        ("a^2", Terms(("a",), 2.0)),
        ("+a^0.5 b", Boolean(must=(Terms(("a",), 0.5),), should=(B,))),
        ('"a b"^3', Phrase(("a", "b"), 3.0)),
        ('"a"', A),
        ("(a b)^2 c", Boolean(should=(Boolean(should=(A, B), boost=2.0), C))),
        ("+(a b) -c", Boolean(must=(Boolean(should=(A, B)),), must_not=(C,))),
        ("a AND (b OR c)", Boolean(must=(A, Boolean(should=(B, C))))),
        ("(a^2)^3", Terms(("a",), 6.0)),
        ("“a b”", Phrase(("a", "b"))),
        (r"a\:b", Terms(("a:b",))),
        (r"\+a", A),
        ("a -b", Boolean(should=(A,), must_not=(B,))),
        ("a TO b", Boolean(should=(A, Terms(("to",)), B))),
        ("a\n\tb", Boolean(should=(A, B))),
    ],
)
def test_the_syntax_is_lucenes(text: str, expected: Query, words: Analyzer) -> None:
    assert parse(text, words) == expected


def test_operators_mark_one_flat_list_as_in_lucene(words: Analyzer) -> None:
    assert parse("a OR b AND c", words) == Boolean(must=(B, C), should=(A,))
    assert parse("a AND b OR c", words) == Boolean(must=(A, B), should=(C,))
    assert parse("a b AND c", words) == Boolean(must=(B, C), should=(A,))


def test_a_word_of_several_terms_is_any_of_them_or_under_must_and_must_not_all() -> None:
    pairs = analyzer("bigram")
    both = Boolean(must=(Terms(("더불",)), Terms(("불어",))))
    assert parse("더불어", pairs) == Terms(("더불", "불어"))
    assert parse("+더불어", pairs) == Boolean(must=(both,))
    assert parse("함께 -더불어^2", pairs) == Boolean(
        should=(Terms(("함께",)),), must_not=(Boolean(must=both.must, boost=2.0),)
    )
    assert parse("+(더불어 함께)", pairs).must[0].should[0] == Terms(("더불", "불어"))  # type: ignore[union-attr]


def test_words_are_those_of_the_analyzer() -> None:
    kiwi = analyzer("kiwi")
    assert parse('+함께는 "봄 길을 걷는"', kiwi) == Boolean(
        must=(Terms(("함께",)),), should=(Phrase(("봄", "길", "걷다")),)
    )


def test_words_of_which_nothing_is_indexed_are_left_out(words: Analyzer) -> None:
    assert parse("a +... -,,,", words) == A
    assert parse('a "..."', words) == A


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a (b c", "parenthesis is never closed", 2),
        ('a "b c', "quotation mark is never closed", 2),
        ("a) b", "not expected", 1),
        ("a AND", "ends too early", 5),
        ("AND a", "AND is not expected", 0),
        ("a AND OR b", "OR is not expected", 6),
        ("author:a", "author is not a field", 0),
        ("a b* c", "wildcards are not supported", 2),
        ("a 무엇인가?", "wildcards are not supported", 2),
        ("a~2", "fuzzy words are not supported", 0),
        ('"a b"~2', "gaps are not supported", 0),
        ("x /a.c/", "regular expressions are not supported", 2),
        ("[a TO b]", "ranges are not supported", 0),
        ("a >3", "ranges are not supported", 2),
        ("a^ b", "needs a number", 1),
        ("a^1.2.3", "not a number", 1),
        ("+-a", "two signs", 1),
        ("a && b", "&& is not supported", 2),
        ("a !b", "! is not supported", 2),
        ('가나"다라"', "quotation mark inside a word", 4),
        ("가나 (다", "parenthesis is never closed", 5),
    ],
)
def test_an_error_points_at_its_place(text: str, message: str, column: int, words: Analyzer) -> None:
    with pytest.raises(GeulgamError, match=message) as caught:
        parse(text, words)
    _, query, caret = str(caught.value).split("\n")
    assert query == f"  {text}"
    assert caret == " " * (2 + column) + "^"
    assert caught.value.hint


def test_in_a_long_query_the_part_around_the_error_is_shown(words: Analyzer) -> None:
    with pytest.raises(GeulgamError) as caught:
        parse("word " * 100 + "a:b " + "word " * 100, words)
    _, query, caret = str(caught.value).split("\n")
    assert len(query) < 80
    assert query[caret.index("^") :].startswith("a:b")


def test_only_leaving_out_is_refused_with_a_hint(words: Analyzer) -> None:
    for text in ("-a", "NOT a", "b AND (NOT a)"):
        with pytest.raises(GeulgamError, match="only left out") as caught:
            parse(text, words)
        assert "add a word" in caught.value.hint


@pytest.mark.parametrize("text", ["", "   ", "...", "+... -a", '""'])
def test_a_query_of_which_nothing_is_left_is_refused(text: str, words: Analyzer) -> None:
    with pytest.raises(GeulgamError) as caught:
        parse(text, words)
    assert caught.value.hint


def test_particles_alone_are_refused() -> None:
    with pytest.raises(GeulgamError, match="nothing to look for"):
        parse("에서", analyzer("kiwi"))


def test_nesting_without_end_is_refused_and_two_thousand_words_are_read(words: Analyzer) -> None:
    with pytest.raises(GeulgamError, match="deeply nested"):
        parse("(" * 5_000 + "a" + ")" * 5_000, words)
    query = parse(" ".join(f"w{number}" for number in range(2_000)), words)
    assert isinstance(query, Boolean)
    assert len(query.should) == 2_000


def test_free_text_has_no_operators(words: Analyzer) -> None:
    assert bag("a AND (b: -c?", words) == Terms(("a", "and", "b", "c"))
    with pytest.raises(GeulgamError, match="nothing to look for"):
        bag("?!", words)


def test_terms_that_documents_may_be_found_by(words: Analyzer) -> None:
    assert list(terms_of(parse('+a "b c" -d', words))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("+가족 -아버지", "+가족"),
        ("글쓰기 AND NOT 학교", "글쓰기 AND NOT 학교"),
        ("글쓰기 NOT 학교", "NOT 학교"),
        ("(가족 OR 친구)", "가족 OR 친구"),
        ("가족 -(아버지 형)", "-(아버지 형)"),
        ("글쓰기 && 학교", "&&"),
        ("가족 !아버지", "!아버지"),
        ("가족^2 친구", "가족^2"),
        ("title:바다", "title:바다"),
        ("metadata.author:김", "metadata.author:김"),
    ],
)
def test_an_operator_in_a_text_is_told(text: str, operator: str) -> None:
    assert first_operator(text) == operator


@pytest.mark.parametrize(
    "text",
    [
        "기차를 타고 떠난 바다.",
        "하이-파이 오디오",
        "여름 - 그 바다",
        "나는 -어쩌면- 갔다",
        "영하 -10도의 아침",
        "12:30에 만난 사람",
        "오늘 일기: 바다",
        "엄마(가족)와 바다 :)",
        '그는 "가자 -어서" 했다',
        "왜? 와! 좋다 ^^",
        "C++ 언어",
        "rock and roll",
        "(((((",
    ],
)
def test_running_text_has_no_operator(text: str) -> None:
    assert first_operator(text) == ""
