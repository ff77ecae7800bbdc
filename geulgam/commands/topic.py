"""`geulgam topic`: what essays are to be written on, and what the corpus has for it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, note_stale_index, plain, say, show_json, showing, table

if TYPE_CHECKING:
    from geulgam.settings import Settings
    from geulgam.stages.suggest import Proposed, Put
    from geulgam.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Name what to write on, and how its essays are found.")
Name = Annotated[str, typer.Argument(metavar="TOPIC", help="The topic's name.", show_default=False)]
KOption = Annotated[
    int | None,
    typer.Option("--k", min=1, help="How many of the best hits to take; else retrieval.k.", show_default=False),
]
_TITLES = 3  # of documents, where it is told what finds them


@app.command(epilog='Example:  geulgam topic add 함께 --query "함께^2 더불어 동행" --k 500')
def add(
    name: Name,
    query: Annotated[
        str | None,
        typer.Option("--query", "-q", metavar="QUERY", help="Keywords, in Lucene's language.", show_default=False),
    ] = None,
    k: KOption = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Take the query that topic suggest proposes for the name.")
    ] = False,
    with_parts: Annotated[
        bool, typer.Option("--with-parts", help="With --suggest: add a topic for each part of it too.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Add a topic to geulgam.toml, or change the query of one that is there."""
    from geulgam.settings import TopicSettings
    from geulgam.stages.suggest import put_proposed
    from geulgam.stages.topic import put_topic
    from geulgam.workspace import Workspace
    from retrieval.suggest.suggestion import PARTS

    if suggest == (query is not None):
        raise typer.BadParameter("give a query or --suggest, one of them", param_hint="--query")
    if with_parts and not suggest:
        raise typer.BadParameter("it goes with --suggest", param_hint="--with-parts")
    place = Workspace.find(workspace)
    if query is None:
        proposed = _suggested(place, place.settings(), name, name=name, parts=PARTS if with_parts else 0)
        _told(put_proposed(place, place.settings(), proposed, parts=proposed.parts, k=k))
        note(f"next: geulgam topic show {proposed.name}, or geulgam finetune {proposed.name}")
        return
    topic = TopicSettings(name=name, query=query, k=k)
    before = put_topic(place, place.settings(), topic)
    if before is None:
        say(f"added {topic.name} to {plain(place.settings_file)}")
    elif before == topic:
        say(f"{topic.name} was there already, the same")
    else:
        say(f"changed {topic.name} in {plain(place.settings_file)}; its query was: {before.query}")
    note(f"next: geulgam topic show {topic.name}, or geulgam finetune {topic.name}")


@app.command(epilog="Example:  geulgam topic suggest 함께")
def suggest(
    seed: Annotated[
        str,
        typer.Argument(metavar="NAME_OR_SENTENCE", help="A word, or a sentence.", show_default=False),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write the topic as it is suggested.")] = False,
    with_parts: Annotated[bool, typer.Option("--with-parts", help="Write a topic for each part of it too.")] = False,
    name: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="The topic's name; else after what was asked.", show_default=False),
    ] = None,
    keywords: Annotated[int, typer.Option(min=1, help="How many keywords at most.")] = 20,
    parts: Annotated[int, typer.Option(min=0, help="How many parts at most.")] = 7,
    top: Annotated[int, typer.Option(min=1, help="So many of the best hits are compared.")] = 60,
    k: KOption = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Suggest what to look for: keywords, what each finds and changes, and the parts of the topic.

    In a terminal keywords and parts can then be ticked off and on; with --yes the topic is written at once.
    """
    from geulgam.stages.suggest import found, put_proposed
    from geulgam.ticking import is_terminal, ticked
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings()
    proposed = _suggested(place, settings, seed, name=name, keywords=keywords, top=top, parts=parts)
    kept: set[str] | None = None
    wanted = set(proposed.parts if with_parts else ())
    asks = not yes and not json and is_terminal()
    if json:
        show_json(proposed.plain())
    else:
        _show_suggestion(proposed)
    if asks:
        chosen = ticked(
            proposed.suggestion, lambda query: found(place, settings, query, top), proposed.parts, with_parts
        )
        if chosen is None:
            note("nothing was written")
            return
        kept, wanted = chosen
    if yes or asks:
        put = put_proposed(place, settings, proposed, chosen=kept, parts=wanted, k=k)
        _told(put, quiet=json)
        note(f"next: geulgam topic show {proposed.name}, or geulgam finetune {proposed.name}")
    elif not json or with_parts:
        note("nothing was written; --yes takes the query, --with-parts those of the parts too")


def _suggested(place: "Workspace", settings: "Settings", seed: str, **asked: Any) -> "Proposed":
    """What is suggested (:func:`geulgam.stages.suggest.suggest_topic`), with a note of what it does not know."""
    from geulgam.stages.index import open_index
    from geulgam.stages.suggest import suggest_topic

    open_index(place, settings)
    note_stale_index(place, settings)  # first: what no essay has may be in those that are new
    with showing() as on:
        proposed = suggest_topic(place, settings, seed, **asked, on=on)
    if unknown := proposed.suggestion.unknown:
        note(f"note: words that no essay has are not looked for: {', '.join(unknown)}")
    return proposed


def _show_suggestion(proposed: "Proposed") -> None:
    """The keywords with their contexts, the parts, and the query."""
    told = proposed.suggestion
    rows: list[tuple[object, ...]] = []
    for keyword in told.keywords:
        lines = [f"{c.before}[{c.match}]{c.after}" for c in keyword.contexts]
        changes = f"+{len(keyword.gains)}" if keyword.gains else ""
        titles = [f"+ {proposed.titles.get(id_) or id_}" for id_ in keyword.gains[:_TITLES]]
        titles += [f"- {proposed.titles.get(id_) or id_}" for id_ in keyword.losses[:_TITLES]]
        lines += [", ".join(titles)] if titles else []
        spelt = ", ".join((keyword.word, *keyword.spellings))
        rows.append((spelt, f"{keyword.weight:g}", f"{keyword.documents:,}", changes, "\n".join(lines)))
    columns = (
        "keyword",
        "weight>",
        "documents>",
        f"top {told.top}>",
        "where it stands, and what it brings and displaces",
    )
    if rows:
        table(columns, rows, title=f"{proposed.name}: {len(rows)} keywords")
    else:
        note("too few essays say it for more words to be suggested")
    if told.parts:
        table(
            ("part", "keywords", "finds"),
            [
                (name, ", ".join(part.keywords), _titles(proposed, part.documents))
                for name, part in zip(proposed.parts, told.parts, strict=True)
            ],
        )
    say(told.query)


def _titles(proposed: "Proposed", ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _TITLES} more" if len(ids) > _TITLES else ""
    return ", ".join(proposed.titles.get(id_) or id_ for id_ in ids[:_TITLES]) + more


def _told(put: "list[Put]", quiet: bool = False) -> None:
    """Say what was written; of what is to stay free of it, stdout, nothing."""
    tell = note if quiet else say
    for topic in put:
        tell(f"{topic.name}: {topic.query}")
        if topic.was:
            tell(f"  its query was: {topic.was}")


@app.command("map", epilog="Example:  geulgam topic map --themes 20")
def map_(
    themes: Annotated[
        int | None,
        typer.Option(min=2, help="How many themes at most; else as many as suit the corpus.", show_default=False),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="pca|umap", help="How it is drawn; else UMAP where it is installed.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same map.")] = 0,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Draw the corpus as a map, topics.html: its themes named, a query for what you click or draw a line around."""
    from geulgam.stages.map import map_topics
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    with showing() as on:
        drawn = map_topics(place, place.settings(), themes=themes, way=by, seed=seed, on=on)
    if json:
        show_json(drawn.plain())
    else:
        table(
            ("theme", "passages>", "essays>", "keywords"),
            [(each.name.title, each.passages, each.essays, ", ".join(each.name.keywords)) for each in drawn.themes],
        )
        say(plain(drawn.file))
    if drawn.essays < drawn.of:
        note(
            f"{drawn.essays:,} essays of {drawn.of:,} are on it, drawn by their ids: more dots could not be told apart"
        )
    note(f"next: open {plain(drawn.file)} in a browser, and pick topics from it")


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
