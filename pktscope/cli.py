"""The commands. Each starts the layer that owns the work, then shows what comes of it; nothing is imported early."""

from __future__ import annotations

import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules load ends the program at once and without a word

from collections.abc import Callable, Iterable, Sequence  # noqa: E402 (after the signal, on purpose)
from contextlib import suppress  # noqa: E402
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast  # noqa: E402

import click  # noqa: E402

from pktscope import __version__  # noqa: E402

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run
    from pktscope.show import Manner

# Exit codes, as the README lists them.
OK, FAILED, USAGE, PERMISSION, NOT_SHOWN, INTERRUPTED = 0, 1, 2, 3, 4, 130
Command = TypeVar("Command", bound=Callable[..., Any])


class Stop(Exception):
    """Leave with this code after saying this on stderr; one line, names the file or option and the way out."""

    def __init__(self, code: int, line: str = "") -> None:
        super().__init__(line)
        self.code, self.line = code, line


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pktscope")
def commands() -> None:
    """What really happens on the wire when two programs talk.

    An annotated timeline of packets, TCP states and socket calls: of a live exchange in a private room on this
    machine, or of any saved capture.
    """


@commands.command()
@click.argument("name", required=False)
@click.option("-w", "write_to", type=click.Path(dir_okay=False), metavar="FILE", help="Keep the recording (pcapng).")
@click.option(
    "--host", is_flag=True, help="Use the host's loopback instead of a private room (needs the right to sniff)."
)
@looks
def demo(name: str | None, write_to: str | None, host: bool, **look: Any) -> int:
    """Run a sample exchange, live; without NAME, list them."""
    if name is None:
        return list_demos()
    return exchange(known_demo(name), write_to, host, look)


def list_demos() -> int:
    """Name, one line, how long it takes."""
    from pktscope import demos

    every = demos.every()
    size = max(len(each.name) for each in every)
    for each in every:
        click.echo(f"{each.name:<{size}}  {each.title} ({each.seconds:g} s)")
    return OK


def known_demo(name: str) -> Demo:
    """The demo of that name, or one clear line."""
    from pktscope import demos

    try:
        return demos.load(name)
    except demos.NoSuchDemo as error:
        raise Stop(USAGE, str(error)) from None


@commands.command()
@click.argument("name")
@click.option(
    "-w", "write_to", required=True, type=click.Path(dir_okay=False), metavar="FILE", help="Where to (pcapng)."
)
@click.option("--host", is_flag=True, help="Use the host's loopback instead of a private room.")
def record(name: str, write_to: str, host: bool) -> int:
    """Run a sample exchange and keep its recording, without showing it."""
    return exchange(known_demo(name), write_to, host, None)


@commands.command(short_help="Explain a saved capture.")
@click.argument("file", metavar="FILE|-")
@click.option("--stream", default="", metavar="NAME", help="Which conversation: tcp:0, udp:3, or a number alone.")
@looks
def replay(file: str, stream: str, **look: Any) -> int:
    """Explain a saved capture: pcap or pcapng, gzip too; '-' reads standard input."""
    from pktscope.capture.store import Store

    store = opened(lambda: Store.open(file, lay_down_privileges), file)
    return present(store, look, title=os.path.basename(file) if file != "-" else "standard input", stream=stream)


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
    from pktscope.lab import runner

    with runner.live(interface, expression=" ".join(filter), count=count or 0) as run:
        store = receiver(run, write_to)()
        title = f"live on {shown(interface)[1:-1]}"
        return present(store, look, title=title, stream=stream, run=run, endless=count is None)


@commands.command(short_help="What this machine allows.")
def doctor() -> int:
    """What this machine allows, step by step, and the way out of each refusal."""
    from pktscope.lab import ladder

    for found in ladder.findings():
        click.echo(f"{'yes' if found.ok else 'no ':<4} {found.step}: {found.detail}")
        if found.way_out:
            click.echo(f"     way out: {found.way_out}")
    return OK


# What the commands share


def shown(text: str) -> str:
    """Somebody's word, safe and short, in quotes."""
    from pktscope.text import safe_text

    return f"'{safe_text(text, 80)}'"


def lay_down_privileges() -> None:
    """From here on this process has no more rights than the user who called it."""
    if os.geteuid() == 0:
        from pktscope.lab import privileges

        privileges.lay_down()


def receiver(run: Run, write_to: str | None) -> Callable[[], Store]:
    """What opens the store of a run's stream, kept in a file too if asked. Rights are laid down here."""
    copy = writable(write_to) if write_to else None
    lay_down_privileges()

    def receive() -> Store:
        from pktscope.capture.store import Store

        return Store.from_stream(cast("BinaryIO", run.stream), copy_to=copy)

    return receive


def writable(path: str) -> BinaryIO:
    """A file to write, opened with the invoking user's rights; the store closes it when the stream ends."""
    from pktscope.lab.privileges import as_invoking_user

    try:
        with as_invoking_user():
            return open(path, "wb")
    except OSError as error:
        raise Stop(FAILED, f"cannot write {shown(path)}: {error.strerror}; name another file with -w") from None


def opened(how: Callable[[], Store], file: str = "") -> Store:
    """A store, or one clear line."""
    from pktscope.capture import BadCapture

    try:
        return how()
    except BadCapture as error:
        denied = bool(file) and os.path.exists(file) and not os.access(file, os.R_OK)
        raise Stop(PERMISSION if denied else USAGE, str(error)) from None


def exchange(demo: Demo, write_to: str | None, host: bool, look: dict[str, Any] | None) -> int:
    """Run a demo; show it unless `look` is None; hold it to its promise."""
    from pktscope.lab import runner

    with runner.start(demo.name, host=host) as run:
        receive = receiver(run, write_to)
        if look is not None and on_screen(look):
            code = show_screen(receive, look, title=demo.title, run=run, demo=demo)
            return play_recording(demo, run.refusal, look) if code == PERMISSION else code
        store = receive()
        if look is None:
            return recorded(store, run, demo, write_to or "")
        if refused(store, run):
            return play_recording(demo, run.refusal, look)
        return print_out(store, look, title=demo.title, stream="", run=run, demo=demo, endless=False)


def refused(store: Store, run: Run) -> bool:
    """Whether the run came to nothing because this machine allows no exchange; known before anything is shown."""
    while store.exchange is None and not store.finished and run.status is None:
        store.wait(0.005)
    return store.exchange is None and run.wait() == PERMISSION


def play_recording(demo: Demo, why: str, look: dict[str, Any]) -> int:
    """What was recorded elsewhere, labelled so, where nothing can run here."""
    from importlib.resources import as_file, files

    from pktscope.capture.store import Store

    complain(f"{why}; playing the recorded exchange instead")
    with as_file(files("pktscope.recordings") / f"{demo.name}.pcapng") as path:
        store = opened(lambda: Store.open(str(path)))
    return present(store, look, title=f"{demo.title} (recorded)", demo=demo)


def recorded(store: Store, run: Run, demo: Demo, write_to: str) -> int:
    """Wait for a run to be recorded and say how it went."""
    from pktscope.promise import outcome
    from pktscope.show import folded
    from pktscope.words import counted

    flow, _ = folded(store, None)
    code = ended(run)
    if code != OK:
        return code
    kept = outcome(demo.shows, flow.notes, demo.promise)
    click.echo(f"{shown(write_to)[1:-1]}: {counted(store.frame_count, 'frames')}. {kept.sentence}")
    return OK if kept.kept else NOT_SHOWN


def ended(run: Run) -> int:
    """How a run went, as an exit code; its one line on stderr where it went wrong."""
    status = run.wait()
    if run.refusal:
        sys.stderr.write(f"pktscope: {run.refusal}\n")
    return int(status)


def present(
    store: Store,
    look: dict[str, Any],
    *,
    title: str,
    stream: str = "",
    run: Run | None = None,
    demo: Demo | None = None,
    endless: bool = False,
) -> int:
    """The screen where there is a terminal and nothing else was asked for; else text or JSON."""
    if on_screen(look):
        return show_screen(store, look, title=title, stream=stream, run=run, demo=demo)
    return print_out(store, look, title=title, stream=stream, run=run, demo=demo, endless=endless)


def show_screen(
    opened: Store | Callable[[], Store],
    look: dict[str, Any],
    *,
    title: str,
    stream: str = "",
    run: Run | None = None,
    demo: Demo | None = None,
) -> int:
    """The screen, until the reader leaves."""
    from pktscope.tui.app import run as run_screen
    from pktscope.tui.options import ScreenOptions

    options = ScreenOptions(
        ascii=True if look["ascii_only"] else None,
        theme=look["theme"],
        motion=not look["no_motion"],
        time_format=look["time_format"],
        raw_numbers=look["raw_numbers"],
        fold=not look["no_fold"],
        recorded=run is None,
        conversation=stream,
    )
    if demo is None:
        return run_screen(opened, title=title, run=run, options=options)
    return run_screen(
        opened, title=title, run=run, shows=demo.shows, promise=demo.promise, source=(demo.file, demo.source),
        story=demo.story, options=options,
    )  # fmt: skip


def on_screen(look: dict[str, Any]) -> bool:
    """Whether the screen shows it: a terminal, and nothing else asked for."""
    return not (look["as_json"] or look["plain"]) and sys.stdout.isatty()


def print_out(
    store: Store, look: dict[str, Any], *, title: str, stream: str, run: Run | None, demo: Demo | None, endless: bool
) -> int:
    """Text or JSON on stdout, when everything is there."""
    from pktscope import show

    finish(store, run, endless)
    if store.error:
        code = ended(run) if run is not None else OK
        raise Stop(code or USAGE, "" if code else store.error)
    show.complain(store, shown(title)[1:-1])
    try:
        chosen = None if demo is not None else show.choose(store.conversations, stream)
    except show.NoSuchConversation as error:
        raise Stop(USAGE, f"--stream: {error}") from None
    if demo is None and chosen is None and len(store.conversations) > 1 and not look["as_json"]:
        say_lines(show.conversation_lines(store))
        return OK if run is None else ended(run)
    if look["as_json"]:
        flow, pieces = show.json_pieces(store, chosen)
        say_lines(pieces, end="")
    else:
        flow, lines = show.text_lines(store, chosen, manner_of(look), shown(title)[1:-1])
        say_lines(lines)
    sys.stdout.flush()
    return settle(flow.notes, run, demo, quiet=look["as_json"])


def finish(store: Store, run: Run | None, endless: bool) -> None:
    """Wait for the whole capture. Ctrl-C ends a live one, and what was seen until then is shown."""
    from pktscope import show

    try:
        if endless and sys.stderr.isatty():
            sys.stderr.write("pktscope: capturing; Ctrl-C ends it and shows what was seen\n")
        show.watch(store, sys.stderr)
    except KeyboardInterrupt:
        if run is None or not endless:
            raise
        run.stop()
        store.wait(5)


def settle(notes: Sequence[Any], run: Run | None, demo: Demo | None, *, quiet: bool) -> int:
    """The exit code of something shown, and a demo's own verdict on itself."""
    code = ended(run) if run is not None else OK
    if code != OK or demo is None:
        return code
    from pktscope.promise import outcome

    kept = outcome(demo.shows, notes, demo.promise)
    if kept.sentence and not (quiet and kept.kept):
        (click.echo if kept.kept else lambda line: click.echo(line, err=True))(kept.sentence)
    return OK if kept.kept else NOT_SHOWN


def say_lines(lines: Iterable[str], end: str = "\n") -> None:
    """Lines to stdout. A reader who leaves early (head, less) ends the program as it ends any other: silently."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in lines:
        sys.stdout.write(line + end)


def manner_of(look: dict[str, Any]) -> Manner:
    """How text shall look, from the options and the terminal."""
    from pktscope.render.text import PIPE_WIDTH
    from pktscope.show import Manner
    from pktscope.theme import depth

    terminal = sys.stdout.isatty()
    plain = look["no_color"] or os.environ.get("NO_COLOR") or not terminal
    encodable = (sys.stdout.encoding or "ascii").lower().startswith("utf")
    return Manner(
        width=look["width"] or (max(40, os.get_terminal_size(sys.stdout.fileno()).columns) if terminal else PIPE_WIDTH),
        colours=0 if plain else depth(os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")),
        theme=look["theme"],
        ascii=look["ascii_only"] or not encodable,
        time_format=look["time_format"],
        raw_numbers=look["raw_numbers"],
        fold=not look["no_fold"],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(run_commands(arguments))


def run_commands(arguments: Sequence[str] | None) -> int:
    """The command's exit code, with every way out of it as one line."""
    try:
        code = commands.main(arguments, prog_name="pktscope", standalone_mode=False)
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
        complain(f"{error.format_message()} ('pktscope --help' shows how)")
        return USAGE
    except OSError as error:
        complain(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        return FAILED
    except Exception as error:
        if os.environ.get("PKTSCOPE_DEBUG"):
            raise
        complain(
            f"a defect of pktscope, please report it: {type(error).__name__}: {error} (PKTSCOPE_DEBUG=1 shows where)"
        )
        return FAILED


def complain(line: str) -> None:
    """One line on stderr, if anybody still listens."""
    if line:
        with suppress(OSError):
            sys.stderr.write(f"pktscope: {' '.join(line.split())}\n")
            sys.stderr.flush()
