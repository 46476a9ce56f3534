"""A capture or a run shown: on the screen where there is a terminal, else as text or JSON; and what to exit with."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pktscope.exits import FAILED, NOT_SHOWN, OK, USAGE, Stop, safe
from pktscope.words import _, retold

if TYPE_CHECKING:
    from types import FrameType

    from pktscope.capture.store import Store
    from pktscope.demos import Demo
    from pktscope.lab.runner import Run
    from pktscope.show import Manner
    from pktscope.tui.options import ScreenOptions


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


def on_screen(look: dict[str, Any]) -> bool:
    """Whether the screen shows it: a terminal that can be drawn on, and nothing else asked for."""
    return not (look["as_json"] or look["plain"]) and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


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

    options = screen_options(look, recorded=run is None, stream=stream)
    if demo is None:
        return run_screen(opened, title=title, run=run, options=options)
    return run_screen(
        opened, title=title, run=run, shows=demo.shows, promise=demo.promise, source=(demo.file, demo.source),
        story=demo.story, options=options,
    )  # fmt: skip


def screen_options(look: dict[str, Any], *, recorded: bool = False, stream: str = "") -> ScreenOptions:
    """The options of the command line as the screen takes them; those not given as they are by themselves."""
    from pktscope.tui.options import ScreenOptions

    return ScreenOptions(
        ascii=True if look.get("ascii_only") else None,
        theme=look.get("theme", "dark"),
        motion=not look.get("no_motion"),
        time_format=look.get("time_format", "relative"),
        raw_numbers=bool(look.get("raw_numbers")),
        fold=not look.get("no_fold"),
        recorded=recorded,
        conversation=stream,
    )


def print_out(
    store: Store, look: dict[str, Any], *, title: str, stream: str, run: Run | None, demo: Demo | None, endless: bool
) -> int:
    """Text or JSON on stdout, when everything is there."""
    from pktscope import show

    finish(store, endless)
    if store.error:
        code = ended(run) if run is not None else OK
        raise Stop(code or USAGE, "" if code else retold(store.error))
    show.complain(store, safe(title))
    try:
        chosen = None if store.exchange and not stream else show.choose(store.conversations, stream)
    except show.NoSuchConversation as error:
        raise Stop(USAGE, f"--stream: {error}") from None
    if store.exchange is None and chosen is None and len(store.conversations) > 1 and not look["as_json"]:
        say_lines(show.conversation_lines(store))
        return (OK if run is None else ended(run)) or (FAILED if store.copy_lost else OK)
    if look["as_json"]:
        flow, pieces = show.json_pieces(store, chosen)
        say_lines(pieces, end="")
    else:
        flow, lines = show.text_lines(store, chosen, manner_of(look), safe(title), recorded=run is None)
        say_lines(lines)
        if demo is None and store.exchange is not None and not store.exchange.demo:
            from pktscope.endings import endings

            say_lines(filter(None, [endings(step.observation for step in flow.steps)]))
    sys.stdout.flush()
    return settle(flow.notes, run, demo, quiet=look["as_json"]) or (FAILED if store.copy_lost else OK)


def finish(store: Store, endless: bool) -> None:
    """Wait for the whole capture; what comes after is ended by signals as any program is."""
    from pktscope import show

    if endless and sys.stderr.isatty():
        sys.stderr.write("pktscope: " + _("capturing; Ctrl-C ends it and shows what was seen") + "\n")
    show.watch(store, sys.stderr)
    if endless:
        if signal.getsignal(signal.SIGTERM) == signal.SIG_IGN:
            time.sleep(AGAIN)
        handle_ends(signal.SIG_DFL)


AGAIN = 0.2
"""Seconds in which the signal that ended a capture may come a second time and mean the same."""


def end_with_signals(running: list[Run]) -> None:
    """From here on Ctrl-C and SIGTERM end the run in `running`, and what was seen is shown; without one, the program.

    Once: `timeout` sends its signal to the program and to its group, so it comes twice.
    """

    def end(number: int, frame: FrameType | None) -> None:
        if not running:
            raise KeyboardInterrupt
        handle_ends(signal.SIG_IGN)
        running[0].stop()

    handle_ends(end)


def handle_ends(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """What Ctrl-C and SIGTERM do from here on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def settle(notes: Sequence[Any], run: Run | None, demo: Demo | None, *, quiet: bool) -> int:
    """The exit code of something shown, and a demo's own verdict on itself."""
    code = ended(run) if run is not None else OK
    if code != OK or demo is None:
        return code
    from pktscope.promise import outcome

    kept = outcome(demo.shows, notes, demo.promise)
    if kept.sentence and not (quiet and kept.kept):
        print(kept.sentence, file=sys.stdout if kept.kept else sys.stderr)
    return OK if kept.kept else NOT_SHOWN


def ended(run: Run) -> int:
    """How a run went, as an exit code; its one line on stderr where it went wrong."""
    status = run.wait()
    if run.refusal:
        sys.stderr.write(f"pktscope: {retold(run.refusal)}\n")
    return int(status)


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
