"""The one loop over every packet of a capture: where each record lies and which conversation it belongs to.

Ordinary packets are read at offsets, without building anything; what is out of the ordinary goes through the decoder.
A packet costs 32 octets here; its fields are read again from the capture when somebody looks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import replace

from pktscope.capture import decode, link, recording, transport
from pktscope.capture.calls import Calls
from pktscope.capture.conversations import NONE, Conversations, pair_key
from pktscope.capture.reassembly import WINDOWS, Key, Reassembler
from pktscope.capture.records import JOURNAL, Record, Walk
from pktscope.model import Arp, End, Endpoint, Exchange, Frame, Icmp, Igmp, Other, Quoted, Tcp, Udp
from pktscope.words import say

FALLBACK = -1

KIND_PLACES = {1: (12, 14), 113: (14, 16), 276: (0, 20)}
"""Link type -> where the ethertype stands, and where the network header starts."""
BARE = {12, 14, 101, 228, 229}
"""Link types without a link header."""
NULL_FAMILIES = {
    number.to_bytes(4, order) for number in (*link.FAMILIES4, *link.FAMILIES6) for order in ("little", "big")
}  # fmt: skip
IP_KINDS = (b"\x08\x00", b"\x86\xdd")
TAG = b"\x81\x00"


NAMES: dict[type, str] = {Arp: "arp", Igmp: "igmp"}
"""Of conversations that are known by their two ends only."""

LIMBO_LIMIT = 65_536
"""Datagrams whose fragments may wait for a conversation."""


class Waiting:
    """The fragments of one datagram whose conversation is not known yet."""

    __slots__ = ("ends", "items", "since")

    def __init__(self, frame: Frame) -> None:
        self.since = frame.time
        self.ends = frame
        """The first of them, or the one that told the ports."""
        self.items = array("I")


class Scan:
    """The columns of a capture, growing. Only the scanning thread adds; readers may take what `len` says is there."""

    def __init__(self) -> None:
        self.walk = Walk()
        self.offsets = array("Q")
        """Where the captured octets (or the text of a journal block) start in the capture."""
        self.captured = array("I")
        self.wires = array("I")
        self.times = array("q")
        self.interfaces = array("i")
        self.owners = array("i")
        """Index of the conversation; NONE for journal blocks, and for fragments nothing is known of yet. Added last."""
        self.journals = array("I")
        """Indexes of the records that are journal blocks."""
        self.conversations = Conversations()
        self.late: dict[int, list[int]] = {}
        """Records that got their conversation after others behind them did, by conversation."""
        self.fragments = Reassembler()
        self.limbo: dict[Key, Waiting] = {}
        """Fragments whose conversation is not known yet."""
        self.lost: list[Waiting] = []
        """... and those whose datagram took too long, or had its identification used again."""
        self.exchange: Exchange | None = None
        self.end: End | None = None
        self.calls = Calls()

    def __len__(self) -> int:
        return len(self.owners)

    def number(self, item: int) -> int:
        """The frame number of record `item`."""
        return item + 1 - bisect_left(self.journals, item)

    def item(self, number: int) -> int:
        """The record of frame `number`."""
        before = bisect_right(range(len(self.journals)), number - 1, key=lambda at: self.journals[at] - at)
        return number - 1 + before

    def feed(self, buffer: bytes, end: int, base: int) -> int:
        """Index the records in the first `end` octets of `buffer`, which stand at `base` in the capture.

        Returns how many octets were used up; the rest must start the next buffer.
        """
        conversations, quick, interfaces, own = self.conversations, self.quick, self.walk.interfaces, self.owners.append
        frames, octets = conversations.frames, conversations.octets
        last, last_item = conversations.last, conversations.last_item
        columns = (self.offsets, self.captured, self.wires, self.times, self.interfaces)
        offset_of, captured_of, wire_of, time_of, interface_of = (column.append for column in columns)
        item = len(self.owners) - 1
        for start, captured, wire, time, interface in self.walk.walk(buffer, end):
            item += 1
            offset_of(base + start)
            captured_of(captured)
            wire_of(wire)
            time_of(time)
            interface_of(interface)
            if interface == JOURNAL:
                own(self.journal(buffer[start : start + captured], item))
                continue
            link_type = interfaces[interface].link
            direction, length = quick(buffer, start, start + captured, wire, link_type, time)
            if direction == FALLBACK:
                data = buffer[start : start + captured]
                own(self.slow(Record(self.number(item), time, link_type, data, wire), item))
                continue
            frames[direction] += 1
            octets[direction] += length
            index = direction >> 1
            last[index] = time
            last_item[index] = item
            own(index)
        return self.walk.consumed

    def quick(self, buffer: bytes, start: int, stop: int, wire: int, kind: int, time: int) -> tuple[int, int]:
        """Direction and payload octets of an ordinary TCP or UDP packet, or FALLBACK."""
        at = network_start(buffer, start, kind)
        if at < 0 or stop - at < 28:
            return FALLBACK, 0
        room = max(wire, stop - start) - (at - start)
        first = buffer[at]
        if first == 0x45:
            if buffer[at + 6] & 0x3F or buffer[at + 7]:
                return FALLBACK, 0
            protocol, upper = buffer[at + 9], at + 20
            total = buffer[at + 2] << 8 | buffer[at + 3] or room
            key = buffer[at + 12 : at + 24]
        elif first >> 4 == 6 and stop - at >= 48:
            protocol, upper = buffer[at + 6], at + 40
            total = (buffer[at + 4] << 8 | buffer[at + 5]) + 40
            key = buffer[at + 8 : at + 44]
        else:
            return FALLBACK, 0
        length = min(total, room) - (upper - at)
        if protocol == 6 and stop - upper >= 20 <= length:
            flags, header = buffer[upper + 13], buffer[upper + 12] >> 4 << 2
            direction = self.conversations.tcp.get(key, FALLBACK)
            if direction < 0 or flags & 2:
                seq, ack = (int.from_bytes(buffer[upper + 4 + k : upper + 8 + k], "big") for k in (0, 4))
                direction = self.conversations.segment(key, flags, seq, ack, time)
            return direction, length - header if 20 <= header <= length else 0
        if protocol == 17 and length >= 8:
            direction = self.conversations.udp.get(key, FALLBACK)
            if direction < 0:
                direction = self.conversations.datagram(key, time)
            said = buffer[upper + 4] << 8 | buffer[upper + 5] or length
            return direction, max(0, min(said, length) - 8)
        return FALLBACK, 0

    # --- out of the ordinary ---------------------------------------------------------------------------------------

    def slow(self, record: Record, item: int) -> int:
        """The conversation of a packet that needs the decoder; NONE for a fragment that has to wait."""
        frame = decode.decode(record, self.fragments)
        if frame.ip is not None and frame.ip.is_fragment and frame.transport is None:
            return self.fragment(frame, item)
        direction, counts = self.place(frame)
        if frame.whole is not None:
            self.release(frame, direction >> 1)
        return self.count(direction, frame, item, counts)

    def count(self, direction: int, frame: Frame, item: int, counts: bool) -> int:
        index = direction >> 1
        if counts:
            self.conversations.frames[direction] += 1
            self.conversations.octets[direction] += frame.length
        self.conversations.last[index] = frame.time
        self.conversations.last_item[index] = item
        return index

    def place(self, frame: Frame) -> tuple[int, bool]:
        """The direction of a decoded frame, and whether it is one of the conversation's own."""
        upper, conversations = frame.transport, self.conversations
        if isinstance(upper, Tcp):
            return conversations.segment(ends_key(frame), upper.flags, upper.seq, upper.ack, frame.time), True
        if isinstance(upper, Udp):
            return conversations.datagram(ends_key(frame), frame.time), True
        if isinstance(upper, Icmp):
            quoted = upper.quoted
            if quoted is not None and quoted.source.port is not None and quoted.target.port is not None:
                known = conversations.find(quoted.protocol, ends_key(quoted))
                if known is not None:
                    return known, False
            name = "icmp" if upper.version == 4 else "icmpv6"
            return conversations.group(name, frame.source, frame.target, frame.time), True
        name = upper.name if isinstance(upper, Other) else NAMES.get(type(upper), "fragment")
        if frame.ip is not None and frame.source.port is not None and frame.ip.protocol in (6, 17):
            if frame.ip.protocol == 6:
                return conversations.segment(ends_key(frame), 0, None, 0, frame.time), True
            return conversations.datagram(ends_key(frame), frame.time), True
        return conversations.group(name.lower(), frame.source, frame.target, frame.time), True

    # --- fragments waiting for their ports -------------------------------------------------------------------------

    def fragment(self, frame: Frame, item: int) -> int:
        """A fragment that completed nothing: to its datagram's conversation if that is known, else to wait."""
        assert frame.ip is not None
        waiting = self.waiting(frame)
        if frame.source.port is not None and frame.target.port is not None:
            waiting.ends = replace(frame, data=b"")
            direction = self.conversations.find(frame.ip.protocol, ends_key(frame))
            if direction is not None:
                self.release(frame, direction >> 1)
                return self.count(direction, frame, item, False)
        waiting.items.append(item)
        return NONE

    def waiting(self, frame: Frame) -> Waiting:
        """Where the fragments of a frame's datagram wait."""
        key = limbo_key(frame)
        waiting = self.limbo.get(key)
        if waiting is None or frame.time - waiting.since > WINDOWS[key[0]]:
            if waiting is not None:
                self.lost.append(waiting)
            waiting = self.limbo[key] = Waiting(replace(frame, data=b""))
            if len(self.limbo) + len(self.lost) > LIMBO_LIMIT:
                self.settle()
                self.limbo[key] = waiting = Waiting(waiting.ends)
        return waiting

    def release(self, frame: Frame, index: int) -> None:
        """The conversation of a datagram is known: give it the fragments that waited."""
        waiting = self.limbo.pop(limbo_key(frame), None)
        if waiting is None:
            return
        items = list(waiting.items)
        if frame.whole is not None:
            mine = set(frame.whole.frames)
            items = [item for item in waiting.items if self.number(item) in mine]
            waiting.items = array("I", [item for item in waiting.items if self.number(item) not in mine])
            if waiting.items:
                self.lost.append(waiting)
        for item in items:
            self.assign(item, index)

    def assign(self, item: int, index: int) -> None:
        self.owners[item] = index
        self.late.setdefault(index, []).append(item)
        if item > self.conversations.last_item[index]:
            self.conversations.last_item[index] = item
            self.conversations.last[index] = self.times[item]

    def settle(self) -> None:
        """Nothing more comes: find a conversation for the fragments that still wait.

        By their ports where a first fragment told them; else where only one conversation of their protocol was held
        between their two addresses; else one of their own.
        """
        everyone = [*self.lost, *self.limbo.values()]
        self.lost, self.limbo = [], {}
        alone = self.conversations.alone() if everyone else {}
        for waiting in everyone:
            if waiting.items:
                index = self.home(waiting.ends, alone)
                for item in waiting.items:
                    self.assign(item, index)

    def home(self, frame: Frame, alone: dict[tuple[int, frozenset[str]], int]) -> int:
        """The index of the conversation for fragments with the ends of `frame`."""
        assert frame.ip is not None
        protocol, conversations = frame.ip.protocol, self.conversations
        if frame.source.port is not None and frame.target.port is not None and protocol in (6, 17):
            if protocol == 6:
                return conversations.segment(ends_key(frame), 0, None, 0, frame.time) >> 1
            return conversations.datagram(ends_key(frame), frame.time) >> 1
        addresses = frozenset((frame.source.address, frame.target.address))
        if (protocol, addresses) in alone:
            return alone[protocol, addresses]
        name = f"{transport.named(protocol).lower()} fragment"
        source, target = Endpoint(frame.source.address), Endpoint(frame.target.address)
        return conversations.group(name, source, target, frame.time) >> 1

    # --- journal blocks --------------------------------------------------------------------------------------------

    def journal(self, text: bytes, item: int) -> int:
        """Note what a journal block of ours tells; others' blocks and broken ones are passed over."""
        self.journals.append(item)
        try:
            told = recording.read_entry(text)
        except recording.BadEntry as error:
            self.walk.complain(
                say(
                    "a journal block behind packet {packet} cannot be read: {error}",
                    {"packet": self.walk.packets, "error": error},
                )
            )
            return NONE
        if isinstance(told, Exchange):
            self.exchange = self.exchange or told
        elif isinstance(told, End):
            self.end = told
        elif told is not None:
            self.times[item] = told.time
            self.calls.hear(told)
        return NONE


def network_start(buffer: bytes, start: int, kind: int) -> int:
    """Where the IP header starts in the frame at `start`; negative where the link header is not an ordinary one."""
    place = KIND_PLACES.get(kind)
    if place is not None:
        at = start + place[0]
        ethertype = buffer[at : at + 2]
        if ethertype in IP_KINDS:
            return start + place[1]
        # One VLAN tag is ordinary on Ethernet; more of them go through the decoder.
        if kind == 1 and ethertype == TAG and buffer[at + 4 : at + 6] in IP_KINDS:
            return start + 18
        return FALLBACK
    if kind in BARE:
        return start
    if kind in (0, 108) and buffer[start : start + 4] in NULL_FAMILIES:
        return start + 4
    return FALLBACK


def limbo_key(frame: Frame) -> Key:
    ip = frame.ip
    assert ip is not None
    source, target = decode.packed(frame.source), decode.packed(frame.target)
    return ip.version, source, target, ip.protocol if ip.version == 4 else 0, ip.identification or 0


def ends_key(ends: Frame | Quoted) -> bytes:
    """The conversation key of two IP endpoints with ports."""
    source, target = decode.packed(ends.source), decode.packed(ends.target)
    return pair_key(source, target, ends.source.port or 0, ends.target.port or 0)
