"""The report of what was measured: one file that asks for nothing, with a sentence on each figure."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from geulgam.stages.evaluation_report import Compared, HeldOut, html

FIVE = ("base", "shared", "random", "corpus", "adapted")
_BITS = {"base": 2.2, "shared": 2.1, "random": 2.09, "corpus": 2.08, "adapted": 2.06}


def trained(**changed: Any) -> dict[str, Any]:
    """The metrics of a training."""
    return {
        "history": [[0, 3.5], [20, 3.4], [40, 3.41]],
        "train_history": [[step, 3.5 - 0.004 * step + 0.1 * (-1) ** step] for step in range(1, 41)],
        "best_step": 20, "steps": 40, "planned_steps": 40, "train_documents": 90, "valid_documents": 9,
        "tokens": 81_920, "share": 1.0, "valid_loss": 3.4, "goes_on": False, "diagnosis": [], "neutral": [2.0, 2.1],
        **changed,
    }  # fmt: skip


def compared(models: tuple[str, ...] = FIVE, width: float = 0.95) -> dict[str, Compared]:
    def lead(name: str) -> float:
        return 100 * (1 - _BITS["adapted"] / _BITS[name])

    def gain(name: str) -> float:
        return 100 * (1 - _BITS[name] / _BITS["base"])

    return {
        name: Compared(
            _BITS[name],
            gain(name),
            None if name == "base" else (gain(name) - 0.5, gain(name) + 0.5),
            lead(name),
            None if name == "adapted" else (lead(name) - width, lead(name) + width),
        )
        for name in models
    }


def page(models: tuple[str, ...] = FIVE, essays: int = 12, width: float = 0.95, **told: Any) -> str:
    each = [
        HeldOut(f"{i:032}", f"글 <{i}>", 1000, {n: _BITS[n] * 1000 + 10 * i * (n == "adapted") for n in models})
        for i in range(essays)
    ]
    positions = {name: (_BITS[name] + 0.2, _BITS[name], _BITS[name] - 0.1, None, None) for name in models}
    given = {name: trained(goes_on=name != "shared", share=0.5, own=3, of_own=90) for name in models if name != "base"}
    return html("함께", compared(models, width), positions, each, {**given, **told})


class Reader(HTMLParser):
    """Notes what a page would fetch or run, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "srcset", "action", "data", "poster", "background", "xlink:href"}
        self.fetched += [f"{tag} {name}" for name, value in attrs if name in names or "url(" in (value or "")]
        self.fetched += [tag] * (tag in ("script", "link", "iframe", "object", "embed", "img", "base"))
        if tag not in ("meta", "i", "polyline", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag, f"{tag} ends where another is open"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "polyline"

    def handle_data(self, data: str) -> None:
        self.text += data


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


@pytest.mark.parametrize("models", [("base", "adapted"), ("base", "shared", "adapted"), FIVE])
def test_it_is_one_file_that_asks_for_nothing(models: tuple[str, ...]) -> None:
    text = page(models)
    reader = read(text)
    assert reader.fetched == [] and reader.open in ([], ["html"])
    assert not re.search(r"https?://|@import|url\(", text)
    assert "default-src 'none'" in text  # a browser is told so too


def test_every_figure_has_a_sentence() -> None:
    text = re.sub(r"\s+", " ", read(page()).text)
    assert "Against the base the topic's adapter needs 6.4 % fewer bits" in text
    assert "Against the shared stage alone" in text and "Against as many steps on random essays" in text
    assert "which chance does not explain" in text and "what adaptation brings" in text
    assert (
        "40 steps on 90 essays (81,920 tokens): the valid side (9 essays) went from 3.500, where the base stands"
        in text
    )
    assert "Of what it learnt 50% stays" in text
    assert "saves most in the stretch to 1,024 (6.7 %) and least in the stretch to 256 (5.8 %)" in text
    assert "12 of 12 essays need fewer bits than with the base" in text
    assert "2.000 bits per character with the base, 2.100 with the topic's adapter (+5.0 %)" in text
    assert "3 of them are the topic's too" in text and "the shared stage has read them before" in text


def test_what_may_be_chance_is_called_so() -> None:
    text = read(page(width=0.5)).text
    assert "may be chance" not in text and text.count("chance does not explain") == 4
    text = read(page(width=1.5)).text
    assert "on the whole corpus the topic's adapter needs 1.0 % fewer bits; with a confidence of 95 %" in text
    assert text.count("so that it may be chance") == 2  # the random essays too


def test_without_controls_it_says_how_to_have_them_and_does_not_speak_of_them() -> None:
    text = page(("base", "shared", "adapted"))
    assert "geulgam evaluate --full" in text and "What the controls are" not in text and "random essays" not in text


def test_what_the_doctor_says_stands_under_its_curve() -> None:
    text = read(
        page(("base", "shared", "adapted"), adapted=trained(diagnosis=["only 8 tokens of text were read"]))
    ).text
    assert "Only 8 tokens of text were read." in text
    assert text.count("The doctor finds nothing wrong.") == 1  # in the shared stage
    silent = trained()
    del silent["diagnosis"]
    assert "doctor" not in read(page(("base", "adapted"), adapted=silent)).text


def test_essays_are_named_once_at_either_end_and_escaped() -> None:
    text = page(("base", "adapted"))
    assert "글 &lt;0&gt;</span>" in text and "글 <0>" not in text
    assert text.index("글 &lt;0&gt;</span>") < text.index("글 &lt;11&gt;</span>")
    assert len(re.findall(r"글 &lt;\d+&gt;</span>", text)) == 10
    assert len(re.findall(r"글 &lt;\d+&gt;</span>", page(("base", "adapted"), essays=3))) == 3
    assert "Those that gained least" not in page(("base", "adapted"), essays=1)


def test_a_single_essay_and_one_stretch_are_enough() -> None:
    model = {"base": Compared(2.0, 0, None, 5.0, None), "adapted": Compared(1.9, 5.0, None, 0.0, None)}
    positions = {"base": (2.0, None, None, None, None), "adapted": (1.9, None, None, None, None)}
    essay = HeldOut("0" * 32, "", 100, {"base": 200.0, "adapted": 190.0})
    text = read(html("함께", model, positions, [essay], {})).text
    assert "a single essay does not tell how sure that is" in text and "No essay of the test side is longer" in text
    assert "How training went" not in text


def test_a_worse_adapter_is_shown_as_worse() -> None:
    model = {
        "base": Compared(2.0, 0, None, -5.0, (-6.0, -4.0)),
        "adapted": Compared(2.1, -5.0, (-6.0, -4.0), 0.0, None),
    }
    positions = {"base": (2.0, 2.0, None, None, None), "adapted": (2.1, 2.1, None, None, None)}
    essays = [HeldOut(str(i), f"글 {i}", 100, {"base": 200.0, "adapted": 210.0 + i}) for i in range(2)]
    text = html("함께", model, positions, essays, {})
    assert "5.0 % MORE bits" in text and "0 of 2 essays need fewer bits" in text and "--tone:var(--out)" in text
