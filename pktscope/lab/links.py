"""Virtual cables and addresses between hosts that are network namespaces, by pyroute2.

pyroute2 takes a quarter of a second to import; only the rooms of several hosts need it, and only this module has it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from pyroute2.iproute.linux import IPRoute

from pktscope.lab import room
from pktscope.lab.netns import Namespace

QUIET = {
    "net.ipv6.conf.{name}.dad_transmits": "0",
    "net.ipv6.conf.{name}.accept_dad": "0",
    "net.ipv6.conf.{name}.router_solicitations": "0",
    "net.ipv6.conf.{name}.accept_ra": "0",
    "net.ipv6.conf.{name}.addr_gen_mode": "1",  # no link-local address, so no report of its groups
    "net.ipv6.conf.{name}.mldv1_unsolicited_report_interval": "1",
    "net.ipv6.conf.{name}.mldv2_unsolicited_report_interval": "1",
}
"""What a card must not say by itself: nobody asked for it, and it comes at random times."""

_OFFLOADS = (0x1F, 0x24, 0x2C, 0x17, 0x15)
"""ethtool's set commands for TSO, GSO, GRO, transmit and receive checksums: what is forwarded by hand must be whole."""

_LINK = 253
"""RT_SCOPE_LINK, rtnetlink(7)."""
_PERMANENT = 0x80

_indices = count(11)
"""Numbers for cards. The kernel tells only of cables between cards of different numbers at once that they are up, of
others within a second (linkwatch_urgent_event() in net/core/link_watch.c)."""


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Card:
    """One end of a cable: a host's network card."""

    host: Namespace | None
    """None: this process's own namespace."""
    name: str
    hardware: str
    """Its MAC address."""
    addresses: tuple[str, ...] = ()
    """With the length of the network's prefix: '10.0.0.1/24', 'fd00::1/64'."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a host sends what is not on its own link."""

    target: str
    """'10.0.3.0/24', or 'default'."""
    by: str
    """The neighbour that passes it on."""
    source: str = ""
    """Which of its own addresses it uses then, if not the usual one."""


def silence(six: bool) -> None:
    """In this namespace, before it has cards: those to come say nothing by themselves; no IPv6 unless `six`."""
    for name in ("all", "default"):
        room.pin(f"net.ipv6.conf.{name}.disable_ipv6", "0" if six else "1")
        if six:
            for setting, value in QUIET.items():
                room.pin(setting.format(name=name), value)


def connect(one: Card, other: Card, mtu: int) -> None:
    """Lay a cable between two hosts' cards, and bring both up."""
    with IPRoute() as netlink:
        ends = [
            {"ifname": card.name, "mtu": mtu, "address": card.hardware, "index": next(_indices)}
            | ({"net_ns_fd": card.host.descriptor} if card.host is not None else {})
            for card in (one, other)
        ]
        netlink.link("add", kind="veth", peer=ends[1], **ends[0])
    for card in (one, other):
        within(card, _furnish)


def _furnish(card: Card) -> None:
    plain(card.name)
    with IPRoute() as netlink:
        index = socket.if_nametoindex(card.name)
        for text in card.addresses:
            address, _, length = text.partition("/")
            six = {"family": socket.AF_INET6, "flags": 0x02} if ":" in address else {}  # IFA_F_NODAD
            netlink.addr("add", index=index, address=address, prefixlen=int(length), **six)
        netlink.link("set", index=index, state="up")
        loopback = socket.if_nametoindex("lo")
        if card.host is not None:
            netlink.link("set", index=loopback, state="up")


def introduce(card: Card, neighbour: Card) -> None:
    """Have `card` know where its neighbour is, without asking."""

    def know(mine: Card) -> None:
        with IPRoute() as netlink:
            index = socket.if_nametoindex(mine.name)
            for text in neighbour.addresses:
                address = text.partition("/")[0]
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                netlink.neigh(
                    "add", ifindex=index, family=family, dst=address, lladdr=neighbour.hardware, state=_PERMANENT
                )

    within(card, know)


def lead(host: Namespace, *routes: Route) -> None:
    """Give a host routes."""
    with host, IPRoute() as netlink:
        for route in routes:
            more = {"prefsrc": route.source} if route.source else {}
            family = socket.AF_INET6 if ":" in route.by else socket.AF_INET
            netlink.route("add", family=family, dst=route.target, gateway=route.by, **more)


def reach_all(host: Namespace, name: str) -> None:
    """Have 255.255.255.255 mean everybody at a card, as a host with a default route has it."""
    with host, IPRoute() as netlink:
        netlink.route("add", dst="255.255.255.255/32", oif=socket.if_nametoindex(name), scope=_LINK)


def switch(host: Namespace, ports: Sequence[str]) -> None:
    """Make a switch (a bridge) of a host's cards; it says nothing by itself."""
    with host, IPRoute() as netlink:
        netlink.link("add", ifname="switch", kind="bridge", br_stp_state=0, br_mcast_snooping=0)
        index = socket.if_nametoindex("switch")
        for port in ports:
            netlink.link("set", index=socket.if_nametoindex(port), master=index)
        netlink.link("set", index=index, state="up")


def forget(host: Namespace, name: str, address: str) -> None:
    """Take an address from a host: '127.0.0.1/8'."""
    with host, IPRoute() as netlink:
        bare, _, length = address.partition("/")
        netlink.addr("del", index=socket.if_nametoindex(name), address=bare, prefixlen=int(length))


def within(card: Card, job: Callable[[Card], Answer]) -> Answer:
    """Do something with a card where it is."""
    if card.host is None:
        return job(card)
    with card.host:
        return job(card)


def plain(name: str) -> None:
    """No offloads: the card sends what TCP made, with its checksums, one frame at a time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in _OFFLOADS:
            with suppress(OSError):  # a kernel may have forgotten one of the old commands
                room.ethtool(control, name, command, 0)
