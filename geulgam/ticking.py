"""Keywords ticked on and off in a terminal, what the query then finds beside them."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from retrieval.suggest.suggestion import Suggestion

Find = Callable[[str], Sequence[tuple[str, str]]]  # a query → id and title of its best hits

_UP, _DOWN = ("k", "\x1b[A", "\x1bOA", "\xe0H", "\x00H"), ("j", "\x1b[B", "\x1bOB", "\xe0P", "\x00P")
_TICK, _TAKE, _LEAVE = (" ", "x"), ("\r", "\n"), ("q", "\x1b")
_HELP = "↑ ↓ move · space on or off · a all or none · enter take the query · q leave"


class Ticking:
    """The keywords that are on, the one under the cursor, and the hits. ``find`` is asked whenever a tick changes."""

    def __init__(self, suggestion: "Suggestion", find: Find) -> None:
        self.suggestion = suggestion
        self.words = [keyword.word for keyword in suggestion.keywords]
        self.on = set(self.words)
        self.cursor = 0
        self._find = find
        self.hits = list(find(self.query))
        self.new: set[str] = set()  # hits that the last tick brought

    @property
    def query(self) -> str:
        """Of what is ticked."""
        return self.suggestion.with_keywords(self.on)

    def press(self, key: str) -> bool | None:
        """What a key does: True where the query is taken, False where it is left, None where it goes on."""
        if key in _TAKE:
            return True
        if key in _LEAVE:
            return False
        if key in _UP:
            self.cursor = max(0, self.cursor - 1)
        elif key in _DOWN:
            self.cursor = max(0, min(len(self.words) - 1, self.cursor + 1))
        elif key in _TICK and self.words:
            self._set(self.on ^ {self.words[self.cursor]})
        elif key == "a":
            self._set(set() if len(self.on) == len(self.words) else set(self.words))
        return None

    def shown(self, height: int) -> "RenderableType":
        """Both columns in so many lines: of the keywords those around the cursor."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        room = max(3, height - 6)
        first = max(0, min(self.cursor - room // 2, len(self.words) - room))
        left, right = (Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True) for _ in range(2))
        left.add_column("keyword", no_wrap=True, overflow="ellipsis", ratio=1)
        for name in ("weight", "essays"):
            left.add_column(name, justify="right", no_wrap=True, min_width=len(name))
        for place, keyword in list(enumerate(self.suggestion.keywords))[first : first + room]:
            ticked = "[x]" if keyword.word in self.on else "[ ]"
            spelt = ", ".join((keyword.word, *keyword.spellings))
            style = "reverse" if place == self.cursor else "" if keyword.word in self.on else "dim"
            left.add_row(Text(f"{ticked} {spelt}"), f"{keyword.weight:g}", f"{keyword.documents:,}", style=style)
        right.add_column("finds", no_wrap=True, overflow="ellipsis")
        for place, (id_, title) in enumerate(self.hits[:room], 1):
            mark = "+" if id_ in self.new else " "
            right.add_row(Text(f"{mark}{place:>3}  {title or '(no title)'}", style="bold" if id_ in self.new else ""))
        columns = Table.grid(expand=True, padding=(0, 2))
        columns.add_column(ratio=2)
        columns.add_column(ratio=3)
        columns.add_row(left, right)
        query = Text(self.query, overflow="ellipsis", no_wrap=True, style="bold")
        return Group(query, columns, Text(_HELP, style="dim", no_wrap=True, overflow="ellipsis"))

    def _set(self, on: set[str]) -> None:
        before = {id_ for id_, _ in self.hits}
        self.on = on
        self.hits = list(self._find(self.query))
        self.new = {id_ for id_, _ in self.hits} - before


def is_terminal() -> bool:
    """Whether somebody can be asked: keys come from a terminal and go to one."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ticked(suggestion: "Suggestion", find: Find) -> set[str] | None:
    """The keywords that somebody at the terminal wants; None if none of it is."""
    from rich.live import Live

    from geulgam.keys import reading_keys
    from geulgam.terminal import out

    state, console = Ticking(suggestion, find), out()
    live = Live(state.shown(console.height), console=console, screen=True, auto_refresh=False)
    with reading_keys() as key, live:
        while True:
            live.update(state.shown(console.height), refresh=True)
            decided = state.press(key())
            if decided is not None:
                return state.on if decided else None
