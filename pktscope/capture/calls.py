"""Which socket calls of a recording belong to which conversation: by socket, by addresses, by what was accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pktscope.model import Call, Conversation, Endpoint, Fate, Return, Sample, Side

Told: TypeAlias = Call | Return | Sample
WILDCARDS = {"0.0.0.0", "::", ""}
MAPPED = "::ffff:"
"""An IPv4 address as a dual-stack IPv6 socket shows it (RFC 4291 section 2.5.5.2)."""


@dataclass(slots=True)
class Known:
    """What is known of a socket, or of one call by its serial.

    Learnt by the scanning thread and read by others: so the sets are never changed, only replaced.
    """

    protocol: str = ""
    locals: frozenset[Endpoint] = frozenset()
    peers: frozenset[Endpoint] = frozenset()
    made: frozenset[int] = frozenset()
    """Sockets that accept() made from it."""

    def learn(self, told: Told) -> None:
        if told.local is not None:
            self.locals |= {plain(told.local)}
        if told.peer is not None:
            self.peers |= {plain(told.peer)}
        if isinstance(told, Call):
            self.protocol = self.protocol or told.protocol


class Calls:
    """What the calls of a recording tell of its sockets; grows as the recording is read."""

    def __init__(self) -> None:
        self.sockets: dict[int, Known] = {}
        self.serials: dict[int, Known] = {}
        self.clients: set[Endpoint] = set()
        """Local ends of the traced client's sockets."""

    def hear(self, told: Told | Fate) -> None:
        """Learn from one call, return or sample."""
        if isinstance(told, Fate):
            return
        if told.side is Side.CLIENT and told.local is not None:
            self.clients.add(plain(told.local))
        made = told.new_socket if isinstance(told, Return) else None
        if made is not None:
            # The ends accept() tells of are those of the socket it made.
            self.sockets.setdefault(made, Known()).learn(told)
            self.sockets.setdefault(told.socket, Known()).made |= {made}
        elif told.socket:
            self.sockets.setdefault(told.socket, Known()).learn(told)
        if not isinstance(told, Sample):
            call = self.serials.setdefault(told.serial, Known())
            call.learn(told)
            call.made |= set() if made is None else {made}

    def is_client(self, end: Endpoint) -> bool:
        """Whether the traced client's calls say that this end is its own."""
        return end in self.clients or any(Endpoint(address, end.port) in self.clients for address in WILDCARDS)

    def belongs(self, told: Told, conversation: Conversation) -> bool:
        """Whether this is part of the conversation, as far as is known by now.

        What is tied to no socket (a pause, a line read from the keyboard) or to one that never had an address belongs
        to every conversation: it is what happened meanwhile.
        """
        call = Known() if isinstance(told, Sample) else self.serials.get(told.serial, Known())
        if call.made:
            return any(self.held(made, conversation) for made in call.made)
        socket = self.sockets.get(told.socket, Known())
        if socket.protocol and conversation.protocol in ("tcp", "udp") and socket.protocol != conversation.protocol:
            return False
        if call.peers and not socket.made:
            return matches(socket.locals | call.locals, call.peers, conversation)
        if socket.locals or socket.peers or socket.made:
            return self.held(told.socket, conversation)
        return True

    def held(self, number: int, conversation: Conversation) -> bool:
        """Whether the socket, or one accepted from it, carried the conversation."""
        own = self.sockets.get(number, Known())
        made = [self.sockets.get(other, Known()) for other in own.made]
        return any(matches(socket.locals, socket.peers, conversation) for socket in (own, *made))


def matches(own: frozenset[Endpoint], peers: frozenset[Endpoint], conversation: Conversation) -> bool:
    """Whether a socket with these local ends and these peers can have carried the conversation."""
    ends = (conversation.client, conversation.server)
    return any(
        (not peers or other in peers) and (not own or any(stands_for(mine, end) for mine in own))
        for end, other in (ends, ends[::-1])
    )


def stands_for(mine: Endpoint, end: Endpoint) -> bool:
    """Whether a socket bound to `mine` uses `end`: a wildcard address stands for any."""
    return mine == end or (mine.port == end.port and mine.address in WILDCARDS)


def plain(end: Endpoint) -> Endpoint:
    """An IPv4-mapped IPv6 address as the IPv4 address that is on the wire."""
    if end.address.startswith(MAPPED) and "." in end.address:
        return Endpoint(end.address[len(MAPPED) :], end.port)
    return end
