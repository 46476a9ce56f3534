"""The way into the screen. Import it once the run or the scan has begun: from here on Textual is loaded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pktscope.tui.options import ScreenOptions
from pktscope.tui.terminal import WidthProbe, keyboard_and_screen, leaving, stop_now, wipe

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.lab.runner import Run


def run(
    store: Store,
    *,
    title: str,
    run: Run | None = None,
    shows: Sequence[str] = (),
    source: tuple[str, str] | None = None,
    story: str = "",
    options: ScreenOptions | None = None,
) -> int:
    """Show a capture until the reader leaves; the program's exit code.

    `run` is the demo being run, `shows` the notes it promises, `source` its file name and text, `story` its docstring.
    Needs a terminal on stdout. 0 ok, 1 a fault or an unreadable capture, 4 a demo that did not show what it promises,
    128 + number after a signal.
    """
    options = options or ScreenOptions()
    probe = WidthProbe()
    with leaving(stop_now):
        try:
            if options.ascii is None:
                probe.ask()
            from pktscope.tui.application import Application
            from pktscope.tui.session import Session

            ascii_only = probe.wide() if options.ascii is None else options.ascii
        finally:
            probe.close()
    session = Session(store, title, run, tuple(shows), source, story, options)
    with keyboard_and_screen():
        application = Application(session, ascii_only=ascii_only)
        try:
            with leaving(application.leave):
                application.run()
        except BaseException:
            wipe()
            raise
        finally:
            stop(run)
    return farewell(application)


def farewell(application: Any) -> int:
    """The exit code, and one line on stderr where there is something to say."""
    if application.fault is not None:
        wipe()
        fault = application.fault
        sys.stderr.write(
            f"pktscope: a defect of the screen, not of your capture: {type(fault).__name__}: {fault}\n"[:400]
        )
        if application.debug_fault:
            import traceback

            traceback.print_exception(fault)
        return 1
    if application.signalled:
        return 130 if application.signalled == 2 else 128 + application.signalled
    return int(application.return_code or 0)


def stop(run: Run | None) -> None:
    """End a demo that is still running."""
    if run is not None:
        run.stop()
