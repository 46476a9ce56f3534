"""One traced program: a forked process that runs a function of a demo, every call on its sockets told."""

from __future__ import annotations

import mmap
import os
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
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

REACHING = {"connect", "connect_ex", "send", "sendall", "sendto", "sendmsg"}
"""What a client has done once it has reached its server."""

SERVING = {"accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg"}
"""What a server has done once it has served somebody."""

READY = {("listen", "tcp"), ("listen", "unix"), ("bind", "udp")}
"""What a server must have done before its clients start, by call and protocol."""

_LONGEST = 1 << 16

MOST_AT_ONCE = 1000
"""Messages of one program that are taken before the others have their turn."""


@dataclass(frozen=True, slots=True)
class Own:
    """A program that nobody wrote for us."""

    path: str
    """Of the script; or the directory a command runs in."""
    source: bytes
    names: tuple[tuple[str, str], ...]
    """Source files and directories, and how they are shown."""
    arguments: tuple[str, ...]
    """Of the script; or the command, where that is none of Python's."""
    traced: bool = True
    """A Python script, whose calls are told."""
    spare: int = -1
    """See Teller."""


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
    more: tuple[Any, ...] = ()
    """Arguments behind pause()."""
    own: Own | None = None
    """Somebody's own program, then source, function and arguments are not used."""


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
    aimed: bool = False
    """It has tried to connect, or to send."""
    reached: bool = False
    """It has connected, or sent its first datagram."""
    processes: dict[int, None] = field(default_factory=dict)
    """Every process that told something, as /proc knows it, the first one first."""
    open_calls: dict[int, float] = field(default_factory=dict)
    """Calls that have not come back, by serial: until when (time.monotonic()) they come back by themselves, or 0."""
    in_vain: int = 0
    """How often in a row recv() has returned b""."""
    behind: int = 0
    """Up to when it has been heard, where it has told more than can be taken at once; 0 where it has not."""
    output: int = -1
    """Descriptor: what it writes past Python's sys.stdout; -1 where nobody reads that."""
    served: bool = False
    """It has accepted somebody, or received something."""
    left: bool = False
    """Its first process has ended; others that it started go on."""
    together: bool = False
    """In a pause() that ends for all programs at the same moment."""
    turn: int = 0
    """When it was last let go on: the director counts."""

    @property
    def side(self) -> Side:
        return self.script.side

    @property
    def traced(self) -> bool:
        """Whether its calls are told."""
        return self.script.own is None or self.script.own.traced

    def go(self) -> None:
        """Start it, or let it out of pause()."""
        self.started, self.paused, self.together = True, False, False
        with suppress(BrokenPipeError):  # it died: its line says so next
            os.write(self.line, GO)

    def answer(self, text: str | None) -> None:
        """Answer its input() with a line; None for the end of input."""
        self.asking = False
        with suppress(BrokenPipeError):
            os.write(self.line, NO_LINE if text is None else LINE + text.encode("utf-8", "replace"))

    def hear(self) -> Iterator[Call | Return | Sample]:
        """What it has told since, as far as can be taken at once; sets `ended` when that was the last."""
        self.behind = 0
        for _ in range(MOST_AT_ONCE):
            if self.ended:
                return
            try:
                message = os.read(self.line, _LONGEST)
            except BlockingIOError:
                self.behind = 0
                return
            except ConnectionResetError:
                message = b""
            if not message:
                self.ended, self.behind = True, 0
                return
            kind, _, text = message.decode().partition(" ")
            if kind == "together":
                self.together = True
                continue
            if kind == "limit":
                self._limit(float(text))
                continue
            event = from_json(kind, text)
            if isinstance(event, (Call, Return, Sample)):
                self._remember(event)
                yield event
                self.behind = event.time
        self.behind = self.behind or 1

    def _remember(self, event: Call | Return | Sample) -> None:
        if isinstance(event, Sample) or event.name == "print":
            return
        first = next(iter(self.processes), event.pid)
        self.processes[event.pid] = None
        self.left |= event.name == "exit" and event.pid == first
        if isinstance(event, Call):
            self.aimed |= event.name in REACHING
            self.open_calls.update({event.serial: 0.0} if event.name != "exit" else {})
        else:
            self.open_calls.pop(event.serial, None)
            self.served |= not event.error and event.name in SERVING
            self.reached |= not event.error and event.name in REACHING
            self.in_vain = self.in_vain + 1 if event.name == "recv" and event.length == 0 and not event.error else 0
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

    def _limit(self, seconds: float) -> None:
        if isinstance(self.last, Call) and self.last.serial in self.open_calls:
            self.open_calls[self.last.serial] = time.monotonic() + seconds

    def stuck(self) -> bool:
        """Whether every thread of all its processes sleeps inside a call that nothing but an event can end."""
        waiting = sum(1 for until in self.open_calls.values() if not until)
        return waiting == len(self.open_calls) and 0 < self._threads() <= waiting

    def halted(self) -> bool:
        """Whether a signal has stopped all its processes (SIGSTOP)."""
        return bool(found := states(self.processes)) and found <= {"T", "t"}

    def dozes(self) -> bool:
        """Whether every thread of all its processes sleeps, wherever."""
        return self._threads() >= 0

    def _threads(self) -> int:
        """How many threads it has, in all its processes; -1 where one of them does not sleep."""
        count = 0
        for process in self.processes:
            with suppress(OSError):
                for task in os.listdir(f"/proc/{process}/task"):
                    state = _state(f"/proc/{process}/task/{task}")
                    if state not in "SZX":
                        return -1
                    count += state == "S"
        return count if self.processes else -1

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


def states(processes: Iterable[int]) -> set[str]:
    """The states of those processes that still are."""
    found = set()
    for process in processes:
        with suppress(OSError):
            found.add(_state(f"/proc/{process}"))
    return found


def start(
    script: Script, promises: memoryview, slot: int, enter: Callable[[], None] = kernel.drop_privileges
) -> Program:
    """Fork the program's process; it waits for `go` before its first line. `enter` takes it to where it runs."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, its):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    reading, writing = _output(script.own)
    pid = os.fork()
    if pid == 0:
        _be_program(script, its.detach(), promises, slot, writing, enter)
    its.close()
    ours.setblocking(False)
    if writing >= 0:
        os.close(writing)
    return Program(script, pid, ours.detach(), slot, output=reading)


def _output(own: Own | None) -> tuple[int, int]:
    """Descriptors for what somebody's own program writes by itself: a pipe; for a command a terminal, where that can be
    had, so that it writes lines as it does for a person."""
    if own is None:
        return -1, -1
    reading, writing = os.pipe()
    if not own.traced:
        with suppress(OSError):
            ends = os.openpty()
            os.close(reading)
            os.close(writing)
            reading, writing = ends
    os.set_blocking(reading, False)
    return reading, writing


def _be_program(script: Script, line: int, promises: memoryview, slot: int, output: int,
                enter: Callable[[], None]) -> NoReturn:  # fmt: skip
    status = 1
    try:
        enter()
        kernel.die_with_parent()
        kernel.keep_only(line, *([script.own.spare, output] if script.own is not None else []))
        if script.own is not None:
            os.setpgid(0, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
        if os.read(line, 1) == GO:
            run = _run if script.own is None else _run_own
            status = run(script, line, promises, slot)
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
        module[script.function](*script.arguments, _pause(teller), *script.more)
    if failed:
        failure = _describe(failed[0], path, script.name)
    keyboard.flush()
    teller.call("exit", failure)
    return 1 if failure else 0


def _run_own(script: Script, line: int, promises: memoryview, slot: int) -> int:
    from pktscope.lab import script as own

    assert script.own is not None
    path, arguments = script.own.path, script.own.arguments
    teller = Teller(line, script.side, promises, slot, dict(script.own.names), script.number)
    teller.watched, teller.spare = True, script.own.spare
    if not script.own.traced:
        return own.run_command(teller, arguments, path)
    return own.run(teller, path, script.name, script.own.source, arguments)


def _pause(teller: Teller) -> Callable[..., None]:
    def pause(scene: str = "", together: bool = False) -> None:
        """Return when the wire is quiet and everybody else waits; with a title, a scene begins.

        `together`: when everybody is in such a pause, all return at the same moment.
        """
        with teller.alone:
            if together:
                teller.meet()
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
    said = spell.bounded(f"{type(error).__name__}: {text}")
    return spell.placed(said, name, lines[-1]) if lines else said


def promise_words(programs: int) -> memoryview:
    """Memory shared with the processes forked later: a word for each program and one for the sniffer (see Teller)."""
    return memoryview(mmap.mmap(-1, mmap.PAGESIZE))[: 8 * (programs + 1)].cast("Q")
