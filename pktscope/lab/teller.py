"""A traced program's line to the director: stamps events and sends them, one message each."""

from __future__ import annotations

import os
import sys
import threading
import time
from itertools import count
from types import FrameType

from pktscope.capture.recording import to_json
from pktscope.lab import spell
from pktscope.model import Call, Return, Sample, Side

LONGEST_ANSWER = 1 << 16
"""Octets."""

FOREIGN = ("/site-packages/", "/dist-packages/", "/lib/python")
"""Parts of paths that are no source of the student's, wherever they lie."""
OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/"
"""Where pktscope itself lies."""


class Teller:
    """`with teller as now:` stamps; `send` inside it tells.

    `promises[slot]` is shared memory: not 0 while a stamp may have been taken and not yet been told. It is what lets
    the director know up to when the recording is complete, however slowly this process is scheduled.
    """

    def __init__(self, line: int, side: Side, promises: memoryview, slot: int, sources: dict[str, str],
                 program: int = 1) -> None:  # fmt: skip
        """`line` is a SOCK_SEQPACKET descriptor; `sources` maps a code object's file name to the name to tell.

        A source that ends in '/' stands for every file under that directory.
        """
        self.side = side
        self.program = program
        self.pid = int(os.readlink("/proc/self"))  # as the host's /proc knows us, also from within a PID namespace
        self._line = line
        self._promises = promises
        self._slot = slot
        self._sources = sources
        self._directories = tuple(name for name in sources if name.endswith("/"))
        self.spare = -1
        """A pipe with numbers of promises nobody makes yet, for processes this one forks; -1 where there is none."""
        self._mute = False
        self.watched = False
        """Whether the director wants to know what comes back by itself."""
        self._lock = threading.RLock()
        self._before: list[int] = []
        self._numbers = count(1)
        self.alone = threading.RLock()
        """Held while the program waits for an answer of the director's: one question at a time."""

    def number(self) -> int:
        """A number for a call or a socket that no other program of the recording gives out."""
        return next(self._numbers) * len(self._promises) + self._slot

    def __enter__(self) -> int:
        self._lock.acquire()  # reentrant: a socket may be collected, and so closed, while another call is being told
        before = self._promises[self._slot]
        self._before.append(before)
        self._promises[self._slot] = before or time.time_ns()
        return time.time_ns()

    def __exit__(self, *ignored: object) -> None:
        self._promises[self._slot] = self._before.pop()
        self._lock.release()

    def send(self, event: Call | Return | Sample) -> None:
        """Tell the director; blocks while it is far behind."""
        if not self._mute:
            os.write(self._line, f"{type(event).__name__.lower()} {to_json(event)}".encode())

    def answer(self) -> bytes:
        """Wait for the director's answer to the 'pause' or 'input' just told; b'' when it is gone."""
        return os.read(self._line, LONGEST_ANSWER)

    def limit(self, seconds: float) -> None:
        """Tell, for no recording, that the call just told comes back by itself after so many seconds at most."""
        if not self._mute:
            os.write(self._line, f"limit {seconds}".encode())

    def forked(self) -> None:
        """In a process that this one has forked: go on under a promise of its own, or say nothing any more."""
        self._lock = threading.RLock()  # a thread that is not here may have held the old ones
        self.alone = threading.RLock()
        self._before = []
        self.pid = int(os.readlink("/proc/self"))
        number = os.read(self.spare, 2) if self.spare >= 0 else b""
        self._slot = int.from_bytes(number, "big")
        self._numbers = count(1)
        self._mute = not number

    def name_of(self, file: str) -> str:
        """How the reader calls a source file of the program's; '' for what is none."""
        name = self._sources.get(file, "")
        if name or not self._directories or any(part in file for part in (OURS, *FOREIGN)):
            return name
        directory = next((each for each in self._directories if file.startswith(each)), "")
        return self._sources[directory] + file.removeprefix(directory) if directory else ""

    def place(self) -> tuple[str, int]:
        """File and line of the innermost frame inside the program's own source; ('', 0) if there is none."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = self.name_of(frame.f_code.co_filename)
            if name:
                return name, frame.f_lineno
            frame = frame.f_back
        return "", 0

    def call(self, name: str, arguments: str = "") -> int:
        """Tell of a call that is none of a socket ('pause', 'exit'); the serial for its return."""
        serial, (file, line) = self.number(), self.place()
        with self as now:
            arguments = spell.bounded(arguments)
            self.send(Call(now, self.side, self.pid, serial, name, arguments, file=file, line=line,
                           program=self.program))  # fmt: skip
        return serial

    def meet(self) -> None:
        """Tell the director that the pause to come shall end for all programs at the same moment."""
        with self:
            os.write(self._line, b"together")

    def back(self, serial: int, name: str, result: str = "", *, error: str = "") -> None:
        """Tell that what `call` told of has come back."""
        with self as now:
            self.send(Return(now, self.side, self.pid, serial, name, result=spell.bounded(result), error=error))
