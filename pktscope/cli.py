"""The commands. Each starts the layer that owns the work, then shows what comes of it; nothing is imported early."""

from __future__ import annotations

import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules load ends the program at once and without a word

from collections.abc import Sequence  # noqa: E402 (after the signal, on purpose)
from contextlib import suppress  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

import click  # noqa: E402

from pktscope import __version__, languages  # noqa: E402
from pktscope.commands.options import (  # noqa: E402
    RUN_OPTIONS,
    WIRE_OPTIONS,
    demos_begun,
    looks,
    run_options,
    wire_options,
)
from pktscope.exits import FAILED, INTERRUPTED, OK, USAGE, Stop, complain, safe, stand_in  # noqa: E402
from pktscope.words import _, say  # noqa: E402

if TYPE_CHECKING:
    from pktscope.demos import Demo
    from pktscope.lab.wishes import Wishes


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, invoke_without_command=True
)
@click.version_option(__version__, prog_name="pktscope")
@click.pass_context
def commands(context: click.Context) -> int | None:
    """What really happens on the wire when two programs talk.

    An annotated timeline of packets, TCP states and socket calls: of a live exchange in a private room on this
    machine, or of any saved capture. Without a command, on a terminal: the gallery of all sample exchanges.
    """
    if context.invoked_subcommand is not None:
        return None
    from pktscope.commands.present import on_screen

    if not on_screen({"as_json": False, "plain": False}):
        click.echo(context.get_help())
        return OK
    from pktscope.commands.gallery import browse

    return browse({})


@commands.command()
@click.argument("name", required=False, shell_complete=demos_begun)
@click.option("-w", "write_to", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the recording (pcapng).")
@click.option("--recorded", is_flag=True, help="Play its recorded run instead of a live one.")
@click.option("--compare", nargs=2, metavar="WAY WAY", help="Two of its ways beside each other.")
@run_options
@looks
def demo(
    name: str | None, write_to: str | None, recorded: bool, compare: tuple[str, str] | None, **options: Any
) -> int:  # fmt: skip
    """Run a sample exchange, live; without NAME, list them.

    One that can go several ways shows the first two beside each other, unless --variant names one of them.
    """
    if name is None:
        return list_demos()
    wishes, look = wished(name, options)
    if recorded:
        from pktscope.commands.demo import play_recording

        return play_recording(known_demo(name, wishes.variant), "", look)
    if compare or (known_demo(name).variants and not wishes.variant and not write_to and not look["as_json"]):
        from pktscope.commands.compare import compare_variants

        for way in compare or [each for each, _title in known_demo(name).variants[:2]]:
            possible(known_demo(name, way), wishes)
        return compare_variants(name, compare or (), look, wishes.named())
    from pktscope.commands.demo import perform

    return perform(known_demo(name, wishes.variant), write_to, wishes, look)


def wished(name: str, options: dict[str, Any]) -> tuple[Wishes, dict[str, Any]]:
    """The options of `run_options` as wishes, and the others; one clear line where the demo cannot fulfil them."""
    from pktscope.lab import wishes

    given = {option: options.pop(option) for option in RUN_OPTIONS}
    try:
        wanted = wishes.understood(**given)
    except ValueError as error:  # impair.BadRule: one plain line
        raise Stop(USAGE, str(error)) from None
    possible(known_demo(name, wanted.variant), wanted)
    return wanted, options


def possible(demo: Demo, wishes: Wishes) -> None:
    """One clear line where a demo cannot be run so."""
    from pktscope.lab.wishes import Impossible, needs_of

    try:
        needs_of(demo, wishes)
    except Impossible as error:
        raise Stop(USAGE, str(error)) from None


def list_demos() -> int:
    """Name, one line, how long it takes."""
    from pktscope import demos

    every = demos.every()
    size = max(len(each.name) for each in every)
    for each in every:
        click.echo(
            f"{each.name:<{size}}  " + say("{title} ({took:g} s)", {"title": _(each.title), "took": each.seconds})
        )
    return OK


def known_demo(name: str, variant: str = "") -> Demo:
    """The demo of that name, in one of its variants, or one clear line."""
    from pktscope import demos

    try:
        return demos.load(name, variant)
    except demos.NoSuchDemo as error:
        raise Stop(USAGE, str(error)) from None


@commands.command()
@click.argument("name", shell_complete=demos_begun)
@click.option(
    "-w", "write_to", required=True, type=click.Path(dir_okay=False), metavar="FILE", help="Where to (pcapng)."
)
@run_options
def record(name: str, write_to: str, **options: Any) -> int:
    """Run a sample exchange and keep its recording, without showing it."""
    from pktscope.commands.demo import perform

    wishes, _look = wished(name, options)
    return perform(known_demo(name, wishes.variant), write_to, wishes, None)


@commands.command(short_help="Explain a saved capture.")
@click.argument("file", metavar="FILE|-", required=False)
@click.option("--stream", default="", metavar="NAME", help="Which conversation: tcp:0, udp:3, or a number alone.")
@click.option("--compare", nargs=2, metavar="FILE FILE", help="Two captures beside each other, row by row.")
@looks
def replay(file: str | None, stream: str, compare: tuple[str, str] | None, **look: Any) -> int:
    """Explain a saved capture: pcap or pcapng, gzip too; '-' reads standard input."""
    if (file is None) == (compare is None):
        raise Stop(USAGE, _("replay takes one FILE, or --compare and two of them"))
    if compare is not None:
        from pktscope.commands.compare import compare_files

        return compare_files(compare, look, stream)
    assert file is not None
    from pktscope.capture.store import Store
    from pktscope.commands.opening import lay_down_privileges, opened
    from pktscope.commands.present import present

    store = opened(lambda: Store.open(file, lay_down_privileges), file)
    return present(store, look, title=os.path.basename(file) if file != "-" else _("standard input"), stream=stream)


@commands.command(short_help="Watch an interface.")
@click.option("-i", "interface", required=True, metavar="IFACE", help="Which interface: lo, eth0, ...")
@click.argument("filter", nargs=-1)
@click.option("-c", "count", type=click.IntRange(1), help="Stop after so many frames.")
@click.option("-w", "write_to", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the capture (pcapng).")
@click.option("--stream", default="", metavar="NAME", help="Which conversation: tcp:0, udp:3, or a number alone.")
@looks
def live(
    interface: str,
    filter: tuple[str, ...],
    count: int | None,
    write_to: str | None,
    stream: str,
    **look: Any,
) -> int:
    """Watch an interface; FILTER is a capture filter as tcpdump takes it ('tcp port 8000')."""
    from pktscope.commands.opening import begins, receiver
    from pktscope.commands.present import end_with_signals, ended, on_screen, present
    from pktscope.lab import runner

    running: list[runner.Run] = []
    if not on_screen(look):
        end_with_signals(running)
    with runner.live(interface, expression=" ".join(filter), count=count or 0) as run:
        running.append(run)
        store = receiver(run, write_to)()
        if on_screen(look) and not begins(store, run):
            store.wait(1)
            return ended(run) or FAILED
        title = say("live on {interface}", {"interface": safe(interface)})
        return present(store, look, title=title, stream=stream, run=run, endless=True)


@commands.command(short_help="Run one's own programs.")
@click.argument("programs", nargs=-1, metavar="SERVER.py CLIENT.py [CLIENT.py ...]")
@click.option("--client", "clients", multiple=True, metavar="COMMAND", help="A client that is any other command.")
@click.option(
    "--args-server", "server_arguments", default="", metavar="WORDS", help="What the server finds in sys.argv."
)
@click.option(
    "--args-client", "client_arguments", multiple=True, metavar="WORDS",
    help="The same for the client; given again, for the second one, ...",
)  # fmt: skip
@wire_options
@click.option("--input-server", multiple=True, metavar="LINE|FILE", help="Lines for the server's input().")
@click.option("--input-client", multiple=True, metavar="LINE|FILE", help="Lines for the clients' input().")
@click.option("--together", is_flag=True, help="All clients start at once.")
@click.option(
    "--time", "limit", type=click.FloatRange(0.1, 3600), default=60.0, show_default=True, metavar="LIMIT",
    help="Seconds after which everything is ended.",
)  # fmt: skip
@click.option("-w", "write_to", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the recording (pcapng).")
@looks
def run(write_to: str | None, **given: Any) -> int:
    """Run one's own programs, as they are, and see what they do to each other.

    Every script runs in a process of its own in the private room, as the user who calls and without any privilege, in
    its own directory, with its socket calls, its print() and its input() told. The clients start when the server's
    listen() (with UDP, its bind()) has returned, each when the one before has connected. What loops for ever is ended
    when the last client has ended and nothing more happens. With --wire, --drop, --impair or --loss there is a wire
    between the server and the clients, with 127.0.0.1 still in the scripts.

    Programs that are not Python's run too, with their packets but without their calls, which only Python's sockets
    tell: `pktscope run --client './client 8000' -- ./server 8000`, or `pktscope run SERVER.py --client 'curl ...'`.
    """
    from dataclasses import fields

    from pktscope.commands.run import Asked, perform
    from pktscope.lab import impair, wishes

    try:
        wished = wishes.understood(**{name: given.pop(name) for name in WIRE_OPTIONS})
    except impair.BadRule as error:
        raise Stop(USAGE, str(error)) from None
    asked = Asked(wishes=wished, **{each.name: given.pop(each.name) for each in fields(Asked) if each.name in given})
    return perform(asked, write_to, given)


def names_begun(context: click.Context, parameter: click.Parameter, begun: str) -> list[str]:
    """Names that `explain` knows, for the shell's completion."""
    from pktscope.explain.lookup import completions

    return completions(begun)


@commands.command(short_help="Explain a call, a state, a flag, a term.")
@click.argument("name", nargs=-1, shell_complete=names_begun)
@click.option("--width", type=click.IntRange(40, 1000), help="Columns of the text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII characters only.")
@click.option("--no-color", is_flag=True, help="No colours in text (NO_COLOR does the same).")
@click.option(
    "--theme", type=click.Choice(["dark", "white", "contrast"]), default="dark", show_default=True,
    help="Colours: white is for projectors.",
)  # fmt: skip
def explain(name: tuple[str, ...], **look: Any) -> int:
    """Explain a socket call, a TCP state, a flag, an option, a header field, an error, a term or a rule.

    Without NAME, list everything there is. Any common spelling will do, in English or Chinese: 'accept()', time-wait,
    SO_REUSEADDR, 'connection refused'.
    """
    from pktscope.commands.explain import explain as say_it
    from pktscope.commands.present import manner_of

    manner = manner_of({**look, "time_format": "relative", "raw_numbers": False, "no_fold": False})
    return say_it(" ".join(name) if name else None, manner)


@commands.command(short_help="What this machine allows.")
def doctor() -> int:
    """What this machine allows, step by step, and the way out of each refusal."""
    from pktscope.lab import ladder
    from pktscope.text import fit

    for found in ladder.findings():
        values = {"step": _(found.step), "detail": found.detail}
        click.echo(fit(_("yes") if found.ok else _("no"), 4) + " " + say("{step}: {detail}", values))
        if found.way_out:
            click.echo("     " + say("way out: {way_out}", {"way_out": found.way_out}))
    if profile := ladder.apparmor_profile():
        click.echo(_("Or allow it to this Python alone, by an AppArmor profile:"))
        click.echo(profile, nl=False)
    return OK


for each in (commands, *commands.commands.values()):
    click.option(
        "--lang", type=click.Choice(list(languages.NAMES)), expose_value=False,
        help="English or Chinese, whatever the locale says.",
    )(each)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(run_commands(arguments))


def in_language(arguments: Sequence[str] | None) -> click.Group:
    """The commands in the language that is asked for, which everything else speaks from here on, too."""
    asked = languages.asked_for(sys.argv[1:] if arguments is None else arguments)
    language = languages.chosen(asked, os.environ)
    languages.speak(language)
    if language == languages.ENGLISH:
        return commands
    from pktscope.commands.help import localized

    return localized(commands)


def run_commands(arguments: Sequence[str] | None) -> int:
    """The command's exit code, with every way out of it as one line."""
    try:
        stand_in()
        code = in_language(arguments).main(arguments, prog_name="pktscope", standalone_mode=False)
        sys.stdout.flush()
        return int(code or OK)
    except Stop as stop:
        complain(stop.line)
        return stop.code
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        what = error.format_message().replace("。 ", "。")  # click parts its sentences as English does
        complain(say("{what} ('pktscope --help' shows how)", {"what": what}))
        return USAGE
    except OSError as error:
        complain(f"{error.filename or ''}: {_(error.strerror or str(error))}".lstrip(": "))
        return FAILED
    except Exception as error:
        if os.environ.get("PKTSCOPE_DEBUG"):
            raise
        values = {"error": f"{type(error).__name__}: {error}"}
        complain(say("a defect of pktscope, please report it: {error} (PKTSCOPE_DEBUG=1 shows where)", values))
        return FAILED
