"""`geulgam topic`: what essays are to be written on, and what the corpus has for it."""

from typing import Annotated

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, plain, say, show_json, table

app = typer.Typer(no_args_is_help=True, help="Name what to write on, and how its essays are found.")
Name = Annotated[str, typer.Argument(metavar="TOPIC", help="The topic's name.", show_default=False)]


@app.command(epilog='Example:  geulgam topic add 함께 --query "함께^2 더불어 동행" --k 500')
def add(
    name: Name,
    query: Annotated[
        str,
        typer.Option("--query", "-q", metavar="QUERY", help="Keywords, in Lucene's language.", show_default=False),
    ],
    k: Annotated[
        int | None,
        typer.Option("--k", min=1, help="How many of the best hits to take; else retrieval.k.", show_default=False),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Add a topic to geulgam.toml, or change the query of one that is there."""
    from geulgam.settings import TopicSettings
    from geulgam.stages.topic import put_topic
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    topic = TopicSettings(name=name, query=query, k=k)
    before = put_topic(place, place.settings(), topic)
    if before is None:
        say(f"added {topic.name} to {plain(place.settings_file)}")
    elif before == topic:
        say(f"{topic.name} was there already, the same")
    else:
        say(f"changed {topic.name} in {plain(place.settings_file)}; its query was: {before.query}")
    note(f"next: geulgam topic show {topic.name}, or geulgam finetune {topic.name}")


@app.command("list", epilog="Example:  geulgam topic list --json")
def list_topics(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """The topics, and how far each has come."""
    from geulgam.stages.topic import standings
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    states = standings(place, place.settings())
    if json:
        show_json(states)
        return
    if not states:
        note('no topic yet; hint: geulgam topic add NAME --query "…"')
        return
    table(
        ("topic", "query", "k>", "essays found>", "adapter", "essays written>"),
        [
            (s.name, s.query, s.k, s.selected if s.selected is not None else "", s.adapter, s.essays or "")
            for s in states
        ],
    )


@app.command(epilog="Example:  geulgam topic show 함께 --top 20")
def show(
    name: Name,
    top: Annotated[int, typer.Option("--top", min=0, help="How many of the best hits to name.")] = 10,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """What a topic's query finds: how many essays, on which sides, and the best of them."""
    from geulgam.stages.topic import preview
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    seen = preview(place, place.settings(), name, top)
    if json:
        show_json(seen)
        return
    say(f"{seen.name}: {seen.query}")
    say(
        f"{seen.documents:,} of {seen.k:,} asked for: {seen.sides['train']:,} to train on, "
        f"{seen.sides['valid']:,} to choose by, {seen.sides['test']:,} to measure on"
    )
    if seen.note:
        note(seen.note)
    table(
        ("rank>", "score>", "side", "title", "beginning"),
        [(row.rank, f"{row.score:.2f}", row.side, row.title, row.beginning) for row in seen.best],
    )


@app.command(epilog="Example:  geulgam topic remove 함께")
def remove(name: Name, workspace: WorkspaceOption = None) -> None:
    """Take a topic out of geulgam.toml; its adapter and its essays stay where they are."""
    from geulgam.stages.topic import drop_topic
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    dropped = drop_topic(place, place.settings(), name)
    say(f"removed {dropped} from {plain(place.settings_file)}")
    if place.topic(dropped).exists():
        note(f"what was made for it stays in {plain(place.topic(dropped))}")
