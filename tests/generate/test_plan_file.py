"""A plan as a file: written with comments, read back the same, and what is wrong with it told with line and key."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.errors import GeulgamError
from generate.planning.plan import Facts, Plan, Section
from generate.planning.plan_file import is_unchanged, parse_plan, plan_text, read_plan, write_adapters, write_plan

PLAN = Plan(
    "함께",
    (
        Section("첫 만남", 300, ("골목", "우산"), "opening"),
        Section("", 500, (), "middle", "여행"),
        Section('"끝"과 \\', 200, ("함께",), "closing"),
    ),
    '그날 "우리"는\n\n비를 맞았다.',
    Facts("나", "해라체", "past", ("어머니",), ("부산",)),
)
TEXT = plan_text(PLAN)

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_words = st.lists(_text.filter(lambda word: bool(word.strip())), max_size=3).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 4))
    sections = []
    for number in range(count):
        role = "opening" if number == 0 else "closing" if number == count - 1 else "middle"
        sections.append(
            Section(draw(_text), draw(st.integers(1, 10**6)), draw(_words), role, draw(_text))  # type: ignore[arg-type]
        )
    ending = draw(st.sampled_from(["", "해라체", "합쇼체", "해요체"]))
    facts = Facts(draw(_text), ending, draw(st.sampled_from(["", "past", "present"])), draw(_words), draw(_words))  # type: ignore[arg-type]
    return Plan(draw(_text), tuple(sections), draw(_text), facts)


@settings(max_examples=60)
@given(plans())
def test_a_plan_is_read_back_as_it_was_written(plan: Plan) -> None:
    assert parse_plan(plan_text(plan)) == plan


def test_every_key_is_explained_where_it_first_stands() -> None:
    lines = TEXT.splitlines()
    for key in (
        "title",
        "opening",
        "headings",
        "teller",
        "ending",
        "tense",
        "people",
        "role",
        "characters",
        "keywords",
    ):
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{key} = "))
        assert lines[place - 1].startswith("# "), key


def test_the_file_knows_whether_somebody_changed_it(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    write_plan(file, PLAN)
    assert is_unchanged(file) and read_plan(file) == PLAN
    file.write_text(TEXT.replace("골목", "강가"), encoding="utf-8")
    assert not is_unchanged(file) and read_plan(file).sections[0].keywords == ("강가", "우산")
    file.write_text('title = "함께"\n', encoding="utf-8")
    assert not is_unchanged(file)


def _adapted(plan: Plan) -> Plan:
    return replace(plan, sections=tuple(replace(s, adapter=f"비-{i}") for i, s in enumerate(plan.sections)))


def test_adapters_are_put_in_and_all_that_a_person_wrote_stays(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    text = """\
title = "비"  # as it is
[[sections]] # one
keywords = [
  "우산",  # mine
]
characters = 10
# adapter = ""

# two
[[sections]]
characters = 20
adapter = "여행"
"""
    file.write_text(text, encoding="utf-8")
    write_adapters(file, _adapted(read_plan(file)))
    assert file.read_text(encoding="utf-8") == text.replace("# one\n", '# one\nadapter = "비-0"\n').replace(
        "여행", "비-1"
    )
    before = file.read_text(encoding="utf-8")
    write_adapters(file, read_plan(file))
    assert file.read_text(encoding="utf-8") == before


def test_a_file_that_stands_as_it_was_written_does_so_with_adapters_too(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    write_plan(file, PLAN)
    write_adapters(file, _adapted(PLAN))
    assert is_unchanged(file) and read_plan(file) == _adapted(PLAN)


@pytest.mark.parametrize("text", ["sections = [{ characters = 10 }]\n", "[['sections']]\ncharacters = 10\n"])
def test_adapters_that_cannot_be_put_in_are_told_and_the_file_is_left(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(f'title = "비"\n{text}', encoding="utf-8")
    with pytest.raises(GeulgamError, match="could not put the adapters into") as error:
        write_adapters(file, _adapted(read_plan(file)))
    assert "비-0" in error.value.hint and file.read_text(encoding="utf-8") == f'title = "비"\n{text}'


def test_what_is_left_out_has_its_default() -> None:
    plan = parse_plan('title = "비"\n[[sections]]\ncharacters = 10\n[[sections]]\ncharacters = 20\n')
    assert plan == Plan("비", (Section("", 10, (), "opening"), Section("", 20, (), "closing")))


@pytest.mark.parametrize(
    ("old", "new", "told", "hint"),
    [
        ('role = "closing"', 'role = "opening"', "section 3 is the opening, but not the first", "middle"),
        ('role = "opening"', 'role = "closing"', "section 1 is the closing, but not the last", "middle"),
        ("keywords = []", "keyword = []", "unknown key keyword", "the nearest known key is keywords"),
        (
            "characters = 500",
            'characters = "500"',
            'sections.2.characters is "500", but needs a whole number',
            "correct",
        ),
        ("characters = 500", "characters = 0", "sections.2.characters is 0, but needs a whole number", "correct"),
        ('tense = "past"', 'tense = "future"', 'facts.tense is "future", but needs one of', "correct"),
        ("headings = false", 'headings = "no"', 'headings is "no", but needs true or false', "correct"),
        ("headings = false", "headings = true", "headings is true, but section 2 has no title", "give it one"),
        ('people = ["어머니"]', 'people = "어머니"', "facts.people is", "correct"),
        ("characters = 500", 'opening = "비"', "unknown key opening", "it belongs at the top, above all tables"),
        ('tense = "past"', "headings = true", "unknown key headings", "it belongs at the top, above all tables"),
        ('title = "함께"', 'tense = "past"', "unknown key tense", "it belongs into [facts]"),
        ('teller = "나"', "teller = 3", "facts.teller is 3, but needs a text in quotes", "correct"),
        ("[facts]", "[fact]", "unknown key fact", "the nearest known key is facts"),
        ('title = "함께"', 'title = "함께"\ncharacters = 900', "characters is 900, but needs 1,000", "correct"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, told: str, hint: str) -> None:
    text = TEXT.replace(old, new, 1)
    with pytest.raises(GeulgamError) as error:
        parse_plan(text, "mine.toml")
    line = TEXT[: TEXT.index(old)].count("\n") + 1 + new.count("\n")
    assert str(error.value).startswith(f"mine.toml, line {line}: {told}")
    assert hint in error.value.hint


@pytest.mark.parametrize("facts", ["facts.teller = 3", "facts = { teller = 3 }", "[facts]\nteller = 3"])
def test_a_fact_is_found_however_it_is_written(facts: str) -> None:
    text = f'title = "비"\n{facts}\n[[sections]]\ncharacters = 10\n'
    line = 1 + len(f"\n{facts}".splitlines()) - 1
    with pytest.raises(GeulgamError, match=f"plan.toml, line {line}: facts.teller is 3"):
        parse_plan(text)


def test_a_file_that_is_no_plan_is_refused(tmp_path: Path) -> None:
    for text, told in [("title = ", "is not valid TOML"), ('title = "비"\n', "has no [[sections]]")]:
        with pytest.raises(GeulgamError, match=told.replace("[", r"\[")):
            parse_plan(text)
    with pytest.raises(GeulgamError, match="there is no"):
        read_plan(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(GeulgamError, match="is not UTF-8"):
        read_plan(tmp_path / "bytes.toml")


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=9), st.integers(9, 50_000))
def test_a_resized_plan_has_exactly_the_asked_length(lengths: list[int], characters: int) -> None:
    plan = Plan("비", tuple(Section("", length) for length in lengths)).resized(characters)
    assert plan.characters == characters and all(section.characters > 0 for section in plan.sections)
