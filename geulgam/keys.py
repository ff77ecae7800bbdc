"""Keys pressed in a terminal, one at a time, however many of them come at once."""

import codecs
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# An escape sequence (ECMA-48: parameters, intermediates, a final; after O of one key) or a character. [[ is Linux's.
_KEY = re.compile(r"\x1b\[\[?[0-?]*[ -/]*[@-Z\\-~]|\x1bO[ -~]|.", re.DOTALL)
_BEGUN = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*|O)?")  # what may become one
_WAIT = 0.05  # seconds for the rest of a sequence: the key escape is alone


class Keys:
    """The keys that come from a terminal's file descriptor, whose single keys can be read."""

    def __init__(self, terminal: int, encoding: str = "utf-8") -> None:
        self._terminal = terminal
        self._decode = codecs.getincrementaldecoder(encoding)("replace").decode
        self._typed = ""

    def next(self) -> str:
        """The next key, an arrow as its whole sequence; waits for it. Raises EOFError for Ctrl-D and at the end."""
        while not self._typed:
            self._read()
        while _BEGUN.fullmatch(self._typed) and self._comes():
            self._read()
        found = _BEGUN.fullmatch(self._typed) or _KEY.match(self._typed)
        assert found is not None
        self._typed = self._typed[found.end() :]
        if found[0] == "\x04":
            raise EOFError
        return found[0]

    def _comes(self) -> bool:
        from select import select

        return bool(select([self._terminal], [], [], _WAIT)[0])

    def _read(self) -> None:
        read = os.read(self._terminal, 1024)
        if not read:
            raise EOFError
        self._typed += self._decode(read)


@contextmanager
def reading_keys() -> Iterator[Callable[[], str]]:
    """What waits for the next key, see :class:`Keys`. What is typed between two calls is kept, what was typed before
    this is entered is not. Ctrl-C raises KeyboardInterrupt, and the terminal is left as it was."""
    if sys.platform == "win32":
        from click import getchar

        yield getchar
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        mode = termios.tcgetattr(terminal)
        for sign in (termios.VSUSP, termios.VQUIT):  # they would leave the terminal as it is now
            mode[6][sign] = os.fpathconf(terminal, "PC_VDISABLE").to_bytes()
        termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
        yield Keys(terminal, sys.stdin.encoding).next
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
