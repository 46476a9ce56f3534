"""The terminal before and after the screen: is it one, how wide are its characters, and how to leave it clean."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO, Any

PROBE = "─▶●"
"""Characters we draw with that some terminals, set up for Chinese or Japanese, make two cells wide."""
REPLY = re.compile(rb"\x1b\[(\d+);(\d+)R")
PATIENCE = 0.2
"""Seconds a terminal has to answer; counted from the question, while the screen's modules load."""

LEAVING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


class WidthProbe:
    """Asks how far the cursor moves over PROBE; the answer is waited for later, so that the wait costs nothing."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.before: list[Any] | None = None
        self.asked = 0.0

    def ask(self) -> None:
        """Put the question, where there is a terminal to answer it."""
        if os.environ.get("TERM", "dumb") in ("dumb", "") or not sys.__stdout__ or not sys.__stdout__.isatty():
            return
        with suppress(OSError, termios.error):
            self.descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
            self.before = termios.tcgetattr(self.descriptor)
            tty.setcbreak(self.descriptor, termios.TCSANOW)
            # Saved cursor, start of line, our characters, where are you?, and everything as it was.
            os.write(self.descriptor, f"\x1b7\r{PROBE}\x1b[6n\r\x1b[K\x1b8".encode())
            self.asked = time.monotonic()

    def wide(self) -> bool:
        """Whether the characters took more than a cell each; False where nobody said. Restores the terminal."""
        if self.before is None:
            self.close()
            return False
        try:
            return self._column() > len(PROBE) + 1
        finally:
            self.close()

    def _column(self) -> int:
        answer = b""
        while (left := self.asked + PATIENCE - time.monotonic()) > 0 or not answer:
            if not select.select([self.descriptor], [], [], max(0.0, left))[0]:
                break
            answer += os.read(self.descriptor, 256)
            found = REPLY.search(answer)
            if found:
                return int(found[2])
        return 0

    def close(self) -> None:
        """Give the terminal back as it was."""
        if self.descriptor < 0:
            return
        with suppress(OSError, termios.error):
            if self.before is not None:
                termios.tcsetattr(self.descriptor, termios.TCSANOW, self.before)
        os.close(self.descriptor)
        self.descriptor, self.before = -1, None


@contextmanager
def keyboard_and_screen() -> Iterator[None]:
    """Textual reads keys from the standard input and writes to the standard error: make both the terminal.

    A capture may come in through a pipe, and errors may go into a file; the screen is wherever stdout is.
    """
    kept = (sys.__stdin__, sys.__stderr__)
    opened: list[IO[str]] = []
    try:
        for name, mode in (("__stdin__", "r"), ("__stderr__", "w")):
            stream = getattr(sys, name)
            if stream is None or not stream.isatty():
                opened.append(open("/dev/tty", mode, encoding="utf-8"))  # noqa: SIM115
                setattr(sys, name, opened[-1])
        yield
    finally:
        sys.__stdin__, sys.__stderr__ = kept  # type: ignore[misc]
        for stream in opened:
            with suppress(OSError):
                stream.close()


@contextmanager
def leaving(act: Callable[[int], None]) -> Iterator[None]:
    """While this lasts the signals that end a program call `act` with their number instead."""

    def handler(number: int, frame: FrameType | None) -> None:
        act(number)

    kept = {number: signal.signal(number, handler) for number in LEAVING}
    try:
        yield
    finally:
        for number, old in kept.items():
            signal.signal(number, old)


def give_up_later(number: int, seconds: float = 2.0) -> None:
    """After a signal, end whatever happens: a terminal that is gone can leave the screen's writer stuck for ever."""
    if number == signal.SIGHUP:
        # The terminal is no more: what is still written and read goes nowhere, without an error.
        signal.signal(signal.SIGCONT, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            with suppress(OSError):
                if os.isatty(descriptor) or descriptor == 2:
                    os.dup2(nowhere, descriptor)

    def end() -> None:
        wipe()
        os._exit(128 + number)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def stop_now(number: int) -> None:
    """Before there is a screen: end, through every `finally`."""
    raise SystemExit(130 if number == signal.SIGINT else 128 + number)


ORDINARY = b"\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h"
"""No paste marks, no mouse, no focus reports, plain keys, line wrap, the first screen, a cursor."""

REMEMBERED: list[Any] = []
"""The terminal's modes before the screen changed them."""


def remember() -> None:
    """Keep the terminal's modes for `wipe`."""
    with suppress(OSError, termios.error), terminal() as descriptor:
        REMEMBERED[:] = [termios.tcgetattr(descriptor)]


def wipe() -> None:
    """Undo what a screen that died may have left behind. Never waits: a terminal may be stopped or gone."""
    with suppress(OSError, termios.error), terminal() as descriptor:
        for modes in REMEMBERED:
            termios.tcsetattr(descriptor, termios.TCSANOW, modes)
        os.write(descriptor, ORDINARY)


@contextmanager
def terminal() -> Iterator[int]:
    """A descriptor of the controlling terminal that never blocks."""
    descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
