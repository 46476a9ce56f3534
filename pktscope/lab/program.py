"""One traced program: a forked process that runs a function of a demo, every call on its sockets told."""

from __future__ import annotations

import mmap
import os
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from pktscope.capture.recording import from_json
from pktscope.lab import kernel, keyboard, spell
from pktscope.lab.teller import Teller
from pktscope.lab.trace import install
from pktscope.model import Call, Return, Sample, Side

GO = b"g"
"""What the director sends: to start a program, and to let it out of pause()."""

LINE, NO_LINE = b"l", b"e"
"""What it answers to input(): the line behind it, or that there is none."""

READY = {("listen", "tcp"), ("listen", "unix"), ("bind", "udp")}
"""What a server must have done before its clients start, by call and protocol."""

_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Script:
    """A program to run: one function of a source file."""

    side: Side
    name: str
    """The file as it is shown: 'handshake.py'."""
    source: str
    function: str
    arguments: tuple[Any, ...]
    number: int = 1
    """Which of its side's programs."""


@dataclass(slots=True)
class Program:
    """The director's end of a running program."""

    script: Script
    pid: int
    """As this process's own PID namespace knows it, for waitpid()."""
    line: int
    """Descriptor: what it tells, and how it is answered."""
    slot: int
    last: Call | Return | None = None
    """The latest event, samples aside."""
    host_pid: int = 0
    """As /proc knows it."""
    started: bool = False
    ready: bool = False
    """Its listen() has returned; for datagrams its bind(); or it leaves all to others by a pause()."""
    ended: bool = False
    """Its line is closed: nothing more will come."""
    failure: str = ""
    """The exception that ended it, in one line; empty for a normal end."""
    paused: bool = False
    """In pause(), not let out yet."""
    asking: bool = False
    """In input(), without an answer."""
    turn: int = 0
    """When it was last let go on: the director counts."""

    @property
    def side(self) -> Side:
        return self.script.side

    def go(self) -> None:
        """Start it, or let it out of pause()."""
        self.started, self.paused = True, False
        with suppress(BrokenPipeError):  # it died: its line says so next
            os.write(self.line, GO)

    def answer(self, text: str | None) -> None:
        """Answer its input() with a line; None for the end of input."""
        self.asking = False
        with suppress(BrokenPipeError):
            os.write(self.line, NO_LINE if text is None else LINE + text.encode("utf-8", "replace"))

    def hear(self) -> Iterator[Call | Return | Sample]:
        """Everything it has told since; sets `ended` when that was the last."""
        while not self.ended:
            try:
                message = os.read(self.line, _LONGEST)
            except BlockingIOError:
                return
            except ConnectionResetError:
                message = b""
            if not message:
                self.ended = True
                return
            kind, _, text = message.decode().partition(" ")
            event = from_json(kind, text)
            if isinstance(event, (Call, Return, Sample)):
                self._remember(event)
                yield event

    def _remember(self, event: Call | Return | Sample) -> None:
        if isinstance(event, Sample) or event.name == "print":
            return
        before, self.last, self.host_pid = self.last, event, event.pid
        if isinstance(event, Return):
            protocol = before.protocol if isinstance(before, Call) else ""
            self.ready |= not event.error and (event.name, protocol) in READY
        elif event.name == "pause":
            self.paused = self.ready = True
        elif event.name == "input":
            self.asking = True
        elif event.name == "exit":
            self.failure = event.arguments

    def asleep(self) -> bool:
        """Whether it is inside a call and the kernel says that every thread of it sleeps."""
        if not isinstance(self.last, Call) or self.last.name == "exit":
            return False
        return self.idle()

    def idle(self) -> bool:
        """Whether every thread of it sleeps, in a call of ours or in select(), sleep() and their like."""
        try:
            tasks = f"/proc/{self.host_pid}/task"
            return all(_state(f"{tasks}/{task}") == "S" for task in os.listdir(tasks))
        except OSError:
            return False


def _state(task: str) -> str:
    """The one-letter state of a task, proc_pid_stat(5)."""
    with open(f"{task}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def start(script: Script, promises: memoryview, slot: int) -> Program:
    """Fork the program's process; it waits for `go` before its first line."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, its):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    pid = os.fork()
    if pid == 0:
        _be_program(script, its.detach(), promises, slot)
    its.close()
    ours.setblocking(False)
    return Program(script, pid, ours.detach(), slot)


def _be_program(script: Script, line: int, promises: memoryview, slot: int) -> NoReturn:
    status = 1
    try:
        kernel.die_with_parent()
        kernel.keep_only(line)
        if os.read(line, 1) == GO:
            status = _run(script, line, promises, slot)
    finally:
        os._exit(status)


def _run(script: Script, line: int, promises: memoryview, slot: int) -> int:
    path = f"<{script.name}>"
    teller = Teller(line, script.side, promises, slot, {path: script.name}, script.number)
    install(teller)
    keyboard.install(teller)
    failure = ""
    with _whole_failures() as failed:
        module: dict[str, Any] = {"__name__": script.name.removesuffix(".py"), "__file__": script.name}
        exec(compile(script.source, path, "exec"), module)
        module[script.function](*script.arguments, _pause(teller))
    if failed:
        failure = _describe(failed[0], path, script.name)
    keyboard.flush()
    teller.call("exit", failure)
    return 1 if failure else 0


def _pause(teller: Teller) -> Callable[..., None]:
    def pause(scene: str = "") -> None:
        """Return when the wire is quiet and everybody else waits; with a title, a scene begins."""
        with teller.alone:
            serial = teller.call("pause", scene)
            teller.answer()
            teller.back(serial, "pause")

    return pause


@contextmanager
def _whole_failures() -> Iterator[list[BaseException]]:
    """Catch what ends a program; SystemExit(0) and None end it well."""
    failed: list[BaseException] = []
    try:
        yield failed
    except SystemExit as error:
        if error.code not in (None, 0):
            failed.append(error)
    except BaseException as error:
        failed.append(error)


def _describe(error: BaseException, path: str, name: str) -> str:
    """'OSError: [Errno 98] Address already in use (handshake.py, line 20)'."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    text = " ".join(str(error).split())
    place = f" ({name}, line {lines[-1]})" if lines else ""
    return spell.bounded(f"{type(error).__name__}: {text}{place}")


def promise_words(programs: int) -> memoryview:
    """Memory shared with the processes forked later: a word for each program and one for the sniffer (see Teller)."""
    return memoryview(mmap.mmap(-1, mmap.PAGESIZE))[: 8 * (programs + 1)].cast("Q")
