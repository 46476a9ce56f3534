"""Ways out of the program: exit codes, and the one line that goes with them. Cheap to import."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from pktscope.words import _

OK, FAILED, USAGE, PERMISSION, NOT_SHOWN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Well; failure; usage, bad file or filter; no right to; the demo ran and showed something else; Ctrl-C."""


class Stop(Exception):
    """Leave with this code after saying this on stderr; one line, names the file or option and the way out."""

    def __init__(self, code: int, line: str = "") -> None:
        super().__init__(line)
        self.code, self.line = code, line


def stand_in() -> None:
    """Put the null device behind standard descriptors that are closed, and raise Stop if output is one of them.

    Else the next file opened would take their number, and what is meant for stderr would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stdout is None:
        raise Stop(FAILED, _("standard output is closed; leave it open, or redirect it: > FILE"))


def complain(line: str) -> None:
    """One line on stderr, if anybody still listens."""
    if line:
        with suppress(OSError):
            sys.stderr.write(f"pktscope: {' '.join(line.split())}\n")
            sys.stderr.flush()


def safe(text: str) -> str:
    """Somebody's word, made safe and short."""
    from pktscope.text import safe_text

    return safe_text(text, 80)


def quoted(text: str) -> str:
    """The same in quotes."""
    return f"'{safe(text)}'"
