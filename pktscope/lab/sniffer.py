"""The process that sniffs, and does nothing else: forked with the ring open, it gives up every privilege first."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NoReturn

from pktscope.capture.ring import MARKER_TYPE, Ring, Seen
from pktscope.capture.sniff import marker_frame, sniff_ring
from pktscope.lab import kernel
from pktscope.lab.watch import Caught
from pktscope.words import _

_HEAD = struct.Struct("=QII")
_NO_SCAPY = 4
"""Exit code."""


class Sniffer:
    """The director's end of the sniffing process."""

    def __init__(self, ring: Ring, sender: socket.socket, promises: memoryview, slot: int, interface: int = 0) -> None:
        """Fork it. `sender`: an AF_PACKET socket of protocol 0, for the end marker; the promise is `promises[slot]`;
        `interface` is the recording's number of the ring's."""
        self._ring = ring
        self._number = interface
        self._marker = marker_frame(os.urandom(16))
        self._sender = sender
        self._interface = ring.interface
        self._promises = promises
        self._slot = slot
        self._unread = b""
        self._marked = False
        self.ended = False
        self.pipe, its = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _be_sniffer(ring, self._marker, its, promises, slot)
        os.close(its)
        os.set_blocking(self.pipe, False)

    @property
    def dropped(self) -> int:
        """Frames the ring had no room for."""
        return self._ring.dropped

    def count(self) -> int:
        """Frames the kernel has seen so far."""
        return self._ring.count()

    def busy(self) -> bool:
        """Nothing is ever under way on an interface of the kernel's own."""
        return False

    def promised(self) -> int:
        """Every frame stamped before this is in the pipe."""
        return int(self._promises[self._slot])

    def hear(self) -> Iterator[Caught]:
        """The frames it has sent since; sets `ended` at the end marker."""
        while not self.ended:
            try:
                octets = os.read(self.pipe, 1 << 18)
            except BlockingIOError:
                break
            self.ended = not octets
            self._unread += octets
        at, unread = 0, self._unread
        while at + _HEAD.size <= len(unread):
            seen_at, captured, length = _HEAD.unpack_from(unread, at)
            stop = at + _HEAD.size + captured
            if stop > len(unread):
                break
            yield Caught(seen_at, unread[at + _HEAD.size : stop], length, self._number)
            at = stop
        self._unread = unread[at:]

    def mark(self) -> None:
        """Put the end marker on the wire: the sniffer ends when it has passed."""
        self._marked = True
        self._sender.sendto(self._marker, (self._interface, MARKER_TYPE))

    def lost(self) -> str:
        """Why it ended before it was asked to, in plain words; '' if it did not."""
        if not self.ended or self._marked:
            return ""
        status = os.waitpid(self.pid, 0)[1]
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _NO_SCAPY:
            return _("scapy is needed to sniff and is not installed: pip install scapy")
        return _("the sniffing process died")


def _be_sniffer(ring: Ring, marker: bytes, pipe: int, promises: memoryview, slot: int) -> NoReturn:
    status = 1
    try:
        kernel.die_with_parent()
        kernel.keep_only(ring.fileno(), pipe)
        if kernel.invoking_user()[0] == os.geteuid():
            kernel.drop_privileges()

        def lay_down() -> None:  # under sudo only now: the caller may not be able to read where scapy is installed
            kernel.drop_privileges()
            kernel.die_with_parent()

        def promise(until: int) -> None:
            promises[slot] = max(promises[slot], until)

        sniff_ring(ring, lambda frames: _send(pipe, frames), marker=marker, promise=promise, ready=lay_down)
        status = 0
    except ImportError:
        status = _NO_SCAPY
    finally:
        os._exit(status)


def _send(pipe: int, frames: list[Seen]) -> None:
    octets = memoryview(b"".join(_HEAD.pack(at, len(data), length) + data for at, data, length in frames))
    while octets:
        octets = octets[os.write(pipe, octets) :]
