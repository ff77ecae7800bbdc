"""`--help` answers at once, and says for each command how to use it."""

import os
import re
import subprocess
import sys

import pytest

from tests.geulgam.conftest import Command, arguments, environment

COMMANDS = [
    ("new",),
    ("corpus", "add"),
    ("corpus", "scrape"),
    ("corpus", "stats"),
    ("corpus", "clean"),
    ("corpus", "diff"),
    ("corpus", "undo"),
    ("corpus", "report"),
    ("corpus", "label"),
    ("index", "build"),
    ("index", "search"),
    ("index", "status"),
    ("topic", "add"),
    ("topic", "suggest"),
    ("topic", "map"),
    ("topic", "list"),
    ("topic", "show"),
    ("topic", "remove"),
    ("plan",),
    ("finetune",),
    ("generate",),
    ("review",),
    ("export",),
    ("evaluate",),
    ("run",),
    ("status",),
    ("demo",),
    ("doctor",),
]


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['geulgam', '--help']\n"
        "from geulgam.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'numpy', 'pandas', 'pyarrow', 'kiwipiepy', 'pydantic'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert "HEAVY []" in done.stdout


def test_help_is_quick() -> None:
    def seconds() -> float:
        before = os.times()
        subprocess.run(arguments("--help"), env=environment(), capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(5)) < 1.5  # 0.25 s on an idle machine; the goal is 0.5


def test_the_commands_stand_in_the_order_of_work(geulgam: Command) -> None:
    listed = re.findall(r"^│ (\w+) {2,}", geulgam("--help").out, flags=re.MULTILINE)
    assert listed[-14:] == list(dict.fromkeys(c[0] for c in (("new",), ("corpus",), *COMMANDS[3:])))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_has_an_example_that_could_be_typed(geulgam: Command, command: tuple[str, ...]) -> None:
    said = geulgam(*command, "--help")
    assert said.code == 0
    assert f"Example:  geulgam {' '.join(command)}" in said.out


def test_the_version_is_told(process: Command) -> None:
    said = process("--version")
    assert said.code == 0 and re.fullmatch(r"geulgam \d+\.\d+\.\d+\n", said.out)


@pytest.mark.parametrize(
    "words", [("frobnicate",), ("topic", "add"), ("generate",), ("new", "a", "--what"), ("run", "--json")]
)
def test_a_wrong_command_ends_with_2(geulgam: Command, words: tuple[str, ...]) -> None:
    said = geulgam(*words)
    assert said.code == 2 and said.out == "" and "Usage: geulgam" in said.err
