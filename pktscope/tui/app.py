"""The way into the screen. Import it once the run or the scan has begun: from here on Textual is loaded."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pktscope.exits import Stop
from pktscope.text import safe_text
from pktscope.tui.options import ScreenOptions
from pktscope.tui.session import Session, Subject
from pktscope.tui.terminal import WidthProbe, keyboard_and_screen, leaving, remember, stop_now, wipe
from pktscope.words import say

if TYPE_CHECKING:
    from pktscope.capture.store import Store
    from pktscope.lab.runner import Run
    from pktscope.tui.application import Application


def run(
    opened: Store | Callable[[], Store],
    *,
    title: str,
    run: Run | None = None,
    shows: Sequence[str] = (),
    source: tuple[str, str] | None = None,
    story: str = "",
    promise: str = "",
    options: ScreenOptions | None = None,
    again: Callable[[], Session] | None = None,
    recording: Callable[[], Session] | None = None,
) -> int:
    """Show a capture until the reader leaves; the program's exit code.

    `opened` is the capture, or opens it once the first frame is painted. `run` is the demo being run, `shows` the notes
    it promises, `promise` the same in words, `source` its file name and text, `story` its docstring. Needs a terminal
    on stdout. 0 ok, 1 a fault or a copy that is not whole, 2 no capture, 3 a demo this machine allows no run of
    (nothing is said then), 4 a demo that did not show what it promises, 128 + number after a signal.
    """
    session = Session(
        opened, title, run, tuple(shows), source, story, options or ScreenOptions(), promise, again, recording
    )
    return start(session)


def start(subject: Subject) -> int:
    """Show something until the reader leaves; the program's exit code, 128 + number after a signal."""
    gc.disable()  # what modules load is no garbage: looking delays the first frame; the screen enables it then
    probe = WidthProbe()
    with leaving(stop_now):
        try:
            if subject.options.ascii is None:
                probe.ask()
            from pktscope.tui.application import Application

            ascii_only = probe.wide() if subject.options.ascii is None else subject.options.ascii
        finally:
            probe.close()
    remember()
    with keyboard_and_screen():
        application = Application(subject, ascii_only=ascii_only)
        try:
            with leaving(application.leave):
                application.run()
        except BaseException:
            wipe()
            raise
    return farewell(application)


def farewell(application: Application) -> int:
    """The exit code, and one line on stderr where there is something to say that the screen took with it."""
    fault = application.fault
    if isinstance(fault, Stop):  # what begins with the screen did not begin
        report(fault.line)
        return fault.code
    if fault is not None:
        wipe()
        report(
            say(
                "a defect of the screen: {fault} (PKTSCOPE_DEBUG=1 says where)",
                {"fault": f"{type(fault).__name__}: {fault}"},
            )
        )
        if application.debug_faults:
            import traceback

            traceback.print_exception(fault)
        return 1
    if application.signalled:
        return 128 + application.signalled
    code, wrong = application.subject.verdict()
    if wrong:
        report(wrong)
    return code or int(application.return_code or 0)


def report(line: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"pktscope: {safe_text(' '.join(line.split()), 500)}\n")
