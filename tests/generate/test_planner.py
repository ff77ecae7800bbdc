"""A model on the user's own machine drafts titles: a real server of the protocol, one that misbehaves, and a folder."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import GeulgamError
from corpus.events import Event, Progress
from generate.planning.plan import Facts, Plan, Section
from generate.planning.planner import drafted, question

PLAN = Plan(
    "함께",
    (
        Section("골목과 우산", 300, ("골목", "우산"), "opening"),
        Section("시장", 500, ("시장", "두부"), "middle"),
        Section("편지", 200, ("편지",), "closing"),
    ),
    "그날 비가 왔다.",
    Facts("나", "해라체", "past"),
)


class Model:
    """A server on this machine that speaks the protocol; ``says`` makes the answers, or writes the reply itself."""

    def __init__(self) -> None:
        self.says: Callable[[int], str] = lambda turn: ""
        self.reply: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[dict[str, Any]] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send({"data": [{"id": "first-model"}, {"id": "other"}]} if self.path == "/v1/models" else {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append({"path": self.path, **body})
                if model.reply:
                    model.reply(self)
                else:
                    content = model.says(len(model.asked))
                    self._send({"choices": [{"message": {"role": "assistant", "content": content}}]})

            def _send(self, value: Any) -> None:
                data = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.where = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answers(self, sections: Any, around: str = "{}") -> None:
        self.says = lambda turn: around.replace("{}", json.dumps({"sections": sections}, ensure_ascii=False))


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_the_model_gives_titles_and_the_order(model: Model) -> None:
    model.answers(
        [
            {"number": 2, "title": "시장 가는 길", "keywords": ["장바구니"]},
            {"number": 1, "title": "우산 하나"},
            {"number": 3, "title": "늦은 편지", "keywords": []},
        ]
    )
    plan = drafted(PLAN, model.where)
    assert [s.title for s in plan.sections] == ["시장 가는 길", "우산 하나", "늦은 편지"]
    assert [s.role for s in plan.sections] == ["opening", "middle", "closing"]
    assert plan.sections[0].keywords == ("시장", "두부", "장바구니") and plan.sections[0].characters == 500
    assert (plan.characters, plan.opening, plan.facts) == (PLAN.characters, PLAN.opening, PLAN.facts)


def test_it_is_told_the_topic_the_keywords_and_the_opening(model: Model) -> None:
    model.answers([{"number": 1, "title": "우산"}])
    drafted(PLAN, model.where)
    (asked,) = model.asked
    said = asked["messages"][0]["content"]
    assert asked["path"] == "/v1/chat/completions" and asked["model"] == "first-model"
    assert said == question(PLAN) and "2. 시장, 두부" in said and "그날 비가 왔다." in said and "'함께'" in said
    drafted(PLAN, model.where + "/", "other")
    assert model.asked[-1]["model"] == "other"


@pytest.mark.parametrize(
    "around", ["```json\n{}\n```", "물론입니다! 차례는 다음과 같습니다.\n{}\n도움이 되었나요?", "[1] {} [2]"]
)
def test_what_stands_around_the_outline_is_passed_over(model: Model, around: str) -> None:
    model.answers([{"number": 1, "title": "“1. 우산 하나”"}, {"number": 2, "title": "2) **시장**"}], around)
    assert [s.title for s in drafted(PLAN, model.where).sections] == ["우산 하나", "시장", "편지"]


@pytest.mark.parametrize(
    "given",
    [
        [{"number": 9, "title": "우산 하나"}],  # a number that there is not
        [{"title": "우산 하나"}, {"title": "Rain"}, {"title": ""}, {"title": 3}],  # no Korean, nothing, no text
        [{"number": 1, "title": "우산 하나"}, {"number": 2, "title": "가" * 80}],
        [{"number": 1, "title": "우산 하나", "keywords": ["골목", "umbrella", 7, "가" * 40]}, "시장", None],
    ],
)
def test_what_makes_no_sense_stays_as_it_was(model: Model, given: Any) -> None:
    model.answers(given)
    plan = drafted(PLAN, model.where)
    assert [s.title for s in plan.sections] == ["우산 하나", "시장", "편지"]
    assert [(s.keywords, s.role, s.characters) for s in plan.sections] == [
        (s.keywords, s.role, s.characters) for s in PLAN.sections
    ]


def test_more_sections_than_asked_for_are_left_out(model: Model) -> None:
    model.answers([{"number": number, "title": f"제목 {number}"} for number in (3, 3, 1, 2, 4, 5)])
    plan = drafted(PLAN, model.where)
    assert len(plan.sections) == 3 and plan.characters == 1000
    assert {s.characters for s in plan.sections} == {300, 500, 200}


def test_an_answer_without_an_outline_is_asked_for_once_more(model: Model) -> None:
    good = json.dumps({"sections": [{"number": 1, "title": "우산 하나"}]}, ensure_ascii=False)
    model.says = lambda turn: "글쎄요, {" if turn == 1 else good
    assert drafted(PLAN, model.where).sections[0].title == "우산 하나"
    told: list[Event] = []
    drafted(PLAN, model.where, on=told.append)
    assert [event.done for event in told if isinstance(event, Progress)] == [1]
    model.says = lambda turn: "모르겠습니다. [] {"
    with pytest.raises(GeulgamError, match="gave no outline") as error:
        drafted(PLAN, model.where)
    assert "instruct model" in error.value.hint and len(model.asked) == 5


def raw(status: int, body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b"<html>", "what is no JSON"),
        (200, b'{"choices": []}', "without a message"),
        (200, b'{"choices": [{"message": {"content": null}}]}', "without a text"),
        (200, b" " * (1 << 20) + b"xx", "more than a megabyte"),
        (404, b'{"error": "no such model"}', "refused with status 404: .*no such model"),
        (302, b"", "refused with status 302"),
    ],
)
def test_a_server_that_misbehaves_is_told(model: Model, status: int, body: bytes, told: str) -> None:
    model.reply = raw(status, body)
    with pytest.raises(GeulgamError, match=told):
        drafted(PLAN, model.where, "some")


def test_a_server_that_does_not_answer_in_time_is_given_up(model: Model) -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1.5)

    def drip(handler: BaseHTTPRequestHandler) -> None:  # each read is quick, the whole is not
        handler.send_response(200)
        handler.end_headers()
        for _ in range(30):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    for model.reply in (silent, drip):
        began = time.monotonic()
        with pytest.raises(GeulgamError, match="did not answer in time"):
            drafted(PLAN, model.where, "some", seconds=0.3)
        assert time.monotonic() - began < 1.4


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("http://127.0.0.1:9/v1", "could not reach the planner"),
        ("http://127.0.0.1:port/v1", "is no address"),
        ("http://../v1", "is no address"),
        ("http://[::1/v1", "is no address"),
        ("gpt", "neither an address nor a folder"),
    ],
)
def test_an_address_where_nobody_is_is_told(where: str, told: str) -> None:
    with pytest.raises(GeulgamError, match=told):
        drafted(PLAN, where, "some", seconds=2)


def test_a_model_without_a_chat_template_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="has no chat template"):
        drafted(PLAN, str(tiny))
    with pytest.raises(GeulgamError, match="cannot load the model"):
        drafted(PLAN, str(tmp_path))


TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}[/]{% endfor %}"
    "{% if add_generation_prompt %}[model]{% endif %}"
)


def test_a_folders_model_is_asked_by_its_template(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's weights are random: it answers, and what it says is no outline."""
    import shutil

    from transformers import AutoTokenizer, GenerationMixin

    folder = tmp_path / "instruct"
    shutil.copytree(tiny, folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    generate, asked = GenerationMixin.generate, []

    def listening(model: Any, **given: Any) -> Any:
        asked.append(given["input_ids"])
        return generate(model, **given)

    monkeypatch.setattr(GenerationMixin, "generate", listening)
    with pytest.raises(GeulgamError, match="gave no outline"):  # nor is the question's taken for one
        drafted(PLAN, str(folder), seconds=0.5)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    said = f"<bos>[user]{question(PLAN)}[/][model]"
    assert [tokenizer.decode(ids[0]) for ids in asked] == [tokenizer.decode(tokenizer.encode(said))] * 2
    assert tokenizer.decode(asked[0][0]).endswith("[/][model]")


def test_a_plan_is_made_without_any_of_it() -> None:
    code = (
        "import sys; from generate.planning.outline import make_plan;"
        "import geulgam.commands.plan; import geulgam.stages.plan;"
        "print([name for name in sys.modules if name in ('generate.planning.planner', 'generate.planning.chat')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout) == (0, "[]\n")
