"""A topic's subset becomes the plan of an essay: a file to read and to change before anything is written."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.store import Corpus
from generate.planning.plan import Plan
from geulgam.graph import at_work
from geulgam.settings import Settings, written_text
from geulgam.stages.index import checked_query
from geulgam.stages.section_topics import SectionTopic, put_section_topics
from geulgam.stages.subset import select_topics
from geulgam.workspace import Workspace
from retrieval.topic import Subset

SECTIONS = 7
_SHORTEST = 500  # characters of a section, and
_PASSAGES = 6  # passages to plan one from, where nobody says how many there are to be


@dataclass(frozen=True)
class Planned:
    """A plan, and its file. ``stood``: it was there already. ``topics``: of its sections, where they were asked for;
    ``left``: those of the plan that was replaced which no section names any more.
    """

    topic: str
    file: Path
    plan: Plan
    stood: bool = False
    topics: tuple[SectionTopic, ...] = ()
    left: tuple[str, ...] = ()


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
    topics: bool = False,
    again: bool = False,
    on: On = silent,
) -> Planned:
    """Plan an essay on a topic into `topics/<topic>/plan.toml`, or ``out``; selects its subset where it is stale.

    ``sections``: None takes seven, fewer where they would be short; ``characters``: None takes generate.characters.
    ``opening``: its first sentences. ``topics``: make of each section a topic too, whose adapter is to write it; a file
    that is there is then taken as it is, unless ``again``. Without ``topics`` a file that somebody has changed is left
    alone, unless ``again``. Raises GeulgamError for that, for a file that has other sections, characters or another
    opening than asked for, for a topic with too few essays, and for a planner (generate.planner) that fails.
    """
    from generate.planning.plan_file import write_adapters, write_plan
    from generate.planning.section_topics import with_topics

    own = settings.topic(topic)
    name, known = own.name, {each.name: each.query for each in settings.topics}
    opening = written_text(opening, "the opening").strip()
    file = out or workspace.plan(name)
    stood = topics and not again and file.is_file()
    if stood:
        plan = _standing(file, sections, characters, opening)
    else:
        _refuse_changed(file, again)
        plan = _planned(
            workspace, settings, name, sections=sections, characters=characters, opening=opening, seed=seed, on=on
        )
    queries: dict[str, str] = {}
    if topics:
        plan, queries = with_topics(plan, name, own.query, known)
        for query in queries.values():
            checked_query(settings, query)
    with at_work(workspace, f"plan {name}"):
        left = _left(file, plan, name, known)
        if stood:
            write_adapters(file, plan)
        else:
            _refuse_changed(file, again)
            write_plan(file, plan)
    made = put_section_topics(workspace, settings, name, plan, queries, on) if topics else ()
    return Planned(name, file, plan, stood, made, left)


def _planned(
    workspace: Workspace,
    settings: Settings,
    topic: str,
    *,
    sections: int | None,
    characters: int | None,
    opening: str,
    seed: int,
    on: On,
) -> Plan:
    """A new plan, from the topic's essays as they are found now, with the titles of the planner of the settings."""
    (subset,) = select_topics(workspace, settings, [topic], on=on)
    on = about(on, f"plan {topic}")
    plan = plan_of(
        workspace, settings, subset, sections=sections, characters=characters, opening=opening, seed=seed, on=on
    )
    if settings.generate.planner:
        from generate.planning.planner import drafted

        plan = drafted(plan, settings.generate.planner, settings.generate.planner_model or "", on=on)
    return plan


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
    documents = subset.documents(Corpus(workspace.corpus), "train")
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


def _standing(file: Path, sections: int | None, characters: int | None, opening: str) -> Plan:
    """The plan in the file, if it is one as asked for."""
    from generate.planning.plan_file import read_plan

    plan = read_plan(file)
    hint = "--again plans anew; without the option the plan is taken as it stands"
    if sections not in (None, len(plan.sections)):
        raise GeulgamError(f"{file} has {len(plan.sections)} sections, not {sections}", hint)
    if characters not in (None, plan.characters):
        raise GeulgamError(f"{file} is of {plan.characters:,} characters, not {characters:,}", hint)
    if opening not in ("", plan.opening.strip()):
        raise GeulgamError(f"{file} begins otherwise than --opening", hint)
    return plan


def _left(file: Path, plan: Plan, topic: str, known: Collection[str]) -> tuple[str, ...]:
    """Topics made for the sections of the plan in the file, which is to become this one, that it does not name."""
    from generate.planning.plan_file import read_plan
    from retrieval.subquery import is_named_after

    try:
        named = {section.adapter for section in read_plan(file).sections}
    except GeulgamError:
        return ()
    left = named & {*known} - {section.adapter for section in plan.sections}
    return tuple(sorted(name for name in left if is_named_after(name, topic)))
