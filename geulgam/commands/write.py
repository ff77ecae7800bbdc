"""`geulgam finetune`, `generate`, `evaluate`, `run`: from a topic to a finished essay."""

from typing import Annotated

import typer

from geulgam.options import JsonOption, Topics, WorkspaceOption
from geulgam.terminal import note, plain, progress, say, show_json, table


def register(app: typer.Typer) -> None:
    """Put the commands on the app."""
    app.command(epilog="Example:  geulgam finetune 함께 --epochs 3")(finetune)
    app.command(epilog='Example:  geulgam generate 함께 --chars 3000 --prompt "그날 우리는" --seed 7')(generate)
    app.command(epilog="Example:  geulgam evaluate 함께 --json")(evaluate)
    app.command(epilog="Example:  geulgam run --dry-run")(run)


def finetune(
    topics: Topics = None,
    epochs: Annotated[float | None, typer.Option(help="How often the subset is read.", show_default=False)] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="lora, freeze or full.", show_default=False)
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="gemma-3-270m, a folder, or a Hugging Face id.", show_default=False),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Train even what is up to date.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Adapt the base model to what was retrieved for each topic; a run that was stopped goes on where it stood."""
    from geulgam.stages.adapter import finetune_topics
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings(
        {
            "finetune.epochs": epochs,
            "finetune.method": method,
            "finetune.base": base,
            "finetune.device": device,
        }
    )
    names = topics or settings.topic_names()
    for tuned in finetune_topics(place, settings, names, again=again, tell=note, progress=progress()):
        say(tuned.line())
        note(f"  the adapter: {plain(tuned.folder)}")


def generate(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What to write on.", show_default=False)],
    chars: Annotated[
        int | None, typer.Option(min=1, help="How long; else generate.characters.", show_default=False)
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="How the essay begins.", show_default=False)] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed, same essay; else the essay's number.", show_default=False)
    ] = None,
    preset: Annotated[str | None, typer.Option(metavar="NAME", help="default or contest.", show_default=False)] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write an essay on a topic into essays/, with a report of its figures."""
    from geulgam.stages.adapter import stale
    from geulgam.stages.essay import generate_essay
    from geulgam.stages.metrics import require_adapter
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings({"generate.characters": chars, "generate.preset": preset})
    name = settings.topic(topic).name
    require_adapter(place, name)
    for reason in stale(place, settings, name):
        note(f"note: the adapter is out of date: {reason}; renew it with geulgam finetune {name}")
    written = generate_essay(place, settings, name, prompt=prompt, seed=seed, progress=progress())
    say(written.text)
    note("")
    note(written.line())
    for line in written.figures():
        note(line)
    note(f"the essay: {plain(written.folder / 'essay.md')}, its figures: {plain(written.folder / 'report.json')}")


def evaluate(topics: Topics = None, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Base against adapted model: bits per character of essays that neither training nor selection has seen."""
    from geulgam.stages.metrics import evaluate_topics
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings()
    names = topics or settings.topic_names()
    measured = list(evaluate_topics(place, settings, names, progress=progress()))
    if json:
        show_json([{**vars(m), "gain": round(m.gain, 2)} for m in measured])
        return
    table(
        ("topic", "held-out essays>", "characters>", "base>", "adapted>", "less by>"),
        [
            (m.topic, m.essays, f"{m.characters:,}", f"{m.base:.3f}", f"{m.adapted:.3f}", f"{m.gain:.1f} %")
            for m in measured
        ],
        title="bits per character, lower is better",
    )


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON, for programs.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Do every stage that is stale, in order, saying why: index, subsets, adapters, figures, essays."""
    from geulgam import pipeline
    from geulgam.workspace import Workspace

    if json and not dry_run:
        raise typer.BadParameter("only together with --dry-run", param_hint="--json")
    place = Workspace.find(workspace)
    settings = place.settings()
    if dry_run:
        steps = pipeline.plan(place, settings)
        if json:
            show_json(steps)
            return
        for step in steps:
            say(step.line())
        if not steps:
            say("everything is up to date")
        return
    done = 0
    for _, result in pipeline.run(place, settings, begin=lambda step: note(step.line()), progress=progress()):
        done += 1
        for line in result:
            say(f"  {line}")
    if not done:
        say("everything is up to date")
