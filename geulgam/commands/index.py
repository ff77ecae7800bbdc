"""`geulgam index`: the corpus made searchable, and a look at the hits."""

from typing import Annotated

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import keep_settings, note, note_stale_index, say, show_json, showing

app = typer.Typer(no_args_is_help=True, help="Make the corpus searchable, and look at the hits.")


@app.command(epilog="Example:  geulgam index build --analyzer bigram")
def build(
    backend: Annotated[
        str | None, typer.Option(metavar="NAME", help="bm25s, rank-bm25 or elasticsearch.", show_default=False)
    ] = None,
    analyzer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="kiwi, mecab, bigram, whitespace, or server:NAME of Elasticsearch.",
            show_default=False,
        ),
    ] = None,
    meaning: Annotated[
        bool | None, typer.Option("--meaning/--words", help="Find by meaning too, or by words.", show_default=False)
    ] = None,
    unit: Annotated[
        str | None, typer.Option(metavar="NAME", help="essay, or passage: what is ranked.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Build the index; only documents that are new are analysed. What is chosen here is kept in geulgam.toml."""
    from geulgam.stages.index import build_index
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    chosen = {
        "retrieval.backend": backend,
        "retrieval.analyzer": analyzer,
        "retrieval.meaning": meaning,
        "retrieval.unit": unit,
    }
    with showing() as on:
        say(build_index(place, place.settings(chosen), on=on))
    keep_settings(place, chosen)


@app.command(
    epilog="""Example:  geulgam index search "함께 -정치" --k 5 --meaning""",
    context_settings={"ignore_unknown_options": True},
)
def search(
    query: Annotated[
        str,
        typer.Argument(metavar="QUERY", help='함께^2 +must -not "a phrase" (가족 OR 친구) AND 밥', show_default=False),
    ],
    k: Annotated[int, typer.Option("--k", min=1, help="How many hits.")] = 10,
    meaning: Annotated[
        bool | None, typer.Option("--meaning/--words", help="By meaning too, or by words.", show_default=False)
    ] = None,
    weight: Annotated[
        float | None, typer.Option(min=0, help="What meaning counts beside all the words.", show_default=False)
    ] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """The best hits for a query, the words that matched highlighted."""
    from rich.padding import Padding
    from rich.text import Text

    from geulgam.stages.index import search as find
    from geulgam.terminal import out
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings({"retrieval.meaning": meaning, "retrieval.meaning_weight": weight})
    found = find(place, settings, query, k)
    note_stale_index(place, settings)
    if json:
        show_json([hit.plain() for hit in found])
        return
    console = out()
    for hit in found:
        head = Text(f"{hit.rank:>3}  {hit.score:6.2f}  ")
        for part, matched in hit.title_parts or [("(no title)", False)]:
            head.append(part, style="bold yellow" if matched else "bold")
        head.append(f"  {hit.source}", style="dim")
        console.print(head, no_wrap=True, overflow="ellipsis")
        line = Text()
        for part, matched in hit.snippet:
            line.append(part, style="bold yellow" if matched else "")
        console.print(Padding(line, (0, 0, 0, 5)))
    if not found:
        note("no document matches")


@app.command(epilog="Example:  geulgam index status")
def status(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """What the index was built from, and whether it is up to date."""
    from geulgam.stages.index import status as look
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    told = look(place, place.settings())
    if json:
        show_json(told)
        return
    if told["made"]:
        terms = f", {told['terms']:,} different terms" if told["terms"] else ""
        refused = f", {told['refused']:,} refused by the server" if told["refused"] else ""
        say(f"{told['documents']:,} documents{terms}{refused}, built {told['made']}")
        say(f"analyzer {told['analyzer']}; k1 {told['k1']:g}, b {told['b']:g}; backend {told['backend']}")
        say(f"unit {told['unit']}; {'vectors by ' + told['encoder'] if told['encoder'] else 'by words alone'}")
    if server := told["server"]:
        parts = f"{_count(server['shards'], 'shard')}, {_count(server['replicas'], 'replica')}"
        say(f"index {server['index']}: {server['bytes'] / 1e6:,.1f} MB in {parts}; {server['health']}")
        say(f"Elasticsearch {server['server']}, {_count(server['nodes'], 'data node')}")
    say("up to date" if told["fresh"] else f"stale: {'; '.join(told['reasons'])}")
    if not told["fresh"]:
        note("hint: geulgam index build")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
