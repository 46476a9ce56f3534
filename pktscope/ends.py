"""What is known of one end of a conversation: its numbers, its window, what it wrote and what it read.

Mutable bookkeeping behind the fold, with an index for every question a rule may ask. Numbers are relative: the SYN is
0, the first octet of data 1 (see `seq.Line`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from pktscope.model import Endpoint, Side, State, TcpOptions
from pktscope.seq import Line

HOLES_KEPT = 64
"""Holes remembered per direction; more than this is not a conversation but noise, and the oldest are forgotten."""


@dataclass(slots=True)
class Sent:
    """A stretch of sequence numbers when it was first seen."""

    first: int
    end: int
    step: int
    time: int
    again: list[int] = field(default_factory=list)
    """Steps that sent any of it again."""
    acked: int | None = None
    """The step that first acknowledged all of it."""


@dataclass(frozen=True, slots=True)
class Write:
    """One send call and the octets it put into the stream."""

    first: int
    end: int
    step: int
    """The Call's step."""
    time: int
    hint: str
    """'MSG_MORE', 'TCP_CORK' or empty: what told the kernel to wait for more."""


@dataclass(frozen=True, slots=True)
class Read:
    """One recv call that returned octets."""

    first: int
    end: int
    step: int
    """The Return's step."""


@dataclass(slots=True)
class Datagram:
    """A UDP datagram as it left one end."""

    step: int
    """The frame that carried it, or completed it."""
    length: int
    data: bytes
    call: int | None
    """The Call it left in, if the program was traced."""
    takers: dict[int, int] = field(default_factory=dict)
    """By socket: the Return that handed it over; several sockets where it was sent to a group, or to all."""


@dataclass(slots=True)
class Pieces:
    """The fragments of one datagram, as far as seen. Offsets count octets behind the IP header."""

    side: Side
    identification: int | None
    time: int
    """When the newest came."""
    steps: list[int] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)
    """What is there: stretches in order that do not touch."""
    length: int | None = None
    """Of the whole datagram; known from its last fragment."""
    ranges: set[tuple[int, int]] = field(default_factory=set)
    """What each fragment carried."""
    overlap: bool = False
    """Two different fragments carried the same octets; a copy of a fragment is no overlap."""
    copy: bool = False
    """The newest fragment carries just what one before it carried."""
    again: bool = False
    """A datagram of this identification was complete a moment ago, so these may be copies of its fragments."""

    def put(self, first: int, end: int, step: int, time: int) -> None:
        """Book a fragment that carries [first, end)."""
        self.steps.append(step)
        self.time = time
        self.copy = (first, end) in self.ranges
        if self.copy:
            return
        self.ranges.add((first, end))
        low = bisect_left(self.covered, (first, first))
        if low and self.covered[low - 1][1] >= first:
            low -= 1
        high = low
        while high < len(self.covered) and self.covered[high][0] <= end:
            start, stop = self.covered[high]
            self.overlap = self.overlap or (start < end and first < stop)
            first, end = min(first, start), max(end, stop)
            high += 1
        self.covered[low:high] = [(first, end)]

    def missing(self) -> list[tuple[int, int | None]]:
        """The stretches that are not there; None for an end nobody knows."""
        found: list[tuple[int, int | None]] = []
        at = 0
        for first, end in self.covered:
            if first > at:
                found.append((at, first))
            at = max(at, end)
        if self.length is None:
            found.append((at, None))
        elif at < self.length:
            found.append((at, self.length))
        return found


class End:
    """One end, as far as seen."""

    def __init__(self, side: Side, endpoint: Endpoint | None = None) -> None:
        self.side = side
        self.endpoint = endpoint
        self.state = State.UNKNOWN
        self._no_numbers()
        self._nothing_sent()
        self._nothing_told()

    def _no_numbers(self) -> None:
        """Nothing is known of its sequence numbers yet."""
        self.line: Line | None = None
        """Its sequence numbers; None until one was seen."""
        self.syn: int | None = None
        """Step of its first SYN."""
        self.isn: int | None = None
        self.options = TcpOptions()
        """Those of its SYN."""
        self.nxt = 0
        """Behind the highest number it has sent."""
        self.una = 0
        """The lowest number of its own the other end has not acknowledged."""
        self.advanced: int | None = None
        """Step of the other end's segment that last acknowledged something new of this one."""
        self.acked_to = 0
        """The highest acknowledgement it has sent."""
        self.duplicates: list[int] = []
        """Steps of the duplicate ACKs it has sent since it last acknowledged something new."""
        self.holes: list[tuple[int, int]] = []
        """Numbers below `nxt` never seen."""
        self.window: int | None = None
        """What it is ready to receive, scaled; None until seen, or where the scale is not known."""
        self.fin: int | None = None
        """Step of its first FIN."""
        self.fin_end: int | None = None
        """The number behind its FIN."""
        self.fin_delivered = False
        self.fin_crossed = False
        """The other end's own FIN left before it had this one (a simultaneous close)."""
        self.fin_acked: int | None = None
        """Step of the first segment that acknowledged its FIN."""
        self.syn_acked: int | None = None
        self.reset: int | None = None
        """Step of its RST."""
        self.heard = 0
        """On a wire: the highest acknowledgement that has reached it."""
        self.received = 0
        """On a wire: behind the last number of an unbroken run that has reached it."""
        self.early: list[tuple[int, int]] = []
        """On a wire: stretches that have reached it before what comes before them."""

    def _nothing_sent(self) -> None:
        """It has sent nothing yet, and its program has written and read nothing."""
        self.sent: list[Sent] = []
        self.sent_ends: list[int] = []
        self.unacked_at = 0
        """Index in `sent` of the first piece not wholly acknowledged."""
        self.writes: list[Write] = []
        self.write_ends: list[int] = []
        self.reads: list[Read] = []
        self.written = 1
        """The number the next octet its program writes will get."""
        self.settings: dict[str, str] = {}
        """Socket options its program set on the connection or before it, by name."""
        self.last_frame: int | None = None
        """Step of the newest frame it sent."""
        self.packets: dict[tuple[int | None, int], tuple[int, int]] = {}
        """By identification and total length of its IP packets: the newest step, and how many there were."""
        self.complaint: int | None = None
        """Step of the newest ICMP error about a packet of its own."""
        self.frames = 0
        self.datagrams: list[Datagram] = []
        self.taken: dict[int, int] = {}
        """By socket of its program: how many of the other end's datagrams are behind the latest one it received."""

    def _nothing_told(self) -> None:
        """Nothing was told of its program yet."""
        self.by_hand: int | None = None
        """Step of the call with which its program sent a SYN of its own making: its kernel has no such connection."""
        self.urgent: int | None = None
        """The number of its newest urgent byte, as Linux counts it: the one before where the pointer leads."""
        self.listening: int | None = None
        """Step of its listen(), while the listening socket is open."""
        self.connection: int | None = None
        """The traced socket that is this end of the connection."""
        self.processes: set[int] = set()
        """Those whose calls on sockets were told."""
        self.traced = False
        self.bound = False
        """Its program called bind(), so the port is the program's choice."""

    @property
    def edge(self) -> int:
        """Behind the last number of an unbroken run: what the other end can have in order, by this capture."""
        return self.holes[0][0] if self.holes else self.nxt

    def receive(self, first: int, end: int) -> None:
        """Book [first, end) as having reached it."""
        self.early = sorted([*self.early, (first, end)])
        while self.early and self.early[0][0] <= self.received:
            self.received = max(self.received, self.early.pop(0)[1])
        del self.early[HOLES_KEPT:]

    def place(self, first: int, end: int, step: int, time: int) -> tuple[list[tuple[int, int]], list[Sent]]:
        """Book [first, end) as sent. Returns the stretches never seen before, and the pieces seen before."""
        if not self.sent and not self.nxt:
            self.nxt = first
            self.una = max(self.una, first)
        fresh: list[tuple[int, int]] = []
        for hole in self.holes:
            low, high = max(first, hole[0]), min(end, hole[1])
            if low < high:
                fresh.append((low, high))
        repeated = self.pieces(first, min(end, self.nxt))
        for piece in repeated:
            piece.again.append(step)
        for low, high in fresh:
            self._fill(low, high)
        if end > self.nxt:
            if first > self.nxt:
                self._dig(self.nxt, first)
            fresh.append((max(first, self.nxt), end))
            self.nxt = end
        for low, high in fresh:
            self._book(Sent(low, high, step, time))
        return fresh, repeated

    def _book(self, piece: Sent) -> None:
        at = bisect_right(self.sent_ends, piece.end)
        self.sent.insert(at, piece)
        self.sent_ends.insert(at, piece.end)
        if at < self.unacked_at:
            self.unacked_at += 1

    def _dig(self, low: int, high: int) -> None:
        self.holes.append((low, high))
        if len(self.holes) > HOLES_KEPT:
            del self.holes[0]

    def _fill(self, low: int, high: int) -> None:
        kept = []
        for hole in self.holes:
            if hole[1] <= low or hole[0] >= high:
                kept.append(hole)
                continue
            if hole[0] < low:
                kept.append((hole[0], low))
            if hole[1] > high:
                kept.append((high, hole[1]))
        self.holes = kept

    def acknowledge(self, ack: int) -> tuple[int, list[Sent]]:
        """Take an acknowledgement of this end's numbers up to `ack`: how many are new, and the pieces now covered."""
        if ack <= self.una:
            return 0, []
        new = ack - self.una
        self.una = ack
        if ack > self.nxt:
            self.nxt = ack
        if self.holes and self.holes[0][0] < ack:
            self._fill(self.holes[0][0], ack)
        start = self.unacked_at
        while self.unacked_at < len(self.sent) and self.sent[self.unacked_at].end <= ack:
            self.unacked_at += 1
        return new, self.sent[start : self.unacked_at]

    def pieces(self, first: int, end: int) -> list[Sent]:
        """What was first sent of [first, end), in order."""
        found = []
        at = bisect_right(self.sent_ends, first)
        while at < len(self.sent) and self.sent[at].first < end:
            found.append(self.sent[at])
            at += 1
        return found

    def write(self, first: int, end: int, step: int, time: int, hint: str) -> None:
        """Book a send call."""
        self.writes.append(Write(first, end, step, time, hint))
        self.write_ends.append(end)
        self.written = end

    def rewrite(self, end: int) -> None:
        """Correct the last send call: it took only what lies below `end`."""
        last = self.writes[-1]
        self.writes[-1] = Write(last.first, end, last.step, last.time, last.hint)
        self.write_ends[-1] = self.written = end

    def writes_in(self, first: int, end: int) -> list[Write]:
        """The send calls that wrote any of [first, end)."""
        found = []
        at = bisect_right(self.write_ends, first)
        while at < len(self.writes) and self.writes[at].first < end:
            found.append(self.writes[at])
            at += 1
        return found

    def read(self, first: int, end: int, step: int) -> None:
        """Book a recv call of the *other* end's octets."""
        self.reads.append(Read(first, end, step))
