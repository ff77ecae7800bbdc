"""The command line: its groups, and what all commands have in common."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from geulgam.commands import cleaning, corpus, export, index, label, plan, review, run, setup, topic, write
from geulgam.terminal import failing_clearly, say


class _Commands(TyperGroup):
    """Lists the commands in the order of work, and runs one so that what goes wrong ends in one clear line."""

    order = (
        "new",
        "corpus",
        "index",
        "topic",
        "plan",
        "finetune",
        "generate",
        "review",
        "export",
        "evaluate",
        "run",
        "status",
        "demo",
        "doctor",
    )

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=self.order.index)

    def make_context(self, *given: Any, **named: Any) -> Any:
        with failing_clearly():
            return super().make_context(*given, **named)

    def invoke(self, ctx: Any) -> Any:
        with failing_clearly():
            return super().invoke(ctx)


def _version(asked: bool) -> None:
    if asked:
        from geulgam.distribution import version

        say(f"geulgam {version()}")
        raise typer.Exit


app = typer.Typer(
    name="geulgam",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog="Example:  geulgam demo")
def _geulgam(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a corpus of Korean essays and a topic's keywords to a long essay: retrieve, fine-tune, write."""


setup.register(app)
cleaning.register(corpus.app)
label.register(corpus.app)
app.add_typer(corpus.app, name="corpus")
app.add_typer(index.app, name="index")
app.add_typer(topic.app, name="topic")
plan.register(app)
write.register(app)
review.register(app)
export.register(app)
run.register(app)
