"""`geulgam plan`: what an essay is to tell, section by section, before it is written."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, plain, say, show_json, showing, table

if TYPE_CHECKING:
    from geulgam.stages.plan import Planned

_ROOM = 100  # characters: a sentence or two


def register(app: typer.Typer) -> None:
    """Put the command on the app."""
    app.command(epilog="Example:  geulgam plan 함께 --sections 7 --chars 20000 --topics")(plan)


def plan(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What to write on.", show_default=False)],
    sections: Annotated[
        int | None, typer.Option(min=1, help="How many; else seven, fewer for a short essay.", show_default=False)
    ] = None,
    chars: Annotated[
        int | None, typer.Option(min=1, help="How long the essay is; else generate.characters.", show_default=False)
    ] = None,
    opening: Annotated[
        str, typer.Option(metavar="TEXT", help="Its first sentences, whose style it keeps.", show_default=False)
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Else topics/TOPIC/plan.toml.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another one groups the passages another way.")] = 0,
    topics: Annotated[
        bool, typer.Option("--topics", help="Make each section a topic too, for an adapter of its own.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Replace a plan that was changed by hand, or that --topics would take.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Plan an essay from the topic's essays: sections, their keywords and lengths, in a file to change as you like.

    With --topics each section becomes a topic in geulgam.toml too, whose adapter, once trained, is to write it.
    """
    from geulgam.stages.plan import plan_essay
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    with showing() as on:
        made = plan_essay(
            place,
            place.settings(),
            topic,
            sections=sections,
            characters=chars,
            opening=opening,
            out=out,
            seed=seed,
            topics=topics,
            again=again,
            on=on,
        )
    if json:
        show_json(made)
        return
    facts = made.plan.facts
    told = ", ".join(fact for fact in (facts.teller, facts.ending, facts.tense, *facts.people, *facts.places) if fact)
    table(
        ("", "role", "title", "characters>", "keywords"),
        [
            (number, section.role, section.title, f"{section.characters:,}", ", ".join(section.keywords))
            for number, section in enumerate(made.plan.sections, 1)
        ],
        title=f"{made.plan.title}, {made.plan.characters:,} characters",
    )
    if told:
        say(f"the same throughout: {told}")
    if (shortest := min(section.characters for section in made.plan.sections)) < _ROOM:
        note(f"a section of {shortest} characters has no room for its keywords: plan fewer, or a longer essay")
    if made.topics:
        _show_topics(made)
    if made.stood:
        note(f"{plain(made.file)} was taken as it stood, --again plans anew; then:")
    else:
        note(f"the plan: {plain(made.file)}; change it as you like, then:")
    if any(topic.adapter != "fresh" for topic in made.topics):
        note(f"  geulgam finetune {' '.join(dict.fromkeys([made.topic, *(topic.name for topic in made.topics)]))}")
    note(f"  geulgam generate {made.topic} --plan {plain(made.file)}")
    if made.left:
        note(f"no section is written by these any more; geulgam topic remove takes them out: {', '.join(made.left)}")


def _show_topics(made: "Planned") -> None:
    """The topics of a plan's sections, and what was changed of them."""
    table(
        ("", "topic", "essays to train on>", "adapter", "query"),
        [
            (number, topic.name, f"{topic.train:,}", topic.adapter, topic.query)
            for number, topic in enumerate(made.topics, 1)
        ],
    )
    for topic in made.topics:
        if topic.was:
            note(f"changed {topic.name} in geulgam.toml; its query was: {topic.was}")
