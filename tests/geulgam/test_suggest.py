"""topic suggest, as a user types it and as one ticks it in a terminal."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from geulgam.stages.suggest import put_proposed, suggest_topic
from geulgam.ticking import Ticking
from geulgam.workspace import Workspace
from retrieval.suggest.parts import TopicPart
from retrieval.suggest.suggestion import Keyword, Suggestion
from tests.geulgam.conftest import Command, arguments, awaits_a_key, environment


def test_what_is_suggested_is_shown_and_nothing_is_written(geulgam: Command, indexed: Workspace) -> None:
    before = indexed.settings_file.read_text(encoding="utf-8")
    said = geulgam("topic", "suggest", "글쓰기", "--top", "20")
    assert said.code == 0 and "문장" in said.out and "글쓰기^4" in said.out
    assert "--yes takes the query" in said.err
    assert indexed.settings_file.read_text(encoding="utf-8") == before


def test_json_is_for_programs(geulgam: Command, indexed: Workspace) -> None:
    told = geulgam("topic", "suggest", "글쓰기", "--json", "--top", "20", "--keywords", "8", "--parts", "3").json
    assert told["name"] == told["seed"] == "글쓰기" and told["query"].startswith("글쓰기^4 ")
    assert len(told["keywords"]) == 8 and 2 <= len(told["parts"]) <= 3 and len(told["hits"]) == 20
    for keyword in told["keywords"]:
        assert keyword["documents"] > 1 and 0 < len(keyword["contexts"]) <= 2
        assert all(context["matched"] in context["text"] for context in keyword["contexts"])
        ids = {hit["document_id"] for hit in told["hits"]}
        assert {gained["document_id"] for gained in keyword["gains"]} <= ids
        assert not {lost["document_id"] for lost in keyword["losses"]} & ids
    assert all(part["name"].startswith("글쓰기-") and part["documents"] for part in told["parts"])
    assert all(hit["title"] for hit in told["hits"])


def test_where_no_keyword_is_suggested_there_is_no_table(geulgam: Command, workspace: Workspace) -> None:
    (workspace.folder / "a.txt").write_text("우리는 낚시를 하러 갔다.", encoding="utf-8")
    geulgam("corpus", "add", "a.txt")
    geulgam("index", "build")
    said = geulgam("topic", "suggest", "낚시")
    assert said.code == 0 and said.out == "낚시^4\n" and said.err.startswith("too few essays say it")


def test_yes_writes_the_topic_and_its_parts(geulgam: Command, indexed: Workspace) -> None:
    told = geulgam("topic", "suggest", "글쓰기", "--json").json
    said = geulgam("topic", "suggest", "글쓰기", "--yes", "--with-parts", "--k", "30")
    assert said.code == 0
    settings = indexed.settings()
    assert settings.topic("글쓰기").query == told["query"] and settings.topic("글쓰기").k == 30
    for part in told["parts"]:
        assert settings.topic(part["name"]).query == part["query"]
        assert geulgam("topic", "show", part["name"]).code == 0
    again = geulgam("topic", "suggest", "글쓰기", "--yes", "--with-parts", "--k", "30")
    assert again.code == 0 and indexed.settings().topic_names() == settings.topic_names()


def test_a_person_s_topic_is_no_part_and_keeps_its_query(geulgam: Command, indexed: Workspace) -> None:
    mine = geulgam("topic", "suggest", "글쓰기", "--json").json["parts"][0]["name"]
    geulgam("topic", "add", mine, "--query", "원고")
    for _ in range(2):  # the second time the numbered name is the part's own
        assert geulgam("topic", "suggest", "글쓰기", "--yes", "--with-parts").code == 0
        settings = indexed.settings()
        assert settings.topic(mine).query == "원고"
        assert settings.topic(f"{mine}-2").query.startswith("+(")
        assert f"{mine}-3" not in settings.topic_names()


def test_a_suggestion_keeps_the_k_that_a_topic_has(geulgam: Command, indexed: Workspace) -> None:
    geulgam("topic", "add", "글쓰기", "--query", "글쓰기 원고", "--k", "40")
    geulgam("topic", "suggest", "글쓰기", "--yes")
    assert indexed.settings().topic("글쓰기").k == 40 and indexed.settings().topic("글쓰기").query != "글쓰기 원고"
    geulgam("topic", "suggest", "글쓰기", "--yes", "--k", "30")
    assert indexed.settings().topic("글쓰기").k == 30


def test_json_with_parts_says_that_it_writes_nothing_without_yes(geulgam: Command, indexed: Workspace) -> None:
    before = indexed.settings_file.read_text(encoding="utf-8")
    said = geulgam("topic", "suggest", "글쓰기", "--json", "--with-parts")
    assert said.json["parts"] and "nothing was written" in said.err and "--yes" in said.err
    assert indexed.settings_file.read_text(encoding="utf-8") == before
    assert "nothing was written" not in geulgam("topic", "suggest", "글쓰기", "--json").err


def test_a_topic_can_be_added_as_it_is_suggested(geulgam: Command, indexed: Workspace) -> None:
    geulgam("topic", "add", "글쓰기", "--query", "글쓰기 원고")
    said = geulgam("topic", "add", "글쓰기", "--suggest")
    assert said.code == 0 and "its query was: 글쓰기 원고" in said.out
    assert indexed.settings().topic("글쓰기").query == geulgam("topic", "suggest", "글쓰기", "--json").json["query"]
    for words in (("topic", "add", "글쓰기"), ("topic", "add", "글쓰기", "--suggest", "--query", "글")):
        wrong = geulgam(*words)
        assert wrong.code == 2 and "--suggest" in wrong.err


def test_a_topic_can_be_added_with_its_parts(geulgam: Command, indexed: Workspace) -> None:
    assert geulgam("topic", "add", "글쓰기", "--suggest", "--with-parts").code == 0
    told = geulgam("topic", "suggest", "글쓰기", "--json").json
    settings = indexed.settings()
    assert told["parts"] and settings.topic("글쓰기").query == told["query"]
    assert all(settings.topic(part["name"]).query == part["query"] for part in told["parts"])
    wrong = geulgam("topic", "add", "글쓰기", "--query", "글", "--with-parts")
    assert wrong.code == 2 and "--suggest" in wrong.err


def test_what_was_ticked_off_is_not_in_the_frame_of_the_parts(indexed: Workspace) -> None:
    proposed = suggest_topic(indexed, indexed.settings(), "글쓰기")
    first, *kept = [keyword.word for keyword in proposed.suggestion.keywords]
    assert all(f" {first} " in part.query for part in proposed.suggestion.parts)
    put_proposed(indexed, indexed.settings(), proposed, chosen=kept, parts=proposed.parts)
    settings = indexed.settings()
    for name, part in zip(proposed.parts, proposed.suggestion.parts, strict=True):
        frame, own = settings.topic(name).query.split(")^0.5 ")
        assert f" {first} " not in frame and part.query.endswith(f")^0.5 {own}")


def test_a_sentence_makes_a_topic_by_another_name(geulgam: Command, indexed: Workspace) -> None:
    said = geulgam("topic", "suggest", "기차를 타고 바다로 떠났다", "--name", "기차 여행", "--yes")
    assert said.code == 0
    assert indexed.settings().topic("기차 여행").query.startswith("기차^4 바다^4 떠나다^4 ")


def test_a_sentence_with_its_signs_is_looked_at_and_names_the_topic(geulgam: Command, indexed: Workspace) -> None:
    sentence = "기차를 타고 바다로 떠났다."
    assert geulgam("topic", "suggest", sentence, "--json").json["name"] == "기차를 타고 바다로 떠났다"
    long = geulgam("topic", "suggest", f"{sentence} " * 4, "--json").json
    assert long["name"] == f"{sentence} " * 2 + sentence.rstrip(".") and long["seed"] == (f"{sentence} " * 4).strip()
    query = geulgam("topic", "suggest", "+가족 -아버지")
    assert query.code == 1 and "is an operator" in query.err and "--query" in query.err


def test_words_of_a_sentence_that_no_essay_has_are_told(geulgam: Command, indexed: Workspace) -> None:
    said = geulgam("topic", "suggest", "바다 쿼크퀘", "--json", "--parts", "0", "--keywords", "2")
    assert said.json["unknown"] == ["쿼크퀘"] and said.json["query"].startswith("바다^4 ")
    assert said.err == "note: words that no essay has are not looked for: 쿼크퀘\n"
    assert geulgam("topic", "suggest", "바다", "--json", "--parts", "0", "--keywords", "2").err == ""


def test_an_index_that_is_out_of_date_is_told(geulgam: Command, indexed: Workspace, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("쿼크퀘를 보러 바다에 갔다.", encoding="utf-8")
    assert geulgam("corpus", "add", tmp_path / "new.txt").code == 0
    told = "note: the index is out of date: corpus changed: 1 new documents; renew it with geulgam index build\n"
    for words in (("suggest", "바다", "--json"), ("add", "바다", "--suggest"), ("suggest", "쿼크퀘")):
        assert geulgam("topic", *words).err.startswith(told)
    assert geulgam("index", "search", "바다").err == told


def test_a_word_that_nothing_has_and_an_index_that_is_not_there_are_told(
    geulgam: Command, indexed: Workspace, workspace: Workspace
) -> None:
    said = geulgam("topic", "suggest", "쿼크퀘", "-w", indexed.folder)
    assert said.code == 1 and said.err.startswith("error: the corpus has no essay with") and said.out == ""
    none = geulgam("topic", "suggest", "함께", "-w", workspace.folder)
    assert none.code == 1 and "geulgam index build" in none.err


def ticking() -> tuple[Ticking, list[str]]:
    """Three keywords, each of which finds a document of its own."""
    keywords = tuple(Keyword(word, 0.5, (), 3, (), (), ()) for word in ("미끼", "붕어", "어망"))
    asked: list[str] = []

    def find(query: str) -> Sequence[tuple[str, str]]:
        asked.append(query)
        return [(word, f"{word}의 글") for word in ("미끼", "붕어", "어망") if word in query]

    return Ticking(Suggestion("낚시", ("낚시",), keywords, (), "", (), 60), find), asked


def test_a_tick_changes_the_query_and_the_hits() -> None:
    state, asked = ticking()
    assert [state.press(key) for key in ("\x1b[B", " ")] == [None, None]
    assert state.query == "낚시^4 미끼^0.5 어망^0.5" == asked[-1]
    assert [id_ for id_, _ in state.hits] == ["미끼", "어망"] and state.new == set()
    state.press(" ")
    assert state.new == {"붕어"} and state.chosen.keywords == {"미끼", "붕어", "어망"}
    state.press("a")
    assert state.query == "낚시^4" and state.hits == []
    state.press("a")
    assert len(state.hits) == 3
    for key in ("k", "k", "k", "\x1b[A"):
        state.press(key)
    assert state.cursor == 0
    for _ in range(5):
        state.press("j")
    assert state.cursor == 2 and len(asked) == 5  # moving asks nothing
    assert state.press("\r") is True and state.press("q") is False


def test_parts_are_ticked_below_the_keywords_and_show_what_they_find() -> None:
    (state, asked), parts = ticking(), (TopicPart("새벽", ("새벽", "붕어"), "", ()), TopicPart("밤", ("밤",), "", ()))
    suggestion = replace(state.suggestion, parts=parts)
    state = Ticking(suggestion, state.find, ["낚시-새벽", "낚시-밤"])
    for key in ("j", "j", " ", "j"):  # the last keyword off, then to the first part
        state.press(key)
    assert asked[-1] == "+(낚시^4 미끼^0.5 붕어^0.5)^0.5 새벽^2 붕어" and state.new == set()
    assert [id_ for id_, _ in state.hits] == ["미끼", "붕어"] and state.chosen.parts == set()
    state.press(" ")
    assert state.chosen == ({"미끼", "붕어"}, {"낚시-새벽"})
    state.press("a")
    assert state.chosen.parts == {"낚시-새벽", "낚시-밤"}
    state.press("j")
    state.press("x")
    assert state.chosen.parts == {"낚시-새벽"} and asked[-1].endswith("^0.5 밤^2")
    state.press("a")
    state.press("a")
    assert state.chosen == ({"미끼", "붕어"}, set())
    seen = "\n".join(drawn(state))
    assert "[ ] 새벽 " in seen and "the part finds" in seen
    for _ in range(3):
        state.press("k")
    assert asked[-1] == "낚시^4 미끼^0.5 붕어^0.5" and state.new == set()
    assert Ticking(suggestion, state.find, ["하나", "둘"], with_parts=True).chosen.parts == {"하나", "둘"}


def drawn(state: Ticking) -> list[str]:
    """The lines of a terminal of 80 columns and 24 lines."""
    from rich.console import Console

    console = Console(width=80, height=24, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(state.shown(24))
    return console.export_text().splitlines()


def test_both_columns_fit_the_terminal() -> None:
    state, _ = ticking()
    state.press(" ")
    lines = drawn(state)
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert any("[ ]" in line and "미끼" in line for line in lines)
    assert any("[x]" in line and "어망의 글" in line for line in lines)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_keywords_are_ticked_in_a_terminal(indexed: Workspace, geulgam: Command) -> None:
    told = geulgam("topic", "suggest", "글쓰기", "--json").json
    assert _typed(indexed.folder, "q") == 0
    assert "글쓰기" not in indexed.settings().topic_names()
    assert _typed(indexed.folder, "\x03") == 130
    assert "글쓰기" not in indexed.settings().topic_names()
    below = "j" * len(told["keywords"])
    assert _typed(indexed.folder, f"j {below} \r") == 0  # in one burst: the second keyword off, the second part on
    kept = told["query"].split()
    left = next(word for word in kept if word.split("^")[0] == told["keywords"][1]["word"])
    assert indexed.settings().topic("글쓰기").query.split() == [word for word in kept if word != left]
    added = {part["name"] for part in told["parts"]} & set(indexed.settings().topic_names())
    assert added == {told["parts"][1]["name"]}


def _typed(folder: Path, *keys: str) -> int:
    """Run the command in a pseudo-terminal of its own, and press the keys once it shows the ticks."""
    import fcntl
    import pty
    import termios

    def take_it() -> None:  # so that Ctrl-C is a signal
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    ours, theirs = pty.openpty()
    command = arguments("topic", "suggest", "글쓰기", "-w", folder)
    variables = environment(TERM="xterm", COLUMNS="100", LINES="30")
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables, preexec_fn=take_it)
    os.close(theirs)
    seen, waiting, ends = b"", list(keys), time.monotonic() + 100
    while process.poll() is None and time.monotonic() < ends:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                seen += os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
        elif waiting and b"space on or off" in seen and awaits_a_key(ours):
            os.write(ours, waiting.pop(0).encode())
            seen = seen[-20_000:]
    os.close(ours)
    return process.wait(timeout=20)
