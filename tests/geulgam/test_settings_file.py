"""`geulgam.toml`: written with a comment to every setting, edited without losing one."""

import re
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import pytest

from generate.critic.weights import Weights
from geulgam.settings import Settings, TopicSettings
from geulgam.settings_file import EXAMPLE, default, drop_topic, put_setting, put_topic, template
from geulgam.settings_reading import known_keys, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "geulgam.toml"
    file.write_text(template(), encoding="utf-8")
    return file


def test_a_new_file_sets_nothing_but_the_example(file: Path) -> None:
    assert load(file, environment={}) == Settings(topics=(EXAMPLE,))


def test_every_setting_stands_in_it_under_a_comment(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    section = ""
    found = []
    for above, line in pairwise(lines):
        if header := re.fullmatch(r"\[([\w.]+)\]", line):
            section = header[1]
        elif entry := re.match(r"# (\w+) = ", line):
            found.append(f"{section}.{entry[1]}")
            assert re.match(r"# \S", above) and " = " not in above
    assert tuple(found) == known_keys()


def test_what_it_shows_as_defaults_are_the_defaults(file: Path) -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    shown = load(file, environment={})
    for key in known_keys():
        if default(key) not in (None, ()):
            section, _, name = key.rpartition(".")
            table = attrgetter(section)(shown)
            parts = (table, table.recipe, table.execution) if section == "finetune" else (table,)
            assert default(key) in [getattr(part, name) for part in parts if hasattr(part, name)]


def test_values_given_to_the_template_are_set(file: Path) -> None:
    values = {"finetune.base": 'C:\\models "x"', "finetune.epochs": 3.0, "finetune.gradient_checkpointing": True}
    file.write_text(template([], values), encoding="utf-8")
    finetune = load(file, environment={}).finetune
    assert finetune.base == 'C:\\models "x"' and finetune.recipe.epochs == 3
    assert finetune.execution.gradient_checkpointing


def test_a_weight_of_the_critic_is_put_into_its_own_table(file: Path) -> None:
    assert put_setting(file, "generate.critic.topic", 0.75)
    assert load(file, environment={}).generate.critic == replace(Weights(), topic=0.75)
    assert "# Near in meaning to the section's title and keywords.\ntopic = 0.75\n" in file.read_text(encoding="utf-8")


def test_a_topic_is_added_and_nothing_else_touched(file: Path) -> None:
    before = file.read_text(encoding="utf-8") + "# mine, at the end\n"
    file.write_text(before, encoding="utf-8")
    assert put_topic(file, TopicSettings(name="가족", query='"우리 집" 어머니', k=30)) is None
    after = file.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert load(file, environment={}).topics == (EXAMPLE, TopicSettings(name="가족", query='"우리 집" 어머니', k=30))


def test_a_topic_is_changed_in_its_place_and_its_comments_stay(file: Path) -> None:
    first, second = (
        "[[topics]]  # first\nname = 'a'  # why\nquery = 'b'\nk = 3\n",
        "[[topics]]\nname = 'c'\nquery = 'd'\n",
    )
    file.write_text(f"{first}\n{second}")
    before = put_topic(file, TopicSettings(name="a", query="x"))
    assert before == TopicSettings(name="a", query="b", k=3)
    assert "# first" in file.read_text() and "# why" in file.read_text()
    assert [(t.name, t.query, t.k) for t in load(file, environment={}).topics] == [("a", "x", None), ("c", "d", None)]


def test_the_last_topic_can_go_and_another_come(file: Path) -> None:
    drop_topic(file, EXAMPLE.name)
    assert load(file, environment={}).topics == ()
    put_topic(file, TopicSettings(name="여행", query="여행"))
    assert [topic.name for topic in load(file, environment={}).topics] == ["여행"]
    assert "# The settings of this geulgam workspace." in file.read_text(encoding="utf-8")


def test_removing_a_topic_leaves_the_comment_over_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "geulgam.toml"
    first, second = '[[topics]]\nname = "강"\nquery = "강물"\n', '[[topics]]\nname = "산"\nquery = "등산"\n'
    file.write_text(f"# all\n\n{first}\n# about mountains\n{second}\n# the end\n", encoding="utf-8")
    drop_topic(file, "강")
    assert file.read_text(encoding="utf-8") == f"# all\n\n# about mountains\n{second}\n# the end\n"
    drop_topic(file, "산")
    assert "topics" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "[retrieval]\n# the backend\n# backend = 1\n# k = 2\n",
            '[retrieval]\n# the backend\nbackend = "b"\n# k = 2\n',
        ),
        ('[retrieval]\nbackend = "a"  # ours\n[generate]\n', '[retrieval]\nbackend = "b"  # ours\n[generate]\n'),
        (
            "[retrieval]\nk = 3\n[generate]\n# backend = 1\n",
            '[retrieval]\nk = 3\nbackend = "b"\n[generate]\n# backend = 1\n',
        ),
        ("# nothing\n", '# nothing\n\n[retrieval]\nbackend = "b"\n'),
    ],
)
def test_a_setting_is_put_where_it_belongs(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "geulgam.toml"
    file.write_text(before, encoding="utf-8")
    assert put_setting(file, "retrieval.backend", "b")
    assert file.read_text(encoding="utf-8") == after
    assert not put_setting(file, "retrieval.backend", "b")
