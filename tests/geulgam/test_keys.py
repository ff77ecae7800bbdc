"""Keys of a terminal: each of a burst counts, an escape sequence is one, and the terminal is left as it was."""

import os
import sys
import time
from collections.abc import Iterator
from threading import Timer

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import pty
import termios

from geulgam.keys import Keys, reading_keys
from tests.geulgam.conftest import awaits_a_key


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """The end of a pseudo-terminal that keys are typed at, and the one that stdin is."""
    typing, reading = pty.openpty()
    with open(reading, encoding="utf-8", closefd=False) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield typing, reading
    os.close(typing)
    os.close(reading)


def test_every_key_of_a_burst_counts_and_a_sequence_is_one(ends: tuple[int, int]) -> None:
    with reading_keys() as key:
        os.write(ends[0], "jj\x1b[A\x1bOB\x1b[1;5C\x1b[[Bㅛ \x1b[B".encode())
        assert [key() for _ in range(9)] == ["j", "j", "\x1b[A", "\x1bOB", "\x1b[1;5C", "\x1b[[B", "ㅛ", " ", "\x1b[B"]


def test_what_comes_in_pieces_is_put_together_and_escape_alone_is_a_key() -> None:
    read, write = os.pipe()
    keys = Keys(read)
    pieces = [b"\x1b", b"[", b"A\xe3", b"\x85\x9b"]
    os.write(write, pieces[0])
    later = [Timer(0.02 * number, os.write, (write, piece)) for number, piece in enumerate(pieces[1:], 1)]
    for timer in later:
        timer.start()
    assert [keys.next(), keys.next()] == ["\x1b[A", "ㅛ"]
    os.write(write, b"\x1b")
    assert keys.next() == "\x1b"
    os.write(write, b"\x1bq")
    assert [keys.next(), keys.next()] == ["\x1b", "q"]
    os.close(write)
    with pytest.raises(EOFError):
        keys.next()
    os.close(read)


def test_what_is_typed_between_two_keys_is_kept_and_before_the_first_is_not(ends: tuple[int, int]) -> None:
    os.write(ends[0], b"\n")
    time.sleep(0.1)
    with reading_keys() as key:
        os.write(ends[0], b"j")
        assert key() == "j"
        os.write(ends[0], b"k")
        time.sleep(0.1)
        assert key() == "k"
        os.write(ends[0], b"\x04")
        with pytest.raises(EOFError):
            key()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError])
def test_the_terminal_is_left_as_it_was(ends: tuple[int, int], error: type[BaseException] | None) -> None:
    before = termios.tcgetattr(ends[1])
    try:
        with reading_keys():
            assert awaits_a_key(ends[0]) and not termios.tcgetattr(ends[1])[3] & termios.ECHO
            if error:
                raise error
    except (KeyboardInterrupt, ValueError):
        pass
    assert termios.tcgetattr(ends[1]) == before and not awaits_a_key(ends[0])
