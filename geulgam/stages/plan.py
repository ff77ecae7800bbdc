"""A topic's subset becomes the plan of an essay: a file to read and to change before anything is written."""

from dataclasses import dataclass
from pathlib import Path

from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.store import Corpus
from generate.plan import Plan
from geulgam.graph import at_work
from geulgam.settings import Settings, written_text
from geulgam.stages.index import positive_terms
from geulgam.stages.subset import select_topics
from geulgam.workspace import Workspace

SECTIONS = 7
_SHORTEST = 500  # characters of a section, where nobody says how many there are to be


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
    from generate.plan_file import write_plan
    from generate.planning import make_plan
    from retrieval.encoder import encoder
    from retrieval.vectors import KeptVectors

    name = settings.topic(topic).name
    opening = written_text(opening, "the opening").strip()
    length = characters or settings.generate.characters
    count = sections or max(1, min(SECTIONS, length // _SHORTEST))
    file = out or workspace.plan(name)
    _refuse_changed(file, again)
    (subset,) = select_topics(workspace, settings, [name], on=on)
    on = about(on, f"plan {name}")
    plan = make_plan(
        name,
        Corpus(workspace.corpus).get(subset.ids("train")),
        sections=count,
        characters=length,
        encode=KeptVectors(encoder(), workspace.vectors).encode,
        words=positive_terms(settings, subset.topic.query),
        opening=opening,
        seed=seed,
        on=on,
    )
    if settings.generate.planner:
        from generate.planner import drafted

        plan = drafted(plan, settings.generate.planner, settings.generate.planner_model or "", on=on)
    with at_work(workspace, f"plan {name}"):
        _refuse_changed(file, again)
        write_plan(file, plan)
    return Planned(name, file, plan)


def _refuse_changed(file: Path, again: bool) -> None:
    from generate.plan_file import is_unchanged

    if file.is_dir():
        raise GeulgamError(f"{file} is a folder", "name a file: --out plan.toml")
    if not again and file.exists() and not is_unchanged(file):
        raise GeulgamError(
            f"{file} was changed by hand", "--again replaces it; --out FILE leaves it and writes another"
        )
