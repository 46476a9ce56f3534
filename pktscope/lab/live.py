"""Sniffing an interface of the host into a recording: the right to sniff is used once, then given up."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import struct
import sys
import time

from pktscope.capture.recording import Writer
from pktscope.capture.ring import Instruction, Ring, Seen, link_of
from pktscope.capture.sniff import NoFilter, compile_filter, load, sniff_ring
from pktscope.lab import kernel, ladder
from pktscope.lab.codes import DENIED, FAILED, OK, USAGE
from pktscope.model import End
from pktscope.words import N_, _, say

LAST_BLOCK = 0.05
"""Seconds the kernel gets to hand over the block it was filling when the capture was stopped."""

MEMORY = 64 << 20
"""Octets of ring: a second of 200,000 small packets, while scapy is being imported or nobody reads."""

COMPILING = 5
"""Seconds of work a capture filter is worth: libpcap needs minutes for some hundreds of alternatives."""

NO_SCAPY = N_("scapy is needed to sniff and is not installed: pip install scapy")


class Cannot(Exception):
    """Why there is no capture: an exit code and one line."""


class Tap:
    """Writes batches of frames until enough have come."""

    def __init__(self, writer: Writer, count: int) -> None:
        """`count`: frames wanted, 0 for all."""
        self._writer = writer
        self._left = count or -1

    def take(self, frames: list[Seen]) -> None:
        """Write a batch; EOFError once enough have come."""
        if self._left >= 0:
            frames = frames[: self._left]
            self._left -= len(frames)
        self._writer.many(frames)
        if self._left == 0:
            raise EOFError


def run(interface: str, expression: str, count: int, control: int, recording: int) -> int:
    """Sniff `interface` until `control` ends, a signal comes, or `count` frames have; the exit code."""
    try:
        ring = _open(interface, expression, control)
    except Cannot as reason:
        code, line = reason.args
        if code == DENIED and os.geteuid() != 0 and ladder.sudo_allowed():
            ladder.again_as_root()
        sys.stderr.write(f"{line}\n")
        return int(code)
    if kernel.invoking_user()[0] == os.geteuid():
        kernel.drop_privileges()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: _end_of_file(control))
    try:
        _record(ring, count, control, recording, interface)
    except BrokenPipeError:
        pass  # nobody wants the recording any more
    except ImportError:
        sys.stderr.write(_(NO_SCAPY) + "\n")
        return FAILED
    return OK


def _record(ring: Ring, count: int, control: int, recording: int, interface: str) -> None:
    writer = Writer(os.fdopen(recording, "wb", buffering=0), interface=interface, link=ring.link.link_type)
    tap = Tap(writer, count)
    try:
        # Under sudo root is laid down only then: the caller may not be able to read where scapy is installed.
        sniff_ring(ring, tap.take, stop=control, ready=kernel.drop_privileges)
        _drain(ring, tap)
    except EOFError:
        pass  # as many as were asked for
    ring.count()
    detail = say("the interface {interface} went down", {"interface": interface}) if ring.failed else ""
    writer.observe(End(time.time_ns(), "interrupted" if detail else "finished", ring.dropped, detail))


def _drain(ring: Ring, tap: Tap) -> None:
    """Take what was on its way when the capture was stopped."""
    until = time.monotonic() + LAST_BLOCK
    while ring.pending() and time.monotonic() < until:
        waiting = select.poll()
        waiting.register(ring.fileno(), select.POLLIN)
        waiting.poll(5)
        if frames := ring.take():
            tap.take(frames)


def _end_of_file(control: int) -> None:
    """Make the control pipe look ended: what waits on it, wakes."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, control)
    os.close(nothing)


def _open(interface: str, expression: str, control: int) -> Ring:
    """The ring, capturing. Raises Cannot."""
    try:
        link = link_of(interface)
    except OSError:
        line = say("live: there is no interface {interface!r}; see: ip link", {"interface": interface[:40]})
        raise Cannot(USAGE, line) from None
    program = _compiled(expression, link.filter_type, control) if expression else ()
    try:
        return Ring(interface, link, program=program, size=MEMORY)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES):
            no_right = N_("live: no right to sniff on {interface}; try: sudo pktscope live -i {interface}")
            line = say(no_right, {"interface": interface})
            raise Cannot(DENIED, line) from None
        values = {"interface": interface, "why": os.strerror(error.errno or 0)}
        raise Cannot(FAILED, say("live: cannot sniff on {interface}: {why}", values)) from None


def _compiled(expression: str, filter_type: int, control: int) -> tuple[Instruction, ...]:
    """Compile a filter in a process without privileges: it is a text from outside, and libpcap is a large library.

    That process ends with this one, with `control`, and after COMPILING seconds of work. Raises Cannot.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _compile_and_exit(expression, filter_type, writing)
    os.close(writing)
    with open(reading, "rb") as answer:
        if not _answers(reading, control):
            os.kill(child, signal.SIGKILL)
        said = answer.read()
    os.waitpid(child, 0)
    if said[:1] != b"+":
        too_much = N_("capture filter {expression!r}...: too much to compile; shorten it")
        raise Cannot(USAGE, said[1:].decode() or say(too_much, {"expression": expression[:40]}))
    return tuple((code, true, false, operand) for code, true, false, operand in struct.iter_unpack("=HBBI", said[1:]))


def _answers(reading: int, control: int) -> bool:
    """Wait for an answer; whether it came before `control` ended."""
    waiting = select.poll()
    waiting.register(reading, select.POLLIN)
    waiting.register(control, select.POLLIN)
    return any(ready == reading for ready, _ in waiting.poll())


def _compile_and_exit(expression: str, filter_type: int, writing: int) -> None:
    kernel.die_with_parent()
    try:
        load()
        kernel.drop_privileges()
        kernel.die_with_parent()
        resource.setrlimit(resource.RLIMIT_CPU, (COMPILING, COMPILING))
        program = compile_filter(expression, filter_type)
        said = b"+" + b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    except NoFilter as wrong:
        said = f"-{wrong}".encode()
    except ImportError:
        said = f"-{_(NO_SCAPY)}".encode()
    os.write(writing, said)
    os._exit(0)
