"""Starting runs after rights were laid down: where they come from root, a process of its own keeps them for that.

It does nothing else: it starts demos by name when asked to, hands their pipes over, and ends with whoever forked it.
Standard library only.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from pktscope.lab import runner
from pktscope.lab.runner import Run

LARGEST = 65536
"""Octets of one request or answer."""
BEAT = 0.01
"""Seconds between two looks at a process that is being waited for."""

Launch = Callable[..., Run]
"""Called as runner.start is."""


@contextmanager
def starter() -> Iterator[Launch]:
    """What starts demos from now on, with the rights of this moment; to be entered before they are laid down."""
    if os.geteuid() != 0:
        yield runner.start
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = os.fork()
    if process == 0:
        ours.close()
        serve(theirs)
    theirs.close()
    try:
        yield Keeper(ours).start
    finally:
        ours.close()
        os.waitpid(process, 0)


def serve(line: socket.socket) -> None:
    """The process that keeps the rights: answer until nobody asks any more. Never returns."""
    code = 1
    try:
        os.setpgid(0, 0)  # signals from the terminal are for the screen
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        runs: dict[int, Run] = {}
        while request := line.recv(LARGEST):
            answer(line, runs, json.loads(request))
        for run in runs.values():
            run.close()
        code = 0
    finally:
        os._exit(code)


def answer(line: socket.socket, runs: dict[int, Run], request: dict[str, Any]) -> None:
    """One request: start a demo, look whether it still runs, kill it."""
    if request["what"] == "start":
        try:
            run = runner.start(request["demo"], **request["options"])
        except OSError as error:
            line.send(json.dumps({"error": f"{error.strerror or error}"}).encode())
            return
        process = run._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        pipes = (process.stdin, process.stdout, process.stderr)
        runs[run.pid] = run
        socket.send_fds(line, [json.dumps({"pid": run.pid}).encode()], [pipe.fileno() for pipe in pipes])
        for pipe in pipes:
            pipe.close()
        return
    run = runs[request["pid"]]
    if request["what"] == "kill":
        run._process.kill()
    line.send(json.dumps({"status": run._process.poll()}).encode())


class Keeper:
    """The other end: asks the process that keeps the rights."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.turn = threading.Lock()

    def start(self, demo: str, **options: Any) -> Run:
        """As runner.start."""
        with self.turn:
            self.line.send(json.dumps({"what": "start", "demo": demo, "options": options}).encode())
            words, pipes, _flags, _address = socket.recv_fds(self.line, LARGEST, 3)
        told = json.loads(words or b'{"error": "the process that starts runs is gone"}')
        if "error" in told:
            raise OSError(0, told["error"])
        process: Any = Kept(self, told["pid"], pipes)
        return Run(process)

    def ask(self, what: str, pid: int) -> int | None:
        """The exit code of a run's process, or None while it runs; -9 where nobody is left to ask."""
        try:
            with self.turn:
                self.line.send(json.dumps({"what": what, "pid": pid}).encode())
                told = json.loads(self.line.recv(LARGEST) or b'{"status": -9}')
        except OSError:
            return -int(signal.SIGKILL)
        status: int | None = told["status"]
        return status


class Kept:
    """A process of somebody else's, with as much of subprocess.Popen as a Run uses."""

    def __init__(self, keeper: Keeper, pid: int, pipes: list[int]) -> None:
        self.keeper = keeper
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: IO[bytes] = os.fdopen(pipes[0], "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(pipes[1], "rb")
        self.stderr: IO[bytes] = os.fdopen(pipes[2], "rb")

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = self.keeper.ask("poll", self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired("the run", timeout or 0.0)
            time.sleep(BEAT)
        return status

    def kill(self) -> None:
        """End it now."""
        with suppress(OSError):
            self.keeper.ask("kill", self.pid)
