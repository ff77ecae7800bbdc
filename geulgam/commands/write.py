"""`geulgam finetune`, `generate`, `evaluate`: from a topic to a finished essay, step by step."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from finetune.launch import by_main
from geulgam.options import AddressOption, JsonOption, Topics, WorkspaceOption
from geulgam.terminal import keep_settings, note, plain, say, show_json, showing, table

if TYPE_CHECKING:
    from geulgam.graph import Outcome
    from geulgam.stages.adapter import Tuned


def register(app: typer.Typer) -> None:
    """Put the commands on the app."""
    app.command(epilog="Example:  geulgam finetune 함께 --epochs 3")(by_main(finetune))
    app.command(epilog="Example:  geulgam generate 함께 --plan plan.toml --chars 20000 --best-of 8")(generate)
    app.command(epilog="Example:  geulgam evaluate 함께 --json")(evaluate)


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
        str | None, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps, this time.", show_default=False)
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="What training may take, such as 15GiB, this time.", show_default=False),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Train even what is up to date.")] = False,
    engine: Annotated[
        Literal["ray"] | None,
        typer.Option(help="ray: each topic in a job of its own, on the nodes of a Ray cluster.", show_default=False),
    ] = None,
    address: AddressOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Adapt the base model to what was retrieved for each topic; a run that was stopped goes on where it stood.

    Epochs, method and base are kept in geulgam.toml, so that later commands do not undo them.
    """
    from geulgam.cluster import connected
    from geulgam.stages.adapter import finetune_topics
    from geulgam.stages.base import Lender
    from geulgam.stages.subset import select_topics
    from geulgam.workspace import Workspace

    if address is not None and engine is None:
        raise typer.BadParameter("only together with --engine ray", param_hint="--address")
    place = Workspace.find(workspace)
    recipe: dict[str, Any] = {"finetune.epochs": epochs, "finetune.method": method, "finetune.base": base}
    settings = place.settings({**recipe, "finetune.device": device, "finetune.memory": memory})
    names = topics or settings.topic_names()
    if base is not None:
        from finetune.base import resolve

        resolve(base)
    with showing() as on, connected(address) if engine else nullcontext() as cluster:
        select_topics(place, settings, names, on=on, told=lambda made: note(f"  {made.line}"))
        keep_settings(place, recipe)
        lender = Lender(place, settings)
        for some in [names] if cluster else [[name] for name in names]:
            for tuned in finetune_topics(
                place, settings, some, lender=lender, cluster=cluster, again=again, on=on, told=_trained
            ):
                if not tuned.reasons:  # of the others it is told when they are made
                    _adapter_told(tuned)


def generate(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="What to write on.", show_default=False)],
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What to write; else topics/TOPIC/plan.toml, else planned.", show_default=False
        ),
    ] = None,
    chars: Annotated[
        int | None,
        typer.Option(min=1, help="How long; else as long as the plan, else generate.characters.", show_default=False),
    ] = None,
    best_of: Annotated[
        int | None, typer.Option(min=1, help="How many candidates to choose from.", show_default=False)
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="How the essay begins.", show_default=False)] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed, same essay; else the essay's number.", show_default=False)
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="default, stream or contest.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write an essay on a topic into essays/, by a plan, with a report of its figures."""
    from geulgam.graph import look
    from geulgam.stages.adapter import AdapterNode, require_adapter
    from geulgam.stages.essay import EssayNode, generate_essay
    from geulgam.stages.spans import SpansNode
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings({"generate.characters": chars, "generate.preset": preset, "generate.best_of": best_of})
    name = settings.topic(topic).name
    require_adapter(place, name)
    essay = EssayNode(place, settings, name, file=plan)
    for state in look(essay.inputs):
        if isinstance(state.node, AdapterNode) and state.found and state.reasons:
            called, of = essay.called(state.node), state.node.topic
            note(f"note: the {called} is out of date: {state.why}; renew it with geulgam finetune {of}")
    spans = look([SpansNode(place, settings)])[-1]
    if spans.found and spans.reasons:
        note(f"note: what must not be copied is out of date: {spans.why}; renew it with geulgam run")
    with showing() as on:
        written = generate_essay(place, settings, name, plan=plan, characters=chars, prompt=prompt, seed=seed, on=on)
    say(written.text)
    note("")
    note(written.line())
    for line in written.review.lines():
        note(line)
    note(f"the essay: {plain(written.folder / 'essay.md')}, its report: {plain(written.folder / 'report.html')}")


def evaluate(
    topics: Topics = None,
    full: Annotated[
        bool, typer.Option("--full", help="Beside as long trainings on random essays and on the whole corpus.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Base against adapted model: bits per character of essays that neither training nor selection has seen."""
    from geulgam.stages.evaluation import REPORT, evaluate_topics
    from geulgam.stages.evaluation_report import NAMES
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings()
    names = topics or settings.topic_names()
    with showing() as on:
        measured = evaluate_topics(place, settings, names, full=full, on=on)
    if json:
        show_json([m.told() for m in measured])
        return
    rows = []
    for m in measured:
        for name, model in ((name, m.models[name]) for name in NAMES if name in m.models):
            gain = "" if name == "base" else _gain(model.gain, model.gain_interval)
            lead = "" if name == "adapted" else _gain(model.lead, model.lead_interval)
            of = (m.topic, m.essays) if name == "base" else ("", "")
            rows.append((*of, NAMES[name], f"{model.bits:.3f}", gain, lead))
    table(
        ("topic", "essays>", "model", "bits>", "over base>", "topic over it>"),
        rows,
        title="bits per character of held-out essays, lower is better; gains with the interval of 95 %",
    )
    for m in measured:
        note(f"the report: {plain(place.evaluation(m.topic) / REPORT)}")


def _gain(percent: float, interval: tuple[float, float] | None) -> str:
    return f"{percent:.1f} %" + (f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else " (one essay)")


def _adapter_told(tuned: "Tuned") -> None:
    """What came of a topic's adapter, and where it lies."""
    from geulgam.stages.weights import doctor

    say(tuned.line())
    for line in doctor(tuned.metrics) if tuned.reasons else ():
        note(f"  {line}")
    note(f"  the adapter: {plain(tuned.folder)}")


def _trained(made: "Outcome") -> None:
    """What came of an adapter, or of the stage that topics share, where it was trained on the way."""
    from geulgam.stages.adapter import AdapterNode, tuned
    from geulgam.stages.shared import SharedNode
    from geulgam.stages.weights import doctor

    if made.node.stage == AdapterNode.stage:
        _adapter_told(tuned(made))
    elif made.node.stage == SharedNode.stage and (found := made.node.found()):
        note(f"  shared stage: {made.line}")
        for line in doctor(found.facts):
            note(f"  {line}")
