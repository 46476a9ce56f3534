"""Who talks to whom: every frame of a capture in exactly one conversation, kept in packed columns.

TCP and UDP by addresses and ports in either direction, numbered as Wireshark numbers its streams; a SYN with another
initial sequence number starts a new TCP conversation on the same ports. Everything else by its name and its two ends.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable

from pktscope.capture import network
from pktscope.model import ACK, SYN, Conversation, Endpoint

UNSET = -1
NUMBERS = {"tcp": 6, "udp": 17}
NONE = -1
"""No conversation (yet)."""


def pair_key(source: bytes, target: bytes, source_port: int, target_port: int) -> bytes:
    """The key of one direction, laid out as addresses and ports stand in a packet."""
    return source + target + struct.pack(">HH", source_port, target_port)


def turned(key: bytes) -> bytes:
    """The key of the other direction."""
    size = (len(key) - 4) // 2
    return key[size : 2 * size] + key[:size] + key[-2:] + key[-4:-2]


def ends_of(key: bytes) -> tuple[Endpoint, Endpoint]:
    size = (len(key) - 4) // 2
    source_port, target_port = struct.unpack(">HH", key[-4:])
    return network.endpoint(key[:size], source_port), network.endpoint(key[size : 2 * size], target_port)


class Conversations:
    """The conversations of a capture. A direction is a number: twice the conversation, plus one for the way back.

    Direction 0 of a conversation is that of its first frame.
    """

    def __init__(self) -> None:
        self.tcp: dict[bytes, int] = {}
        """Direction by key; `~direction` while an initial sequence number is unknown: then `segment` must look."""
        self.udp: dict[bytes, int] = {}
        self.groups: dict[tuple[str, Endpoint, Endpoint], int] = {}
        self.protocols: list[str] = []
        self.keys: list[bytes | tuple[Endpoint, Endpoint]] = []
        self.numbers = array("I")
        self.counts: dict[str, int] = {}
        self.frames = array("Q")
        """By direction, as are `octets` and `bases`."""
        self.octets = array("Q")
        self.bases = array("q")
        """TCP: initial sequence numbers, UNSET where nothing was seen to tell them."""
        self.first = array("q")
        self.last = array("q")
        self.last_item = array("q")
        """Index of the last record that belongs to it."""
        self.client = array("b")
        """Which direction the client sends in; UNSET while no SYN was seen."""

    def __len__(self) -> int:
        return len(self.client)

    def new(self, protocol: str, key: bytes | tuple[Endpoint, Endpoint], time: int) -> int:
        """A new conversation; its direction 0 is returned."""
        number = self.counts.get(protocol, 0)
        self.counts[protocol] = number + 1
        index = len(self.client)
        self.protocols.append(protocol)
        self.keys.append(key)
        self.numbers.append(number)
        self.frames.extend((0, 0))
        self.octets.extend((0, 0))
        self.bases.extend((UNSET, UNSET))
        self.first.append(time)
        self.last.append(time)
        self.last_item.append(0)
        self.client.append(UNSET)
        return 2 * index

    def datagram(self, key: bytes, time: int) -> int:
        """The direction of a UDP datagram."""
        direction = self.udp.get(key)
        if direction is None:
            direction = self.new("udp", key, time)
            self.udp[turned(key)] = direction + 1
            self.udp[key] = direction
        return direction

    def segment(self, key: bytes, flags: int, seq: int | None, ack: int, time: int) -> int:
        """The direction of a TCP segment; `seq` None where the capture cut it off.

        Wireshark's way, so that the numbers agree: a SYN (without ACK) whose sequence number is not the initial one of
        its direction starts a new conversation; initial numbers come from the first segment of a direction, or before
        that from the first acknowledgement of the other.
        """
        known = self.tcp.get(key)
        direction = UNSET if known is None else max(known, ~known)
        if known is None or (flags & (SYN | ACK) == SYN and self.bases[direction] not in (UNSET, seq)):
            direction = self.new("tcp", key, time)
        if seq is not None:
            self.learn(direction, flags, seq, ack)
        ready = self.bases[direction] != UNSET and self.bases[direction ^ 1] != UNSET
        self.tcp[turned(key)] = direction ^ 1 if ready else ~(direction ^ 1)
        self.tcp[key] = direction if ready else ~direction
        return direction

    def learn(self, direction: int, flags: int, seq: int, ack: int) -> None:
        """What a segment tells of initial sequence numbers and of who is the client."""
        bases, back = self.bases, direction ^ 1
        if bases[direction] == UNSET:
            bases[direction] = seq if flags & SYN else (seq - 1) & 0xFFFFFFFF
        if flags & ACK and bases[back] == UNSET:
            bases[back] = (ack - 1) & 0xFFFFFFFF
        if flags & SYN and self.client[direction >> 1] == UNSET:
            self.client[direction >> 1] = (back if flags & ACK else direction) & 1

    def group(self, name: str, source: Endpoint, target: Endpoint, time: int) -> int:
        """The direction of a frame known by its name and its ends only."""
        direction = self.groups.get((name, source, target))
        if direction is None:
            direction = self.new(name, (source, target), time)
            self.groups[name, target, source] = direction + 1
            self.groups[name, source, target] = direction
        return direction

    def find(self, protocol: int, key: bytes) -> int | None:
        """The latest conversation over TCP (6) or UDP (17) with these ends; its direction."""
        known = {6: self.tcp, 17: self.udp}.get(protocol, {}).get(key)
        return None if known is None else max(known, ~known)

    def alone(self) -> dict[tuple[int, frozenset[str]], int]:
        """The conversations that are the only TCP (6) or UDP (17) one between their two addresses; by these."""
        found: dict[tuple[int, frozenset[str]], list[int]] = {}
        for index, name in enumerate(self.protocols):
            if name in NUMBERS:
                addresses = frozenset(end.address for end in self.ends(index))
                found.setdefault((NUMBERS[name], addresses), []).append(index)
        return {ends: held[0] for ends, held in found.items() if len(held) == 1}

    def index(self, wanted: Conversation) -> int:
        """The index of a conversation by its protocol and number. Raises ValueError if there is none."""
        position = -1
        while True:
            position = self.numbers.index(wanted.number, position + 1)
            if self.protocols[position] == wanted.protocol:
                return position

    def ends(self, index: int) -> tuple[Endpoint, Endpoint]:
        """Sender and receiver of the first frame."""
        key = self.keys[index]
        return ends_of(key) if isinstance(key, bytes) else key

    def conversation(self, index: int, is_client: Callable[[Endpoint], bool]) -> Conversation:
        """One conversation as it stands; `is_client` knows the client's ends by the calls of its program."""
        ends = self.ends(index)
        client = max(0, self.client[index])
        if is_client(ends[1 - client]) and not is_client(ends[client]):
            client = 1 - client
        server, at = 1 - client, 2 * index
        return Conversation(
            self.protocols[index], self.numbers[index], ends[client], ends[server],
            (self.frames[at + client], self.frames[at + server]),
            (self.octets[at + client], self.octets[at + server]), self.first[index], self.last[index],
        )  # fmt: skip
