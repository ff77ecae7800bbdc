"""`geulgam demo`: the bundled sample of essays becomes a finished essay, told step by step."""

import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.settings import Settings, TopicSettings
from geulgam.settings_file import template
from geulgam.stages import adapter, base, corpus, essay, evaluation, index, subset
from geulgam.workspace import SETTINGS, Workspace
from retrieval.topic import topic_name

# Their first ten hits are measured against the sample's labels: tests/geulgam/test_demo.py.
TOPICS = tuple(
    TopicSettings(name=name, query=query)
    for name, query in (
        ("함께", "함께^3 서로^2 같이 더불어 나란히 동행 우리"),
        ("가족", "가족^3 식구^2 부모 형제 어머니 아버지 동생"),
        ("여행", "여행^3 여행지 관광 숙소 배낭 낯선 떠나다"),
        ("자연", "자연^3 숲 나무 바다 새 꽃 풀 계절"),
        ("이별", "이별^3 작별^2 헤어지다^2 배웅 떠나보내다"),
        ("학교", "학교^3 교실^2 선생님 수업 운동장 급식 졸업"),
        ("글쓰기", "글쓰기^3 글^2 문장^2 원고 일기 문단 쓰다"),
    )
)

# What differs from the defaults: essays whole in their blocks, and few steps, for two CPU cores; so a higher rate too,
# and no headers, which so few steps do not pay for (6.6 % fewer bits than the base with them, 7.3 % without).
RECIPE: dict[str, Any] = {
    "retrieval.k": 40,
    "finetune.block_tokens": 1024,
    "finetune.batch": 1,
    "finetune.epochs": 1.0,
    "finetune.headers": False,
    "finetune.learning_rate": 4e-4,
    "finetune.shared.learning_rate": 4e-4,
    "finetune.shared.epochs": 1.0,
    "finetune.shared.max_steps": 64,
}

Tell = Callable[[str], None]


def demo_workspace(folder: Path, recipe: dict[str, Any] | None = None) -> Workspace:
    """The demo's workspace: one that an earlier demo began in ``folder``, else a new one there.

    Raises GeulgamError for a folder that is another workspace.
    """
    marker = folder / ".geulgam" / "demo"
    if (folder / SETTINGS).exists():
        if marker.exists():
            return Workspace.find(folder)
    else:
        write_text(marker, "begun by geulgam demo\n")
    return Workspace.create(folder, template(TOPICS, RECIPE if recipe is None else recipe))


def add_sample(workspace: Workspace, settings: Settings) -> int:
    """Add the bundled essays; how many there are."""
    with resources.as_file(resources.files("geulgam.sample")) as folder:
        corpus.add_documents(workspace, settings, sorted(folder.glob("*.jsonl")))
    return len(Corpus(workspace.corpus))


def run_demo(
    folder: Path,
    topic: str,
    characters: int,
    *,
    tell: Tell,
    recipe: dict[str, Any] | None = None,
    on: On = silent,
) -> essay.Written:
    """All stages on the sample for one topic, each told as it goes; broken off, the same call goes on."""
    names = [known.name for known in TOPICS]
    topic = topic_name(topic)
    if topic not in names:
        raise GeulgamError(f"the demo has no topic {topic}", f"choose one of {', '.join(names)}")
    began = time.monotonic()
    step = _Steps(tell, 6)
    place = demo_workspace(folder, recipe)
    settings = place.settings({"generate.characters": characters})
    query = settings.topic(topic).query
    tell(f"a workspace: {place.folder}")

    step("the corpus: essays in, each once")
    tell(f"  {add_sample(place, settings):,} essays of seven topics, written for this by a language model")

    step("the index: every essay as its content morphemes")
    tell(f"  {index.build_index(place, settings, on=on)}")
    tell(f"  the best for {topic} ({query}):")
    for hit in index.search(place, settings, query, 5):
        tell(f"  {hit.rank:>3}. {hit.title}")

    step(f"the subset: what the model is to learn from for {topic}")
    (selected,) = subset.select_topics(place, settings, [topic], on=on)
    tell(f"  {subset.summary(selected)}")

    step(f"fine-tuning {settings.finetune.base} on it")
    lender = base.Lender(place, settings)
    for tuned in adapter.finetune_topics(place, settings, [topic], lender=lender, on=on):
        tell(f"  {tuned.line()}")

    step("what that did, on essays the model has not seen")
    for measured in evaluation.evaluate_topics(place, settings, [topic], lender=lender, on=on):
        tell(f"  {measured.line()}")

    step(f"an essay on {topic}, {characters:,} characters")
    written = essay.generate_essay(place, settings, topic, characters=characters, lender=lender, on=on)
    tell("")
    tell(written.text)
    tell("")
    tell(written.line())
    for line in written.review.lines():
        tell(f"  {line}")
    tell("")
    tell(f"the essay:       {written.folder / 'essay.md'}")
    tell(f"its report:      {written.folder / 'report.html'}")
    tell(f"the adapter:     {place.adapter(topic)}")
    tell(f"the settings:    {place.settings_file}")
    tell(f"all of it took {_clock(time.monotonic() - began)}")
    other = next(name for name in names if name != topic)
    tell(f"another topic: cd {place.folder} && geulgam finetune {other} && geulgam generate {other}")
    return written


class _Steps:
    """Headings with a number and the time that has passed."""

    def __init__(self, tell: Tell, total: int) -> None:
        self.tell, self.total, self.number, self.began = tell, total, 0, time.monotonic()

    def __call__(self, text: str) -> None:
        self.number += 1
        passed = _clock(time.monotonic() - self.began)
        self.tell(f"\n[{self.number}/{self.total}] {text}  ({passed})")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
