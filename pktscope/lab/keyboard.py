"""What a traced program prints and what it reads: `print()` and `input()` told like its socket calls, in order.

Output becomes one 'print' a line, bounded; input is asked of the director, who has the lines that were given with the
command, types what the reader types, or says that there is no more.
"""

from __future__ import annotations

import builtins
import codecs
import io
import os
import sys
import threading
import time
from typing import Any

from pktscope.lab.teller import Teller
from pktscope.words import N_, say

LONGEST_LINE = 200
"""Characters of a printed line that are kept."""
LINES_A_SECOND = 100
MOST_LINES = 2_000
"""Of one program in one run: what is printed beyond is only counted."""
WINDOW = 1.0
"""Seconds over which lines are counted."""

LEFT_OUT = N_("… {count:,} more lines were printed and are not kept")


def install(teller: Teller) -> None:
    """Put both in place of what this process has: sys.stdout, sys.stderr, sys.stdin and input()."""
    allowance = Allowance()
    screen = Output(teller, allowance, 1)
    sys.stdout, sys.stderr = screen, Output(teller, allowance, 2)
    keyboard = Keyboard(teller, screen)
    sys.stdin = keyboard
    builtins.input = keyboard.input


def flush() -> None:
    """Tell what was printed without an end of line, and how many lines were left out: the program ends."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Output):
            stream.end()


class Allowance:
    """How many lines may still be told."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._left = MOST_LINES
        self._window = LINES_A_SECOND
        self._since = time.monotonic()
        self.left_out = 0
        """Lines not told since the last one that was."""

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *ignored: object) -> None:
        self._lock.release()

    def one(self) -> bool:
        """Whether one more line may be told; it is counted either way."""
        now = time.monotonic()
        if now - self._since >= WINDOW:
            self._since, self._window = now, LINES_A_SECOND
        if self._left > 0 and self._window > 0:
            self._left -= 1
            self._window -= 1
            return True
        self.left_out += 1
        return False


class Output(io.TextIOBase):
    """A text stream that tells each line written to it."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, teller: Teller, allowance: Allowance, descriptor: int) -> None:
        self._teller = teller
        self._allowance = allowance
        self._descriptor = descriptor
        self._begun = ""
        """The beginning of a line whose end has not been written."""
        self.buffer = Octets(self)

    def write(self, text: str) -> int:
        """As of any text stream; costs no more than a look for ends of lines once too much has been told."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._allowance:
            at = 0
            while (end := text.find("\n", at)) >= 0:
                if not self._line(self._begun + text[at : min(end, at + LONGEST_LINE + 1)]):
                    self._allowance.left_out += text.count("\n", end + 1)
                    at, self._begun = text.rfind("\n") + 1, ""
                    break
                at, self._begun = end + 1, ""
            self._begun += text[at : at + max(0, LONGEST_LINE + 1 - len(self._begun))]
        return len(text)

    def flush(self) -> None:
        """Tell the beginning of a line, too: the program wants it to be seen now."""
        with self._allowance:
            if self._begun:
                self._line(self._begun)
                self._begun = ""

    def end(self) -> None:
        """Tell all there is left to tell."""
        self.flush()
        with self._allowance:
            self._confess()

    def taken(self) -> str:
        """The beginning of a line, which becomes part of a prompt."""
        with self._allowance:
            begun, self._begun = self._begun, ""
        return begun

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._descriptor

    def _line(self, line: str) -> bool:
        if not self._allowance.one():
            return False
        self._confess()
        self._teller.call("print", line.rstrip("\r"))
        return True

    def _confess(self) -> None:
        count, self._allowance.left_out = self._allowance.left_out, 0
        if count:
            self._teller.call("print", say(LEFT_OUT, {"count": count}))


class Octets(io.RawIOBase):
    """`sys.stdout.buffer`: octets for an Output."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, octets: Any) -> int:
        """As of any raw stream."""
        view = memoryview(octets)
        self._output.write(self._decoder.decode(bytes(view)))
        return view.nbytes

    def flush(self) -> None:
        self._output.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._output.fileno()


class Keyboard(io.TextIOBase):
    """A text stream whose lines come from the director."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, teller: Teller, screen: Output) -> None:
        self._teller = teller
        self._screen = screen
        self._rest = ""
        """Of a line that was read in part."""
        self._feeder: Feeder | None = None

    def input(self, prompt: object = "", /) -> str:
        """As the built-in: the line without its end; EOFError where there is none."""
        line = self._ask(self._screen.taken() + str(prompt))
        if not line:
            raise EOFError("EOF when reading a line")
        return line.removesuffix("\n")

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        """As of any text stream: '' at the end of input."""
        line = self._rest or self._ask(self._screen.taken())
        cut = len(line) if size is None or size < 0 else size
        line, self._rest = line[:cut], line[cut:]
        return line

    def read(self, size: int | None = -1, /) -> str:
        """Everything up to the end of input, or `size` characters of a line."""
        if size is not None and size >= 0:
            return self.readline(size) if size else ""
        lines = []
        while line := self.readline():
            lines.append(line)
        return "".join(lines)

    def readlines(self, hint: int | None = -1, /) -> list[str]:  # type: ignore[override]
        return list(self)

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """A descriptor to wait at, select() for instance: it becomes readable when there is a line."""
        if self._feeder is None:
            self._feeder = Feeder(self._teller)
        return self._feeder.descriptor

    def _ask(self, prompt: str) -> str:
        return self._feeder.line() if self._feeder is not None else ask(self._teller, prompt)


class Feeder:
    """Asks for lines in a thread of its own, for a program that waits for a descriptor: one line ahead."""

    def __init__(self, teller: Teller) -> None:
        self.descriptor, self._to = os.pipe()
        self._teller = teller
        self._wanted = threading.Semaphore(1)
        self._over = False
        threading.Thread(target=self._feed, daemon=True).start()

    def line(self) -> str:
        """The next line with its end, or '' at the end of input."""
        if self._over:
            return ""
        octets = b""
        while not octets.endswith(b"\n") and (more := os.read(self.descriptor, 1)):
            octets += more
        self._over = not octets
        self._wanted.release()
        return octets.decode("utf-8", "replace")

    def _feed(self) -> None:
        while self._wanted.acquire():
            line = ask(self._teller, "")
            if not line:
                os.close(self._to)
                return
            os.write(self._to, line.encode("utf-8", "replace"))


def ask(teller: Teller, prompt: str) -> str:
    """Tell that the program waits for a line, and what it got: with its end, or '' at the end of input."""
    with teller.alone:
        serial = teller.call("input", prompt)
        answer = teller.answer()
        ended = not answer.startswith(b"l")
        line = "" if ended else answer[1:].decode("utf-8", "replace")
        teller.back(serial, "input", line, error="EOFError" if ended else "")
    return "" if ended else line + "\n"
