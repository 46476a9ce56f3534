"""Connections of programs whose calls nobody tells: what the kernel says of their ends.

Their sockets are no process's that answers us, so sock_diag(7) is asked by the addresses that the frames carry, each
time something has gone by.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pktscope.lab.diag import Diag
from pktscope.lab.trace import sample_of
from pktscope.model import ACK, SYN, Endpoint, Sample, Side, State

MOST = 64
"""Connections that are looked at, at once."""

_ADDRESSES = {0x0800: (12, 4, socket.AF_INET), 0x86DD: (8, 16, socket.AF_INET6)}
"""By Ethernet type: where in the header the source's address stands, its length and its family."""
_ETHERNET = 14


@dataclass(slots=True)
class Watched:
    """One connection, and the state in which each end was seen last."""

    ends: Mapping[Side, Endpoint]
    states: dict[Side, State] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether every end that was looked at is gone."""
        return bool(self.states) and set(self.states.values()) <= {State.CLOSED, State.TIME_WAIT}


class Unseen:
    """Asks the kernel about the ends that some sides have in every connection."""

    def __init__(self, diags: Mapping[Side, Diag], sides: Collection[Side]) -> None:
        """`sides`: those whose programs tell nothing."""
        self._diags = diags
        self._sides = tuple(sides)
        self._watched: dict[frozenset[Endpoint], Watched] = {}

    def see(self, frame: bytes) -> None:
        """Learn of a connection by its first SYN, the client's."""
        found = opening(frame) if self._sides else None
        if found is None:
            return
        client, server = found
        key = frozenset(found)
        if key in self._watched and not self._watched[key].over:
            return
        for old in [old for old, each in self._watched.items() if each.over]:
            del self._watched[old]
        if len(self._watched) < MOST:
            self._watched[key] = Watched({Side.CLIENT: client, Side.SERVER: server})

    def look(self) -> Iterator[Sample]:
        """The ends whose state is not the one told last."""
        for each in self._watched.values():
            for side in self._sides:
                local, peer = each.ends[side], each.ends[side.other]
                if each.states.get(side) is State.CLOSED:
                    continue
                since = time.time_ns()
                found = self._diags[side].lookup(local, peer)
                sample = sample_of(found, time.time_ns(), since, side, 0, local, peer)
                if sample.state is not each.states.get(side):
                    each.states[side] = sample.state
                    yield sample


PACKETS = frozenset({
    "inet_csk_accept", "wait_woken", "sk_wait_data", "__skb_wait_for_more_packets", "do_wait", "kernel_wait4",
})  # fmt: skip
"""Where in the kernel a thread sleeps that waits for packets or for its children, proc(5), wchan."""


def waits_for_packets(group: int) -> bool:
    """Whether everybody in a process group sleeps until packets come; False where that cannot be told."""
    found = 0
    for process in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError, IndexError):
            if int(_read(process, "stat").rpartition(")")[2].split()[2]) != group:
                continue
            tasks = os.listdir(f"/proc/{process}/task")
            found += 1
            if not all(_read(f"{process}/task/{task}", "wchan") in PACKETS for task in tasks):
                return False
    return found > 0


def _read(process: str, name: str) -> str:
    with open(f"/proc/{process}/{name}", encoding="ascii", errors="replace") as file:
        return file.read()


def opening(frame: bytes) -> tuple[Endpoint, Endpoint] | None:
    """Source and target of an Ethernet frame that is a SYN without ACK; None for any other."""
    if len(frame) < _ETHERNET + 40:
        return None
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind not in _ADDRESSES:
        return None
    at, size, family = _ADDRESSES[kind]
    header = _ETHERNET + (4 * (frame[_ETHERNET] & 15) if family == socket.AF_INET else 40)
    protocol = frame[_ETHERNET + (9 if family == socket.AF_INET else 6)]
    if protocol != socket.IPPROTO_TCP or len(frame) < header + 20 or frame[header + 13] & (SYN | ACK) != SYN:
        return None
    ports = struct.unpack_from("!HH", frame, header)
    first = _ETHERNET + at
    source, target = (
        Endpoint(socket.inet_ntop(family, frame[start : start + size]), port)
        for start, port in zip((first, first + size), ports, strict=True)
    )
    return source, target
