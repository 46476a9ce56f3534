"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def looks(command: Command) -> Command:
    """The options of every command that shows a timeline."""
    options = (
        click.option("--plain", is_flag=True, help="Text, not the screen (as where stdout is no terminal)."),
        click.option("--json", "as_json", is_flag=True, help="Steps and notes as one JSON document."),
        click.option("--width", type=click.IntRange(40, 1000), help="Columns of the text."),
        click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters only."),
        click.option("--no-color", is_flag=True, help="No colours in text (NO_COLOR does the same)."),
        click.option("--no-motion", is_flag=True, help="Arrows appear whole instead of growing."),
        click.option("--no-fold", is_flag=True, help="Show every frame of runs of like frames."),
        click.option(
            "--theme", type=click.Choice(["dark", "white", "contrast"]), default="dark", show_default=True,
            help="Colours: white is for projectors.",
        ),
        click.option(
            "-t", "time_format", type=click.Choice(["relative", "absolute", "delta"]), default="relative",
            show_default=True, help="Times: since the first step, clock time, or since the step before.",
        ),
        click.option("--raw-numbers", is_flag=True, help="Sequence numbers as on the wire, not counted from the SYN."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


WIRE_OPTIONS = ("wire", "drop", "rules", "loss", "seed", "says")
"""What `wire_options` adds, by parameter name."""
RUN_OPTIONS = ("variant", "host", "six", *WIRE_OPTIONS)
"""What `run_options` adds."""


def wire_options(command: Command) -> Command:
    """The options of every command that runs something: what is between the programs, and what they read."""
    options = (
        click.option(
            "--wire", "--delay", metavar="DELAY",
            help="Over a wire between two hosts; each frame takes DELAY, for instance 20ms.",
        ),
        click.option(
            "--drop", type=click.IntRange(1), multiple=True, metavar="N",
            help="The wire loses the frame of this number on the timeline. May be repeated.",
        ),
        click.option(
            "--impair", "rules", multiple=True, metavar="RULE",
            help="What the wire does: 'drop data 3 from client', 'delay syn from client by 400ms'; also swap, double,"
            " damage. May be repeated.",
        ),
        click.option("--loss", metavar="SHARE", help="The wire loses so many of the frames, by chance: 10%."),
        click.option("--seed", type=click.IntRange(0), metavar="N", help="What chance begins with."),
        click.option(
            "--say", "says", multiple=True, metavar="LINE",
            help="A line for input(): 'hello', or 'client: hello'. May be repeated.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def demos_begun(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Names of demos, for the shell's completion."""
    from pktscope import demos

    return [name for name in demos.ORDER if name.startswith(begun)]


def ways_begun(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """The variants of the demo that is named before, for the shell's completion."""
    from pktscope import demos

    words = (context.params.get("name"), *context.args)  # click leaves what stands before an unfinished option in args
    named = next((word for word in words if word in demos.ORDER), "")
    return [name for name, _title in demos.load(named).variants if name.startswith(begun)] if named else []


def run_options(command: Command) -> Command:
    """The options of every command that runs a demo."""
    options = (
        click.option(
            "--variant", default="", metavar="WAY", shell_complete=ways_begun,
            help="Which of its ways, where it can go several ways.",
        ),
        wire_options,
        click.option("-6", "six", is_flag=True, help="Over IPv6."),
        click.option(
            "--host", is_flag=True,
            help="Use the host's loopback instead of a private room (needs the right to sniff).",
        ),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command
