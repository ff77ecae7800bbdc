"""Keywords and parts of a topic ticked on and off in a terminal, what a query then finds beside them."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import RenderableType

    from retrieval.suggest.suggestion import Suggestion

Find = Callable[[str], Sequence[tuple[str, str]]]  # a query → id and title of its best hits

_UP, _DOWN = ("k", "\x1b[A", "\x1bOA", "\xe0H", "\x00H"), ("j", "\x1b[B", "\x1bOB", "\xe0P", "\x00P")
_TICK, _TAKE, _LEAVE = (" ", "x"), ("\r", "\n"), ("q", "\x1b")
_HELP = "↑ ↓ move · space on or off · a all or none · enter take what is ticked · q leave"


class Ticks(NamedTuple):
    """The keywords that the query has, and the parts, by their names, that become topics too."""

    keywords: set[str]
    parts: set[str]


class Ticking:
    """The keywords and the parts that are on, the row under the cursor, and the hits.

    ``names``: of the parts, none of which is on at first, or all (``with_parts``). What is shown is what the query
    finds, or the part under the cursor; ``find`` is asked whenever that is another query.
    """

    def __init__(
        self, suggestion: "Suggestion", find: Find, names: Sequence[str] = (), with_parts: bool = False
    ) -> None:
        self.suggestion, self.names = suggestion, list(names)
        self.words = [keyword.word for keyword in suggestion.keywords]
        self.chosen = Ticks(set(self.words), set(self.names if with_parts else ()))
        self.cursor = 0
        self.find = find
        self._of: int | None = None  # the part that the hits are of
        self._asked = self.query
        self.hits = list(find(self._asked))
        self.new: set[str] = set()  # hits that the last tick brought

    @property
    def query(self) -> str:
        """Of the keywords that are ticked."""
        return self.suggestion.with_keywords(self.chosen.keywords)

    def press(self, key: str) -> bool | None:
        """What a key does: True where what is ticked is taken, False where it is left, None where it goes on."""
        if key in _TAKE:
            return True
        if key in _LEAVE:
            return False
        last = len(self.words) + len(self.names) - 1
        if key in _UP:
            self.cursor = max(0, self.cursor - 1)
        elif key in _DOWN:
            self.cursor = max(0, min(last, self.cursor + 1))
        elif key in _TICK and last >= 0:
            on, rows = self._here()
            on ^= {rows[self._place]}
        elif key == "a":
            on, rows = self._here()
            on ^= set(rows) if len(on) == len(rows) else set(rows) - on
        self._look()
        return None

    def shown(self, height: int) -> "RenderableType":
        """Both columns in so many lines: of the rows those around the cursor."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        room = max(3, height - 6)
        rows = [*self._keyword_rows(), *self._part_rows()]
        first = max(0, min(self.cursor - room // 2, len(rows) - room))
        left, right = (Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True) for _ in range(2))
        left.add_column("keyword", no_wrap=True, overflow="ellipsis", ratio=1)
        for name in ("weight", "essays"):
            left.add_column(name, justify="right", no_wrap=True, min_width=len(name))
        for place, (on, name, weight, essays) in list(enumerate(rows))[first : first + room]:
            style = "reverse" if place == self.cursor else "" if on else "dim"
            left.add_row(Text(f"{'[x]' if on else '[ ]'} {name}"), weight, essays, style=style)
        right.add_column("the part finds" if self._is_part else "finds", no_wrap=True, overflow="ellipsis")
        for place, (id_, title) in enumerate(self.hits[:room], 1):
            mark = "+" if id_ in self.new else " "
            right.add_row(Text(f"{mark}{place:>3}  {title or '(no title)'}", style="bold" if id_ in self.new else ""))
        columns = Table.grid(expand=True, padding=(0, 2))
        columns.add_column(ratio=2)
        columns.add_column(ratio=3)
        columns.add_row(left, right)
        query = Text(self._asked, overflow="ellipsis", no_wrap=True, style="bold")
        return Group(query, columns, Text(_HELP, style="dim", no_wrap=True, overflow="ellipsis"))

    @property
    def _is_part(self) -> bool:
        return self.cursor >= len(self.words) and bool(self.names)

    @property
    def _place(self) -> int:
        """Of the cursor among the keywords, or among the parts."""
        return self.cursor - (len(self.words) if self._is_part else 0)

    def _here(self) -> tuple[set[str], list[str]]:
        """Which are on of those of the cursor's kind, and all of them."""
        return (self.chosen.parts, self.names) if self._is_part else (self.chosen.keywords, self.words)

    def _keyword_rows(self) -> list[tuple[bool, str, str, str]]:
        return [
            (
                each.word in self.chosen.keywords,
                ", ".join((each.word, *each.spellings)),
                f"{each.weight:g}",
                f"{each.documents:,}",
            )
            for each in self.suggestion.keywords
        ]

    def _part_rows(self) -> list[tuple[bool, str, str, str]]:
        return [
            (name in self.chosen.parts, part.title, "part", "")
            for name, part in zip(self.names, self.suggestion.parts, strict=True)
        ]

    def _look(self) -> None:
        """Find what is to be shown now, if that is something else; what a tick brought is new."""
        of = self._place if self._is_part else None
        asked = self.query if of is None else self.suggestion.parts_with(self.chosen.keywords)[of]
        if (of, asked) == (self._of, self._asked):
            return
        before = {id_ for id_, _ in self.hits} if of == self._of else None
        self._of, self._asked, self.hits = of, asked, list(self.find(asked))
        self.new = set() if before is None else {id_ for id_, _ in self.hits} - before


def is_terminal() -> bool:
    """Whether somebody can be asked: keys come from a terminal and go to one."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ticked(suggestion: "Suggestion", find: Find, names: Sequence[str], with_parts: bool) -> Ticks | None:
    """What somebody at the terminal wants of it (see :class:`Ticking`); None if none of it."""
    from rich.live import Live

    from geulgam.keys import reading_keys
    from geulgam.terminal import out

    state, console = Ticking(suggestion, find, names, with_parts), out()
    live = Live(state.shown(console.height), console=console, screen=True, auto_refresh=False)
    with reading_keys() as key, live:
        while True:
            live.update(state.shown(console.height), refresh=True)
            decided = state.press(key())
            if decided is not None:
                return state.chosen if decided else None
