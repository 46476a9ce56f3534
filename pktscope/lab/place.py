"""A place where an exchange can be run: who watches it, where its hosts are, and what it is called."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pktscope.capture.ring import Instruction, Link, Ring, link_of
from pktscope.lab import kernel
from pktscope.lab.diag import Diag
from pktscope.lab.netns import Namespace
from pktscope.lab.room import step
from pktscope.lab.sniffer import Sniffer
from pktscope.lab.watch import Watch
from pktscope.model import Side

RING = 8 << 20
"""Octets, for each ring where there are several."""


@dataclass(slots=True)
class Place:
    """Everything a run needs of where it happens."""

    address: tuple[str, int]
    """Where the server listens."""
    room: str
    """One line for people."""
    settings: tuple[tuple[str, str], ...]
    """As applied, by name."""
    watches: tuple[Watch, ...]
    interfaces: tuple[str, ...] = ("lo",)
    topology: str = "lo"
    path: tuple[str, ...] = ()
    diags: Mapping[Side, Diag] | None = None
    hosts: Mapping[Side, Namespace] = field(default_factory=dict)
    kept: tuple[Namespace, ...] = ()
    """What must live as long as the run."""

    def entry(self, side: Side, raw: bool) -> Callable[[], None]:
        """What a program of this side does first: go to its host, and keep no right but that to raw sockets, if any."""

        def enter() -> None:
            if side in self.hosts:
                self.hosts[side].move_in()
            kernel.drop_privileges(kernel.NET_RAW if raw else 0)

        return enter


def sniffed(interface: str, promises: memoryview, slot: int, *, number: int = 0, size: int = 32 << 20,
            program: tuple[Instruction, ...] = (), link: Link | None = None) -> Sniffer:  # fmt: skip
    """A sniffer of an interface of this namespace. Raises Refused."""
    with step("AF_PACKET"):
        ring = Ring(interface, link or link_of(interface), program=program, size=size)
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    return Sniffer(ring, sender, promises, slot, number)
