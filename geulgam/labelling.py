"""Documents marked as essays or as none, by a key each in a terminal, or by lines from a program."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from geulgam.stages.label import Labelling

PASSAGE = 400  # characters shown at first, and more with each press of space
_YES, _NO, _BACK, _QUIT, _MORE = "yes", "no", "back", "quit", "more"
# Also as the keys give them where Korean is typed.
_KEYS = {"y": _YES, "ㅛ": _YES, "n": _NO, "ㅜ": _NO, "b": _BACK, "ㅠ": _BACK, "\x7f": _BACK, "\x08": _BACK}
_KEYS |= {"q": _QUIT, "ㅂ": _QUIT, "\x1b": _QUIT, " ": _MORE}
_WORDS = {"y": _YES, "yes": _YES, "n": _NO, "no": _NO, "b": _BACK, "back": _BACK, "q": _QUIT, "quit": _QUIT}
_HELP = "y an essay · n no essay · b back · space more of it · q quit"


class Marking:
    """What is asked now, and how much of it is shown."""

    def __init__(self, labelling: "Labelling") -> None:
        self.labelling = labelling
        self.shown_characters = PASSAGE
        self._standing = standing(labelling)

    def press(self, key: str) -> bool:
        """What a key does; whether it goes on."""
        does = _KEYS.get(key.lower())
        if does == _QUIT:
            return False
        if does == _MORE:
            self.shown_characters += PASSAGE
        elif does is not None and act(self.labelling, does):
            self.shown_characters = PASSAGE
            self._standing = standing(self.labelling)
        return self.labelling.document is not None

    def shown(self, console: "Console") -> "RenderableType":
        """The document's title, source and passage, in no more lines than there are: of more text the end."""
        from rich.console import Group
        from rich.text import Text

        document = self.labelling.document
        assert document is not None
        head = Text(document.title or "(no title)", style="bold", no_wrap=True, overflow="ellipsis")
        source = Text(document.source, style="dim", no_wrap=True, overflow="ellipsis")
        text = document.text.strip()
        rest = len(text) - self.shown_characters
        lines = [line for line in passage(text, self.shown_characters).splitlines() if line.strip()]
        rows = Text("\n".join(lines)).wrap(console, console.width)
        body = Text("\n").join(rows[-max(1, console.height - 7) :])
        more = Text(f"… {rest:,} characters more" if rest > 0 else "", style="dim")
        foot = (Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in (self._standing, _HELP))
        return Group(head, source, Text(), body, more, Text(), *foot)


def passage(text: str, characters: int) -> str:
    """The text's beginning, of so many characters, to the end of a word."""
    if len(text) <= characters:
        return text
    end = text.rfind(" ", characters // 2, characters + 1)
    return text[: end if end > 0 else characters]


def standing(labelling: "Labelling") -> str:
    """How many marks there are, and what can be told by them."""
    told = f"{labelling.essays + labelling.others} marks: {labelling.essays} essays, {labelling.others} none"
    known = labelling.validated()
    if known is None:
        return told
    return f"{told} · of marks left out {known.accuracy:.0%} told right, AUC {known.auc:.2f}"


def act(labelling: "Labelling", does: str) -> bool:
    """Do what was answered; whether anything was changed."""
    if does == _BACK:
        return labelling.back()
    labelling.answer(does == _YES)
    return True


def mark_in_terminal(labelling: "Labelling") -> None:
    """Ask, by keys, until it is enough."""
    from rich.live import Live

    from geulgam.keys import reading_keys
    from geulgam.terminal import out

    if labelling.document is None:
        return
    state, console = Marking(labelling), out()
    live = Live(state.shown(console), console=console, screen=True, auto_refresh=False)
    with reading_keys() as key, live:
        live.refresh()
        while state.press(key()):
            live.update(state.shown(console), refresh=True)


def mark_by_lines(labelling: "Labelling", say: Callable[[str], None], *, as_json: bool) -> None:
    """Ask, each question a line of JSON or some of text; an answer is a line: y, n, back or quit. The end is quit."""
    while (document := labelling.document) is not None:
        if as_json:
            say(json.dumps(_plain(labelling), ensure_ascii=False))
        else:
            say(f"{document.title or '(no title)'}  ({document.source})")
            say(" ".join(passage(document.text, PASSAGE).split()))
            say(f"{standing(labelling)} — y, n, back or quit?")
        sys.stdout.flush()
        line = sys.stdin.readline()
        does = _WORDS.get(line.strip().lower())
        if not line or does == _QUIT:
            return
        if does is None:
            say(json.dumps({"error": "answer y, n, back or quit"}) if as_json else "answer y, n, back or quit")
        else:
            act(labelling, does)


def _plain(labelling: "Labelling") -> dict[str, Any]:
    document = labelling.document
    assert document is not None
    known = labelling.validated()
    return {
        "id": document.id,
        "title": document.title,
        "source": document.source,
        "passage": passage(document.text, PASSAGE),
        "characters": len(document.text),
        "score": labelling.score,
        "essays": labelling.essays,
        "others": labelling.others,
        "accuracy": None if known is None else round(known.accuracy, 4),
        "auc": None if known is None else round(known.auc, 4),
    }
