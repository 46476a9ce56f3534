"""The screen's end of a live run: starts the worker, gives its recording, ends it. Nothing of it survives this process.

Standard library only, and cheap to import. The worker is a Python of its own in isolated mode, so that no file lying
about in the current directory is imported with its rights; what is importable here is importable there, but last.
"""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from pktscope.lab.codes import FAILED, INTERRUPTED, KNOWN
from pktscope.words import say

if TYPE_CHECKING:
    import subprocess

    from pktscope.lab.own import Spec
    from pktscope.lab.wishes import Wishes
    from pktscope.model import Side

_BOOT = "import sys; sys.path += [p for p in {path!r} if p not in sys.path]; from pktscope.lab.worker import run; run()"

GRACE = 2.0
"""Seconds a worker gets to write its last block when told to stop."""

PIPE = 1 << 20
"""Octets the recording may be ahead of its reader before the sniffer has to wait."""


class Run:
    """A worker at work."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._refusal: str | None = None

    @property
    def stream(self) -> IO[bytes]:
        """The recording, as it is written: a pipe. To be read until its end, else the run stands still."""
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def pid(self) -> int:
        """Of the worker's outermost process."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit code, or None while it runs: 0 well, 1 something failed or was killed, 2 no such demo or filter,
        3 no right, 130 stopped."""
        status = self._process.poll()
        return None if status is None else _code(status)

    @property
    def refusal(self) -> str:
        """Why it did not run, or what failed, in one plain line; '' if all is well. Waits for the end of the run."""
        if self._refusal is None:
            assert self._process.stderr is not None
            with self._process.stderr as said:
                lines = said.read(4096).decode("utf-8", "replace").splitlines()
            status = self._process.wait()
            self._refusal = next((line for line in reversed(lines) if line.strip()), "")[:500]
            if status not in (0, INTERRUPTED) and not self._refusal:
                self._refusal = _epitaph(status)
        return self._refusal

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; the exit code. TimeoutError after `timeout` seconds."""
        import subprocess

        try:
            return _code(self._process.wait(timeout))
        except subprocess.TimeoutExpired:
            raise TimeoutError("the run has not ended") from None

    def type(self, side: Side, program: int, line: str | None) -> None:
        """Type a line for a program that waits in input(), or will; None is the end of input. `program` counts from 1
        on its side. Nothing happens where the run is over."""
        from pktscope.lab.lines import message

        control = self._process.stdin
        if control is not None and not control.closed:
            with suppress(BrokenPipeError):
                control.write(message(side, program, line))
                control.flush()

    def stop(self) -> None:
        """End everything now. What was recorded is in the stream, and its End says that it was interrupted."""
        control = self._process.stdin
        if control is not None and not control.closed:
            with suppress(BrokenPipeError):
                control.close()

    def close(self) -> None:
        """Stop, make sure of it, and let go of the pipes."""
        self.stop()
        try:
            self.wait(GRACE)
        except TimeoutError:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()


def _code(status: int) -> int:
    """What a worker's end means as an exit code of ours: whatever was killed, failed."""
    return status if status in KNOWN else FAILED


def _epitaph(status: int) -> str:
    """Why a worker that could not say so itself is no more; a shell's 128 + N and -N both stand for signal N."""
    import signal

    number = -status if status < 0 else status - 128
    try:
        return say("a signal ended the run: {signal}", {"signal": signal.Signals(number).name})
    except ValueError:
        return say("the run ended without a word (exit code {code})", {"code": status})


def start(demo: str, wishes: Wishes | None = None, **named: Any) -> Run:
    """Run a demo as wished, or with wishes `named` by the fields of Wishes: in a private room where that is possible;
    on the host's loopback where not and the demo bears it, or where `host` asks."""
    from pktscope.lab.wishes import Wishes, to_text

    return _spawn(["demo", demo, to_text(wishes or Wishes(**named))])


def own(spec: Spec) -> Run:
    """Run somebody's own programs in a private room."""
    from pktscope.lab.own import to_text

    return _spawn(["run", to_text(spec)])


def live(interface: str, *, expression: str = "", count: int = 0) -> Run:
    """Sniff an interface of the host ('any' for all); `expression` filters as tcpdump does; 0 is no end of frames."""
    return _spawn(["live", f"--interface={interface}", f"-c{count}", f"--filter={expression}"])


def _spawn(arguments: Sequence[str]) -> Run:
    import subprocess

    boot = _BOOT.format(path=[entry for entry in sys.path if entry])
    # A process group of its own: Ctrl-C in the terminal is for the screen, which ends the run by its control pipe.
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", boot, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
    )  # fmt: skip
    assert process.stdout is not None
    with suppress(OSError):  # a user may have used up what the system allows for pipes
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
    return Run(process)
