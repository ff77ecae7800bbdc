"""`geulgam run` and `status`: all artifacts of the workspace at once."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import out, say, show_json, showing

if TYPE_CHECKING:
    from geulgam.graph import Outcome, State


def register(app: typer.Typer) -> None:
    """Put the commands on the app."""
    app.command(epilog="Example:  geulgam run --dry-run")(run)
    app.command(epilog="Example:  geulgam status")(status)


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON, for programs.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make everything that is stale, in order, saying why: index, subsets, adapters, figures, essays."""
    from geulgam import pipeline
    from geulgam.workspace import Workspace

    if json and not dry_run:
        raise typer.BadParameter("only together with --dry-run", param_hint="--json")
    place = Workspace.find(workspace)
    settings = place.settings()
    if dry_run:
        steps = pipeline.plan(place, settings)
        if json:
            show_json([_step(state) for state in steps])
            return
        for state in steps:
            say(f"{state.node.name}: {state.why}")
        if not steps:
            say("everything is up to date")
        return
    with showing() as on:
        made = pipeline.run(place, settings, on=on, told=_say)
    if not made:
        say("everything is up to date")


def _say(made: "Outcome") -> None:
    """What was made, and what may be wrong with it if it was trained."""
    from geulgam.stages.weights import doctor

    say(f"  {made.line}")
    if found := made.node.found():
        for line in doctor(found.facts):
            say(f"  {line}")


def status(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Every artifact: fresh or stale and why, made when, in how long, how large."""
    from geulgam import pipeline
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    states = pipeline.status(place, place.settings())
    if json:
        show_json([_told(state) for state in states])
        return
    from rich.tree import Tree

    branches: dict[str, Any] = {}
    root = Tree(_line(states[0]))
    branches[states[0].node.name] = root
    for state in states[1:]:
        under = branches[state.node.inputs[0].name]
        branches[state.node.name] = under.add(_line(state))
    out().print(root)


def _step(state: "State") -> dict[str, Any]:
    return {
        "stage": state.node.stage,
        "topic": state.node.topic,
        "reasons": [state.why],
        "certain": bool(state.reasons),
    }


def _told(state: "State") -> dict[str, Any]:
    found = state.found
    return {
        "name": state.node.name,
        "stage": state.node.stage,
        "topic": state.node.topic,
        "inputs": [source.name for source in state.node.inputs],
        "there": found is not None,
        "fresh": state.is_fresh,
        "reasons": list(state.reasons),
        "depends": list(state.depends),
        "made": found.made if found else None,
        "seconds": found.seconds if found else None,
        "bytes": state.node.size() if found else 0,
        "fingerprint": found.fingerprint if found else None,
    }


def _line(state: "State") -> Any:
    from rich.text import Text

    line = Text(state.node.name, style="bold")
    found = state.found
    if state.is_fresh:
        line.append("  fresh", style="green")
    else:
        line.append(f"  {'stale' if found else 'missing'}: {state.why}", style="yellow" if found else "red")
    if found:
        when = f"made {found.made[:16].replace('T', ' ')}" if found.made else ""
        took = f"in {found.seconds:,.1f} s" if found.seconds is not None else ""
        line.append("  " + ", ".join(filter(None, (f"{when} {took}".strip(), _size(state.node.size())))), style="dim")
    return line


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{size / 1_000:,.1f} kB"
    return f"{size / 1_000_000:,.1f} MB"
