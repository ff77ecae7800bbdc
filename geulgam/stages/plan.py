"""A topic's subset becomes the plan of an essay: a file to read and to change before anything is written."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.store import Corpus
from generate.planning.plan import Plan
from geulgam.graph import at_work
from geulgam.settings import Settings, written_text
from geulgam.stages.subset import select_topics
from geulgam.workspace import Workspace
from retrieval.topic import Subset

SECTIONS = 7
_SHORTEST = 500  # characters of a section, and
_PASSAGES = 6  # passages to plan one from, where nobody says how many there are to be


@dataclass(frozen=True)
class Planned:
    """A plan that was made, and its file."""

    topic: str
    file: Path
    plan: Plan


def plan_essay(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    *,
    sections: int | None = None,
    characters: int | None = None,
    opening: str = "",
    out: Path | None = None,
    seed: int = 0,
    again: bool = False,
    on: On = silent,
) -> Planned:
    """Plan an essay on a topic into `topics/<topic>/plan.toml`, or ``out``; selects its subset where it is stale.

    ``sections``: None takes seven, fewer where they would be short; ``characters``: None takes generate.characters.
    ``opening``: its first sentences. A file that somebody has changed is left alone, unless ``again``. Raises
    GeulgamError for that, for a topic with too few essays, and for a planner (generate.planner) that fails.
    """
    from generate.planning.plan_file import write_plan

    name = settings.topic(topic).name
    opening = written_text(opening, "the opening").strip()
    file = out or workspace.plan(name)
    _refuse_changed(file, again)
    (subset,) = select_topics(workspace, settings, [name], on=on)
    on = about(on, f"plan {name}")
    plan = plan_of(
        workspace, settings, subset, sections=sections, characters=characters, opening=opening, seed=seed, on=on
    )
    if settings.generate.planner:
        from generate.planning.planner import drafted

        plan = drafted(plan, settings.generate.planner, settings.generate.planner_model or "", on=on)
    with at_work(workspace, f"plan {name}"):
        _refuse_changed(file, again)
        write_plan(file, plan)
    return Planned(name, file, plan)


def plan_of(
    workspace: Workspace,
    settings: Settings,
    subset: Subset,
    *,
    sections: int | None = None,
    characters: int | None = None,
    opening: str = "",
    seed: int = 0,
    on: On = silent,
) -> Plan:
    """The plan of an essay from the essays of a subset that may be trained on.

    ``sections``: None takes as many as there is room and there are passages for. Raises GeulgamError for too few.
    """
    from generate.planning.outline import make_plan
    from generate.planning.passages import passages
    from geulgam.stages.critic import kept_vectors
    from retrieval.analyzers import analyzer
    from retrieval.lucene import parse
    from retrieval.query import terms_of

    length = characters or settings.generate.characters
    documents = Corpus(workspace.corpus).get(subset.ids("train"))
    if sections is None:
        there = len(passages(documents, 3))
        if not there:  # essays of a few sentences, of which nothing can be told
            return Plan.of_one_section(subset.topic.name, length, opening)
        sections = max(1, min(SECTIONS, length // _SHORTEST, there // _PASSAGES))
    return make_plan(
        subset.topic.name,
        documents,
        sections=sections,
        characters=length,
        encode=partial(kept_vectors(workspace, settings).encode, on=on),
        words=list(dict.fromkeys(terms_of(parse(subset.topic.query, analyzer("kiwi"))))),
        opening=opening,
        seed=seed,
        on=on,
    )


def _refuse_changed(file: Path, again: bool) -> None:
    from generate.planning.plan_file import is_unchanged

    if file.is_dir():
        raise GeulgamError(f"{file} is a folder", "name a file: --out plan.toml")
    if not again and file.exists() and not is_unchanged(file):
        raise GeulgamError(
            f"{file} was changed by hand", "--again replaces it; --out FILE leaves it and writes another"
        )
