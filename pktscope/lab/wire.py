"""The wire: two hosts of their own, a network card each, and our relay between the cards.

Client and server are network namespaces; the far ends of their cards lie in the namespace this is called in, where the
relay passes every frame on by hand, a while later, and does to it what it was told to do. Nothing sniffs here: the
relay sees everything.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pktscope.demos import Needs
from pktscope.lab import relay, room
from pktscope.lab.diag import Diag
from pktscope.lab.impair import Impairments, understood
from pktscope.lab.netns import Namespace
from pktscope.lab.place import Place
from pktscope.lab.relay import Relay
from pktscope.lab.room import step
from pktscope.model import Side
from pktscope.words import N_, duration, phrase, say

if TYPE_CHECKING:
    from pktscope.lab.links import Card

PORT = 8000
NEAR = {Side.CLIENT: ("10.0.0.1", "fd00::1"), Side.SERVER: ("10.0.0.2", "fd00::2")}
"""Addresses of each side."""
HARDWARE = {Side.CLIENT: "02:00:00:00:00:0a", Side.SERVER: "02:00:00:00:00:0b"}
FAR = {Side.CLIENT: "to-client", Side.SERVER: "to-server"}
"""The relay's ends of the cables."""

_ROOM = N_("private wire, {delay} each way, MTU {mtu}, {system}")
_IMPAIRED = N_("private wire, {delay} each way, MTU {mtu}, the lab's doing: {impaired:clauses}; {system}")


def build(needs: Needs, *, six: bool = False, drops: tuple[int, ...] = (), loss: float = 0.0, seed: int = 0,
          loopback_names: bool = False) -> Place:  # fmt: skip
    """Lay the wire and start the relay. With `loopback_names` the client finds the server at 127.0.0.1, too.

    Raises Refused where this kernel does not allow it; impair.BadRule.
    """
    from pktscope.lab import links, ready

    impairments = understood(needs.impair, drops, loss, seed)
    links.silence(False)
    opened = _socket()
    with step("another namespace"):
        hosts = {side: Namespace() for side in Side}
    applied, cables = _lay(hosts, needs, six)
    if loopback_names:
        _lend(hosts)
    diags = {side: _diag(host) for side, host in hosts.items()}
    ready.await_ready(*cables)
    relay.drain(opened)
    watch = Relay(opened, {FAR[side]: side for side in Side}, needs, impairments)
    settings = (*_settings(needs, impairments), *applied)
    address = NEAR[Side.SERVER][six]
    return Place((address, PORT), _line(needs, impairments), settings, (watch,), ("wire",), "wire", (), diags, hosts)


def _socket() -> socket.socket:
    with step("AF_PACKET"):
        return relay.open_socket()


def _lay(hosts: Mapping[Side, Namespace], needs: Needs, six: bool) -> tuple[list[tuple[str, str]], list[list[Card]]]:
    """Cables, addresses, neighbours; the sysctls that could be pinned, and the cards of each cable."""
    from pktscope.lab import links

    applied: list[tuple[str, str]] = []
    cables = []
    cards = {
        side: links.Card(host, "eth0", HARDWARE[side], _networks(side, six))
        for side, host in hosts.items()
    }  # fmt: skip
    with step("veth"):
        for side, host in hosts.items():
            with host:
                links.silence(six)
                applied = room.pinned({**dict(room.SYSCTLS), **needs.sysctls})
            far = links.Card(None, FAR[side], HARDWARE[side].replace(":0", ":1"))
            links.connect(cards[side], far, needs.mtu)
            cables.append([cards[side], far])
        if not needs.arp:
            links.introduce(cards[Side.CLIENT], cards[Side.SERVER])
            links.introduce(cards[Side.SERVER], cards[Side.CLIENT])
    return applied, cables


def _networks(side: Side, six: bool) -> tuple[str, ...]:
    four, of_six = NEAR[side]
    return (f"{four}/24", f"{of_six}/64") if six else (f"{four}/24",)


def _lend(hosts: Mapping[Side, Namespace]) -> None:
    """127.0.0.1 is the server's alone: the client has a route to it, over the wire."""
    from pktscope.lab import links

    with step("127.0.0.1 over the wire"):
        links.forget(hosts[Side.CLIENT], "lo", "127.0.0.1/8")
        for host in hosts.values():
            with host:
                room.pin("net.ipv4.conf.eth0.route_localnet", "1")
        server, client = NEAR[Side.SERVER][0], NEAR[Side.CLIENT][0]
        links.lead(hosts[Side.CLIENT], links.Route("127.0.0.1/32", server, client))
        for host in hosts.values():
            links.reach_all(host, "eth0")


def _diag(host: Namespace) -> Diag:
    with host:
        return Diag()


def _settings(needs: Needs, impairments: Impairments) -> list[tuple[str, str]]:
    settings = [("wire mtu", str(needs.mtu)), ("wire offloads", "off"),
                ("wire delay", duration(round(needs.delay * 1e9))),
                ("wire spacing", duration(round(needs.spacing * 1e9)))]  # fmt: skip
    settings += [("wire impairment", rule) for rule in needs.impair]
    settings += [("wire drops frame", str(number)) for number in sorted(impairments.drops)]
    if impairments.loss:
        settings += [("wire loss", f"{impairments.loss:.4g}"), ("seed", str(impairments.seed))]
    return settings


def _line(needs: Needs, impairments: Impairments) -> str:
    impaired: list[object] = list(needs.impair)
    impaired += [phrase("drop frame {number}", number=number) for number in sorted(impairments.drops)]
    if impairments.loss:
        impaired.append(phrase("lose {share:.4g} % of the frames", share=impairments.loss * 100))
    values = {"delay": duration(round(needs.delay * 1e9)), "mtu": needs.mtu, "system": room.system()}
    return say(_IMPAIRED, {**values, "impaired": impaired}) if impaired else say(_ROOM, values)
