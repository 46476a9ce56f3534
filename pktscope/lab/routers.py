"""Two hosts with two routers between them, who forward packets as kernels do; every link is sniffed.

    client 10.0.1.2 -- 10.0.1.1 R1 10.0.2.1 -- 10.0.2.2 R2 10.0.3.1 -- 10.0.3.2 server

On the client's link a switch has a third host, 10.0.1.3, the neighbour. Each of them is a network namespace.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pktscope.capture.ring import link_for
from pktscope.demos import Needs
from pktscope.lab import links, ready, room
from pktscope.lab.diag import Diag
from pktscope.lab.links import Card, Route
from pktscope.lab.netns import Namespace
from pktscope.lab.place import RING, Place, sniffed
from pktscope.lab.room import step
from pktscope.model import Side
from pktscope.words import N_, say

SERVER = ("10.0.3.2", 8000)
PATH = ("client", "R1", "R2", "server")
LINKS = tuple(f"{one}-{other}" for one, other in pairwise(PATH))
"""The interfaces of the recording, in order."""

ADDRESSES = (
    ("client", "10.0.1.2"), ("R1", "10.0.1.1 10.0.2.1"), ("R2", "10.0.2.2 10.0.3.1"), ("server", "10.0.3.2"),
)  # fmt: skip
"""Who has which, for those who read the recording: it tells which way a packet goes."""

_ETHERNET = 1
"""ARPHRD_ETHER."""

_SETTINGS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
}
"""Of the routers, beyond those every room has."""

_ROOM = N_("two hosts and two routers, MTU 1500, between the routers {mtu}, {system}")


def build(needs: Needs, promises: memoryview, slot: int) -> Place:
    """Make everybody, lay the cables, sniff each link; sniffers promise from `slot` on. Raises Refused."""
    names = (*PATH, "switch", "neighbour")
    with step("another namespace"):
        hosts = {name: Namespace() for name in names}
    applied: list[tuple[str, str]] = []
    with step("veth"):
        for name, host in hosts.items():
            with host:
                links.silence(False)
                applied = room.pinned({**dict(room.SYSCTLS), **needs.sysctls})
                room.pinned(_SETTINGS if name in ("R1", "R2") else {})
        cards = _lay(hosts, needs.mtu)
        ready.await_ready(*cards)
        if not needs.arp:
            _introduce(cards)
    watched = ((hosts["client"], "eth0"), (hosts["R1"], "eth1"), (hosts["server"], "eth0"))
    watches = []
    for number, (host, card) in enumerate(watched):
        with host:
            watches.append(sniffed(card, promises, slot + number, number=number, size=RING, link=link_for(_ETHERNET)))
    ends = {Side.CLIENT: hosts["client"], Side.SERVER: hosts["server"]}
    settings = (
        *ADDRESSES,
        ("mtu R1-R2", str(needs.mtu)),
        *((f"routers {name}", value) for name, value in _SETTINGS.items()),
    )
    line = say(_ROOM, {"mtu": needs.mtu, "system": room.system()})
    return Place(
        SERVER, line, (*settings, *applied), tuple(watches), LINKS, "routers", PATH,
        {side: _diag(host) for side, host in ends.items()}, ends, tuple(hosts.values()),
    )  # fmt: skip


def _lay(hosts: dict[str, Namespace], mtu: int) -> Sequence[Sequence[Card]]:
    """Cables, addresses and routes; the cards on each link."""
    client = Card(hosts["client"], "eth0", "02:00:00:00:01:02", ("10.0.1.2/24",))
    near = Card(hosts["R1"], "eth0", "02:00:00:00:01:01", ("10.0.1.1/24",))
    neighbour = Card(hosts["neighbour"], "eth0", "02:00:00:00:01:03", ("10.0.1.3/24",))
    one = Card(hosts["R1"], "eth1", "02:00:00:00:02:01", ("10.0.2.1/24",))
    two = Card(hosts["R2"], "eth0", "02:00:00:00:02:02", ("10.0.2.2/24",))
    far = Card(hosts["R2"], "eth1", "02:00:00:00:03:01", ("10.0.3.1/24",))
    server = Card(hosts["server"], "eth0", "02:00:00:00:03:02", ("10.0.3.2/24",))
    for number, card in enumerate((client, near, neighbour)):
        links.connect(card, Card(hosts["switch"], f"port{number}", f"02:00:00:00:09:0{number}"), 1500)
    links.switch(hosts["switch"], ("port0", "port1", "port2"))
    links.connect(one, two, mtu)
    links.connect(far, server, 1500)
    links.lead(hosts["client"], Route("default", "10.0.1.1"))
    links.lead(hosts["neighbour"], Route("default", "10.0.1.1"))
    links.lead(hosts["R1"], Route("10.0.3.0/24", "10.0.2.2"))
    links.lead(hosts["R2"], Route("10.0.1.0/24", "10.0.2.1"))
    links.lead(hosts["server"], Route("default", "10.0.3.1"))
    return (client, near, neighbour), (one, two), (far, server)


def _introduce(cards: Sequence[Sequence[Card]]) -> None:
    for link in cards:
        for card in link:
            for other in link:
                if other is not card:
                    links.introduce(card, other)


def _diag(host: Namespace) -> Diag:
    with host:
        return Diag()
