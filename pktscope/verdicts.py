"""What one segment is, given those before it: retransmission, duplicate ACK, zero window, ... One online pass.

`Machine.feed` says what is true of the packets; `Machine.wireshark` what tshark 4.0 prints for the same segment, which
is sometimes something else (a zero-window probe of Linux is a "Keep-Alive" there).
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from pktscope.model import ACK, FIN, RST, SYN
from pktscope.seq import HALF, MODULUS, distance

Blocks = tuple[tuple[int, int], ...]

MASK = MODULUS - 1
CONTROL = SYN | FIN | RST
PLAIN = CONTROL | ACK
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
UNKNOWN_RTT = 3 * MILLISECOND
"""Taken for a round trip where no handshake was seen; the figure Wireshark uses too."""
LARGEST_WINDOW = 1 << 30
"""RFC 7323 section 2.3: no sender may be further ahead of its acknowledgements."""
HOLES = 512
"""Holes remembered per direction; the lowest is forgotten for a new one."""
SAID = MASK
"""Wireshark's mark, in the count of duplicate ACKs, that an acknowledgement of unseen octets was already told."""


class Verdict:
    """The bits of a verdict. Plain integers, because a capture has millions of segments."""

    RETRANSMISSION: Final = 1 << 0
    """Octets (or the SYN or FIN) sent again; the first copy is in the capture unless FIRST_UNSEEN stands beside it."""
    FAST: Final = 1 << 1
    """With RETRANSMISSION: duplicate ACKs or SACK had just asked for it (RFC 5681 section 3.2, RFC 6675, RFC 8985)."""
    SPURIOUS: Final = 1 << 2
    """With RETRANSMISSION: the other side had acknowledged all of it before, so nobody needed it."""
    OUT_OF_ORDER: Final = 1 << 3
    """Octets never seen before but below the highest seen: late on the way, not sent again."""
    GAP: Final = 1 << 4
    """Earlier octets of this direction are missing: not captured, or lost before the point of capture."""
    ACKED_UNSEEN: Final = 1 << 5
    """Acknowledges octets that are not in the capture: they arrived, so it is the capture that missed them."""
    DUPLICATE_ACK: Final = 1 << 6
    """As RFC 5681 section 2 defines it."""
    WINDOW_UPDATE: Final = 1 << 7
    """Says nothing but a new window."""
    WINDOW_FULL: Final = 1 << 8
    """Its last octet is the last one the receiver's window allows."""
    ZERO_WINDOW: Final = 1 << 9
    """Its sender has no room left."""
    ZERO_WINDOW_PROBE: Final = 1 << 10
    """Asks whether there is room again (RFC 9293 section 3.8.6.1)."""
    ZERO_WINDOW_PROBE_ACK: Final = 1 << 11
    """The answer: still none."""
    KEEP_ALIVE: Final = 1 << 12
    """Asks whether the other side is still there (RFC 9293 section 3.8.4)."""
    KEEP_ALIVE_ACK: Final = 1 << 13
    """The answer: it is."""
    REUSED_PORTS: Final = 1 << 14
    """A new connection between the same two endpoints; set by whoever tells the connections apart."""
    PARTIAL: Final = 1 << 15
    """With RETRANSMISSION: some of its octets are new."""
    SYN_AGAIN: Final = 1 << 16
    """With RETRANSMISSION: it is the SYN that is sent again."""
    FIN_AGAIN: Final = 1 << 17
    """With RETRANSMISSION: it carries a FIN sent before."""
    TAIL_PROBE: Final = 1 << 18
    """With RETRANSMISSION: the last segment of the flight, before any earlier one: a tail loss probe (RFC 8985)."""
    CAPTURED_TWICE: Final = 1 << 19
    """The same frame again within a millisecond: captured twice or doubled on the way; nothing else is said of it."""
    D_SACK: Final = 1 << 20
    """Tells the sender that octets arrived twice (RFC 2883)."""
    FIRST_UNSEEN: Final = 1 << 21
    """With RETRANSMISSION: the first copy is not in the capture (lost before this point, or not captured)."""


NAMES: dict[int, str] = {
    Verdict.RETRANSMISSION: "retransmission",
    Verdict.FAST: "fast retransmission",
    Verdict.SPURIOUS: "needless retransmission",
    Verdict.OUT_OF_ORDER: "out of order",
    Verdict.GAP: "earlier segment missing",
    Verdict.ACKED_UNSEEN: "acknowledges a segment not captured",
    Verdict.DUPLICATE_ACK: "duplicate ACK",
    Verdict.WINDOW_UPDATE: "window update",
    Verdict.WINDOW_FULL: "window full",
    Verdict.ZERO_WINDOW: "zero window",
    Verdict.ZERO_WINDOW_PROBE: "zero-window probe",
    Verdict.ZERO_WINDOW_PROBE_ACK: "answer to a zero-window probe",
    Verdict.KEEP_ALIVE: "keep-alive",
    Verdict.KEEP_ALIVE_ACK: "answer to a keep-alive",
    Verdict.REUSED_PORTS: "ports reused",
    Verdict.PARTIAL: "partly new",
    Verdict.SYN_AGAIN: "SYN sent again",
    Verdict.FIN_AGAIN: "FIN sent again",
    Verdict.TAIL_PROBE: "tail loss probe",
    Verdict.CAPTURED_TWICE: "same frame twice",
    Verdict.D_SACK: "duplicate reported (D-SACK)",
    Verdict.FIRST_UNSEEN: "first copy not captured",
}
"""Each bit in plain words, as a label."""

WIRESHARK: dict[int, str] = {
    Verdict.RETRANSMISSION: "TCP Retransmission",
    Verdict.FAST: "TCP Fast Retransmission",
    Verdict.SPURIOUS: "TCP Spurious Retransmission",
    Verdict.OUT_OF_ORDER: "TCP Out-Of-Order",
    Verdict.GAP: "TCP Previous segment not captured",
    Verdict.ACKED_UNSEEN: "TCP ACKed unseen segment",
    Verdict.DUPLICATE_ACK: "TCP Dup ACK",
    Verdict.WINDOW_UPDATE: "TCP Window Update",
    Verdict.WINDOW_FULL: "TCP Window Full",
    Verdict.ZERO_WINDOW: "TCP ZeroWindow",
    Verdict.ZERO_WINDOW_PROBE: "TCP ZeroWindowProbe",
    Verdict.ZERO_WINDOW_PROBE_ACK: "TCP ZeroWindowProbeAck",
    Verdict.KEEP_ALIVE: "TCP Keep-Alive",
    Verdict.KEEP_ALIVE_ACK: "TCP Keep-Alive ACK",
    Verdict.REUSED_PORTS: "TCP Port numbers reused",
}
"""The bits Wireshark knows, by the name it prints."""


class _Half:
    """What one direction has sent, and what the other side has said of it.

    Numbers stand on a straight line: the raw number is their lower 32 bits, so they never wrap.
    """

    __slots__ = (
        "ack", "acked", "begun", "births", "dups", "edge", "fin", "flags", "forgot", "high", "holes", "ident",
        "last_ident", "length", "line", "low", "opened", "recover", "room", "run", "sack", "scale", "sent", "seq",
        "shift", "stamp", "syn", "syn_ack", "time", "timeout", "verdict", "window",
        "ws_base", "ws_bits", "ws_dups", "ws_first", "ws_highest", "ws_next", "ws_next_time", "ws_scale",
    )  # fmt: skip

    def __init__(self) -> None:
        self.line = False  # a number of this direction is known, be it from the other side's acknowledgements
        self.sent = False  # a segment of this direction was seen
        self.low = self.high = 0  # the lowest number seen, and the one behind the highest
        self.holes: list[int] = []  # boundaries of what was never seen between them: first, behind the last, first, ...
        self.births: list[int] = []  # when each hole was noticed
        self.opened = 0  # when the hole touched last was noticed
        self.forgot = False  # holes below `low` were forgotten
        self.begun = 0
        self.syn = self.fin = -1
        self.syn_ack = False
        self.acked = -1  # the other side has acknowledged all below
        self.dups = 0  # duplicate ACKs for that number
        self.sack: Blocks = ()
        self.edge = -1  # the first number the other side's window does not allow; -1 where its scale is unknown
        self.recover = -1  # fast recovery, until this number is acknowledged (RFC 6582)
        self.timeout = -1  # recovery after a timeout, until this number is acknowledged
        self.scale = -2  # -2: no SYN seen; -1: a SYN without the option
        self.shift = -1  # what its window fields are shifted by; -1: not known
        self.room = -1  # the window it offered last, in octets
        self.stamp = -1  # its newest TSval
        self.ident = self.run = 0  # its newest IP identification, and how many in a row counted upwards
        self.time = self.seq = self.ack = self.length = self.flags = self.window = self.last_ident = -1  # the last one
        self.verdict = 0
        self.forget()

    def forget(self) -> None:
        """Starts what Wireshark remembers of a direction anew."""
        self.ws_base = self.ws_next = self.ws_highest = -1  # its first number, the next expected, the next unbroken
        self.ws_next_time = 0
        self.ws_dups = 0
        self.ws_bits = 0
        self.ws_scale = -1  # -1: no SYN seen; -2: a SYN without the option
        self.ws_first = True  # its windows are not scaled yet

    def begin(self, seq: int, time: int) -> None:
        """The first segment, or a SYN with a number of its own: nothing before it counts."""
        if self.line and not self.sent:
            start = self.high + distance(self.high, seq)
        else:
            start = seq + MODULUS
            self.acked = -1
        self.line = self.sent = True
        self.low = self.high = start
        self.begun = time
        self.holes.clear()
        self.births.clear()
        self.syn = self.fin = self.recover = self.timeout = self.edge = -1
        self.dups = 0
        self.sack = ()

    def jump(self, start: int, time: int) -> None:
        """A segment beyond the highest number: what lies between is a hole."""
        self.holes += (self.high, start)
        self.births.append(time)
        if len(self.births) > HOLES:
            self.low = self.holes[1]
            self.forgot = True
            del self.holes[:2], self.births[0]

    def unseen(self, start: int, end: int) -> bool:
        """Whether any number from `start` to before `end` was never seen."""
        if end > self.high or start < self.low:
            return True
        at = bisect_right(self.holes, start)
        return at & 1 == 1 or (at < len(self.holes) and self.holes[at] < end)

    def fill(self, start: int, end: int) -> int:
        """Takes the numbers from `start` to before `end` as seen; how many of them were not."""
        fresh = 0
        self.opened = self.begun
        if end > self.high:
            fresh = end - self.high
            self.high = end
        if start < self.low:
            fresh += min(end, self.low) - start
            if not self.forgot:
                if end < self.low:
                    self.holes[:0] = (end, self.low)
                    self.births.insert(0, self.begun)
                self.low = start
        return fresh + (self._fill_holes(start, end) if self.holes else 0)

    def _fill_holes(self, start: int, end: int) -> int:
        holes = self.holes
        first = bisect_right(holes, start) & ~1
        last = first
        fresh = 0
        while last < len(holes) and holes[last] < end:
            fresh += min(holes[last + 1], end) - max(holes[last], start)
            last += 2
        if last == first:
            return 0
        born = self.births[first >> 1]
        self.opened = born
        left: list[int] = []
        if holes[first] < start:
            left += (holes[first], start)
        if holes[last - 1] > end:
            left += (end, holes[last - 1])
        holes[first:last] = left
        self.births[first >> 1 : last >> 1] = [born] * (len(left) >> 1)
        return fresh

    def asked_for(self, start: int, end: int) -> bool:
        """Whether the other side has said that it misses these octets while later ones arrived."""
        if self.acked < self.timeout:
            return False
        if start == self.acked and (self.dups >= 3 or start < self.recover):
            return True
        return any(self.high + distance(self.high, left) >= end for left, _ in self.sack)

    def identify(self, identification: int) -> int:
        """How far an IP identification is ahead of the newest one; 0 where they do not count upwards steadily."""
        ahead = ((identification - self.ident + 0x8000) & 0xFFFF) - 0x8000
        if 0 < ahead <= 64:
            self.run += 1
            self.ident = identification
            return ahead if self.run > 3 else 0
        if -1024 < ahead <= 0 and self.run > 3:
            return ahead
        self.run = 0
        self.ident = identification
        return 0


class Machine:
    """One conversation's memory: feed it every segment of both directions in the order captured."""

    __slots__ = (
        "_answered", "_answered_last", "_asked", "_halves", "_opening", "_rtt_read", "_shark", "_syn_pending",
        "_syn_read", "reason", "rtt",
    )  # fmt: skip

    def __init__(self) -> None:
        self.reason = ""
        """What decided between out of order and sent again, for the segment fed last; empty where nothing had to."""
        self.rtt = 0
        """The round trip of the handshake in nanoseconds; 0 until it is known."""
        self._halves = (_Half(), _Half())
        self._shark = 0
        self._opening = 0  # 1: a SYN was seen, 2: a SYN-ACK too; 0 again behind the handshake
        self._asked = self._answered = self._answered_last = 0
        self._syn_read = 0  # Wireshark's idea of when the handshake began, and of its round trip
        self._syn_pending = False
        self._rtt_read = 0

    def feed(
        self,
        direction: int,
        time: int,
        seq: int,
        ack: int,
        length: int,
        flags: int,
        window: int,
        scale: int | None = None,
        sack: Blocks = (),
        identification: int | None = None,
        timestamp: tuple[int, int] | None = None,
    ) -> int:
        """The verdict bits of one segment, from the numbers of its header as sent; never raises."""
        own = self._halves[direction]
        peer = self._halves[1 - direction]
        newer = ahead = 0
        if timestamp is not None:
            newer = distance(own.stamp, timestamp[0]) if own.stamp >= 0 else 1
            if newer > 0:
                own.stamp = timestamp[0]
        if identification:
            ahead = own.identify(identification)
        self.reason = ""
        if (
            flags & PLAIN == ACK
            and window
            and not sack
            and not self._opening
            and seq == own.ws_next
            and _smooth(own, peer, time, seq, ack, length, window)
        ):
            bits = self._shark = 0
        elif _same_frame(own, peer, time, seq, ack, length, flags, window, identification, sack):
            self._shark = self._read(own, peer, time, seq, ack, length, flags, window, scale)
            bits = Verdict.CAPTURED_TWICE
        else:
            if self._opening or flags & SYN:
                self._handshake(own, peer, time, flags, scale)
            self._shark = self._read(own, peer, time, seq, ack, length, flags, window, scale)
            bits = own.verdict = self._judge(own, peer, time, seq, ack, length, flags, window, sack, newer, ahead)
        own.time = time
        own.seq = seq
        own.ack = ack
        own.length = length
        own.flags = flags
        own.window = window
        own.last_ident = identification or 0
        return bits

    def wireshark(self) -> int:
        """The bits tshark prints for the segment fed last; REUSED_PORTS is the caller's to add."""
        return self._shark

    def _judge(
        self, own: _Half, peer: _Half, time: int, seq: int, ack: int, length: int, flags: int, window: int,
        sack: Blocks, newer: int, ahead: int,
    ) -> int:  # fmt: skip
        if flags & RST:
            return 0  # its numbers are no part of the stream, and often made up
        bits = self._place(own, peer, time, seq, length, flags, newer, ahead)
        if flags & ACK:
            bits |= _acknowledge(own, peer, ack, length, flags, window, sack, bits)
        return bits

    def _handshake(self, own: _Half, peer: _Half, time: int, flags: int, scale: int | None) -> None:
        """Window scales (RFC 7323 section 2.2: both or neither) and the first round trip."""
        if flags & SYN:
            own.scale = -1 if scale is None else min(scale, 14)
            if own.scale == -1 or peer.scale == -1:
                own.shift = peer.shift = 0
            elif peer.scale >= 0:
                own.shift = own.scale
                peer.shift = peer.scale
            if not flags & ACK:
                if self._opening < 2:
                    self._asked = time
                    self._opening = 1
            elif self._opening:
                if self._opening == 1:
                    self._answered = time
                self._answered_last = time
                self._opening = 2
        elif flags & ACK and (self._opening == 1 or (own.syn >= 0 and not own.syn_ack)):
            if self._opening == 2:
                self.rtt = max(1, self._answered - self._asked + time - self._answered_last)
            self._opening = 0

    def _place(
        self, own: _Half, peer: _Half, time: int, seq: int, length: int, flags: int, newer: int, ahead: int
    ) -> int:
        """Where the segment lies among those sent before it in its direction."""
        if flags & SYN:
            if own.syn < 0 or own.syn & MASK != seq:
                own.begin(seq, time)
                own.syn = own.low
                own.syn_ack = flags & ACK != 0
            elif flags & ACK and not own.syn_ack:
                own.syn_ack = True  # simultaneous open: the SYN is repeated only to carry the acknowledgement
                return 0
        elif not own.sent:
            own.begin(seq, time)
        start = own.high + distance(own.high, seq)
        end = start + length + (1 if flags & SYN else 0) + (1 if flags & FIN else 0)
        full = Verdict.WINDOW_FULL if length and end == own.edge and not flags & CONTROL else 0
        if start >= own.high:
            if start > own.high:
                own.jump(start, time)
                full |= Verdict.GAP
            own.high = end
            if flags & FIN:
                own.fin = end - 1
            return full | Verdict.ZERO_WINDOW_PROBE if length == 1 and peer.room == 0 and not flags & CONTROL else full
        if length <= 1 and not flags & CONTROL and newer >= 0:
            bits = _asks(own, peer, start, length, time)
            if bits:
                return bits
        return full | self._below(own, peer, time, start, end, flags, newer, ahead) if end > start else 0

    def _below(
        self, own: _Half, peer: _Half, time: int, start: int, end: int, flags: int, newer: int, ahead: int
    ) -> int:
        """A segment that begins below the highest number seen: sent again, or filling a hole."""
        before = own.high
        fin = own.fin
        if flags & FIN:
            own.fin = end - 1
        fresh = own.fill(start, end)
        quick = time - peer.time <= min(self.rtt + (self.rtt >> 1) + 20 * MILLISECOND, self.rtt + 150 * MILLISECOND)
        bits = self._late(own, time, end, newer, ahead) if fresh == end - start else Verdict.RETRANSMISSION
        if not bits & Verdict.RETRANSMISSION:
            return bits
        if 0 < fresh < end - start:
            bits |= Verdict.PARTIAL
        if flags & SYN:
            bits |= Verdict.SYN_AGAIN
        if flags & FIN and fin == end - 1:
            bits |= Verdict.FIN_AGAIN
        if end <= own.acked:
            return bits | Verdict.SPURIOUS
        if quick and own.asked_for(start, end):
            own.recover = before
            return bits | Verdict.FAST
        if end == before and self._probes_tail(own, start, time):
            return bits | Verdict.TAIL_PROBE
        if start == own.acked and not fresh:
            own.timeout = before
        return bits

    def _probes_tail(self, own: _Half, start: int, time: int) -> bool:
        """The end of the flight after a silence, although earlier octets wait: no timeout would begin there."""
        if own.sack or own.dups or not own.timeout <= own.acked < start or own.acked < 0:
            return False
        return time - own.time >= max(self.rtt, 2 * MILLISECOND)

    def _late(self, own: _Half, time: int, end: int, newer: int, ahead: int) -> int:
        """Octets never seen below the highest: overtaken on the way, or sent again after a first copy nobody saw.

        A timestamp or an IP identification older than one seen before was stamped before it. Without either, the clock:
        nobody can have asked for the octets and got them in much less than a round trip. Three quarters of
        the handshake's are the mark, because handshakes wait for address resolution and slow programs.
        """
        again = Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN
        if newer < 0:
            self.reason = "older timestamp"
            return Verdict.OUT_OF_ORDER
        if end <= own.acked:
            self.reason = "acknowledged before"
            return again
        if newer > 0:
            self.reason = "newer timestamp"
            return again
        if ahead:
            self.reason = "older identification" if ahead < 0 else "newer identification"
            return Verdict.OUT_OF_ORDER if ahead < 0 else again
        if 4 * (time - own.opened) < (3 * self.rtt or 4 * UNKNOWN_RTT):
            self.reason = "too soon for a round trip"
            return Verdict.OUT_OF_ORDER
        self.reason = "time for a round trip"
        return again

    def _read(
        self, own: _Half, peer: _Half, time: int, seq: int, ack: int, length: int, flags: int, window: int,
        scale: int | None,
    ) -> int:  # fmt: skip
        """What tshark 4.0 prints, by the rules the Wireshark User's Guide gives and what tshark was seen to do."""
        bits = 0
        if flags & SYN or own.ws_base < 0 or self._syn_pending:
            bits = self._read_handshake(own, peer, time, seq, ack, flags, scale)
        ahead = distance(own.ws_next, seq) if own.ws_next >= 0 else 0
        bits |= _read_shape(own, peer, ahead, seq, ack, length, flags, window)
        if ack != own.ack:
            own.ws_dups = 0
        if flags & ACK and peer.ws_highest >= 0 and distance(peer.ws_highest, ack) > 0:
            bits |= _read_unseen(peer)
        extra = length + (1 if flags & (SYN | FIN) else 0)
        end = (seq + extra) & MASK
        if extra and not bits & Verdict.KEEP_ALIVE:
            if length and peer.ack > 0 and distance(seq + length, peer.ack) >= 0:
                bits |= Verdict.RETRANSMISSION | Verdict.SPURIOUS
            elif ahead < 0 and not (length > 1 and ahead == -1):
                bits |= self._read_again(own, peer, time, seq, end)
        if not bits & Verdict.ZERO_WINDOW_PROBE:
            if own.ws_next < 0 or distance(own.ws_next, end) > 0:
                own.ws_next = end
                own.ws_next_time = time
            if own.ws_highest < 0 or seq == own.ws_highest:
                own.ws_highest = own.ws_next
        if flags & (ACK | SYN) == ACK and own.ack >= 0:
            own.ws_first = False
        own.ws_bits = bits
        return bits

    def _read_handshake(
        self, own: _Half, peer: _Half, time: int, seq: int, ack: int, flags: int, scale: int | None
    ) -> int:
        """The round trip Wireshark measures runs from the last SYN to the first segment with an ACK and no SYN."""
        found = 0
        if flags & (SYN | ACK) == ACK:
            if self._syn_pending:
                self._rtt_read = time - self._syn_read
                self._syn_pending = False
        elif flags & ACK:
            if own.ws_base not in (-1, seq) and peer.syn >= 0 and distance(peer.ws_base, ack) == 1:
                own.forget()
                found = Verdict.REUSED_PORTS
        elif flags & SYN:
            if own.ws_base == seq:
                own.ws_next = own.ws_highest  # what came behind a hole is forgotten
            if not self._rtt_read:
                self._syn_read = time
                self._syn_pending = True
        if flags & SYN and scale is None:
            own.ws_scale = peer.ws_scale = -2
        elif scale is not None and flags & SYN and own.ws_scale != -2:
            own.ws_scale = scale
        if own.ws_base < 0:
            own.ws_base = seq if flags & SYN else (seq - 1) & MASK
        return found

    def _read_again(self, own: _Half, peer: _Half, time: int, seq: int, end: int) -> int:
        if peer.ws_dups >= 2 and peer.ack == seq and 0 <= time - peer.time < 20 * MILLISECOND:
            return Verdict.RETRANSMISSION | Verdict.FAST
        if 0 <= time - own.ws_next_time < (self._rtt_read or UNKNOWN_RTT) and end != own.ws_next:
            return Verdict.OUT_OF_ORDER
        return Verdict.RETRANSMISSION


def _smooth(own: _Half, peer: _Half, time: int, seq: int, ack: int, length: int, window: int) -> bool:
    """The short way for nearly all segments: the next in order, acknowledging what was seen. False: not one of those.

    Nothing can be said of such a segment, so only what later ones will need is kept.
    """
    upto = peer.high - ((peer.high - ack) & MASK)
    more = upto > peer.acked
    if peer.holes and peer.holes[-1] > peer.acked:
        return False
    if upto < peer.acked or peer.ws_highest != peer.high & MASK or own.high & MASK != seq:
        return False
    room = window << own.shift if own.shift > 0 else window
    if length:
        ahead = (peer.ack - seq - length) & MASK  # of this segment's end, the acknowledgement it had not seen
        scale = peer.ws_scale if peer.ws_scale > 0 and not peer.ws_first else 0
        if (ahead < HALF and peer.ack) or peer.window <= 0 or (ahead + (peer.window << scale)) & MASK == 0:
            return False
        own.high += length
        if own.high >= own.edge >= 0:
            own.high -= length
            return False
        own.ws_next = own.high & MASK
        if own.ws_highest == seq:
            own.ws_highest = own.ws_next
        own.ws_next_time = time
    elif not more or ack == own.ack or peer.ws_bits or peer.verdict:
        return False
    if more:
        peer.acked = upto
        peer.dups = 0
    if ack != own.ack:
        own.ws_dups = 0
    peer.sack = ()
    peer.edge = upto + room if own.shift >= 0 else -1
    own.room = room
    own.ws_bits = own.verdict = 0
    own.ws_first = False
    return True


def _read_shape(own: _Half, peer: _Half, ahead: int, seq: int, ack: int, length: int, flags: int, window: int) -> int:
    """What a segment is by its own shape, in Wireshark's order of questions."""
    if length == 1 and seq == own.ws_next and peer.window == 0:
        return Verdict.ZERO_WINDOW_PROBE
    if flags & CONTROL:
        return Verdict.GAP if ahead > 0 and not flags & RST else 0
    bits = Verdict.ZERO_WINDOW if window == 0 else 0
    if ahead > 0:
        bits |= Verdict.GAP
    elif ahead == -1 and length <= 1:
        bits |= Verdict.KEEP_ALIVE
    if length:
        if peer.ws_scale != -1 and peer.ack >= 0:
            shift = 0 if peer.ws_scale < 0 or peer.ws_first else peer.ws_scale
            if (seq + length - peer.ack - (peer.window << shift)) & MASK == 0:
                bits |= Verdict.WINDOW_FULL
        return bits
    if ahead or own.ws_next < 0:
        return bits
    if window != own.window:
        return bits | Verdict.WINDOW_UPDATE if window and ack == own.ack else bits
    if ack != own.ack:
        return bits
    if not window:
        return bits | Verdict.ZERO_WINDOW_PROBE_ACK if peer.ws_bits & Verdict.ZERO_WINDOW_PROBE else bits
    if peer.ws_bits & Verdict.KEEP_ALIVE:
        return bits | Verdict.KEEP_ALIVE_ACK
    own.ws_dups = 1 if own.ws_dups == SAID else own.ws_dups + 1
    return bits | Verdict.DUPLICATE_ACK


def _read_unseen(peer: _Half) -> int:
    """Tells each hole once; the mark is so large that the next segment sent again looks like a fast retransmission."""
    if distance(peer.ws_highest, peer.ws_next) > 0:
        peer.ws_highest = peer.ws_next
        return Verdict.ACKED_UNSEEN
    first = peer.ws_dups == 0
    peer.ws_dups = SAID
    return Verdict.ACKED_UNSEEN if first else 0


def _same_frame(
    own: _Half, peer: _Half, time: int, seq: int, ack: int, length: int, flags: int, window: int,
    identification: int | None, sack: Blocks,
) -> bool:  # fmt: skip
    """Whether this is the direction's previous frame over again.

    Where no IP identification tells two packets apart, an empty segment may be a second acknowledgement of its own:
    then it must be one that nothing called for.
    """
    if seq != own.seq or time - own.time >= MILLISECOND or ack != own.ack or length != own.length:
        return False
    if flags != own.flags or window != own.window:
        return False
    if identification:
        return identification == own.last_ident
    if length or flags & CONTROL:
        return True
    return not sack and peer.high == peer.acked and not peer.verdict & (Verdict.RETRANSMISSION | Verdict.KEEP_ALIVE)


def _asks(own: _Half, peer: _Half, start: int, length: int, time: int) -> int:
    """A probe of a closed window, or a keep-alive: numbers the other side has, to make it answer."""
    if peer.room == 0 and (start == own.high - 1 or start == own.acked - 1 or (length and start == own.acked)):
        return Verdict.ZERO_WINDOW_PROBE
    if start != own.high - 1 or (own.acked != own.high if own.acked >= 0 else length):
        return 0
    if own.fin == start and time - own.time < SECOND:
        return 0  # an acknowledgement overtaken by the FIN looks the same
    return Verdict.KEEP_ALIVE


def _acknowledge(
    own: _Half, peer: _Half, ack: int, length: int, flags: int, window: int, sack: Blocks, bits: int
) -> int:
    """What the segment says to the other side: how far it has come, and how much room there is."""
    found = 0
    if not peer.line:
        peer.line = True
        peer.low = peer.high = ack + MODULUS
    upto = peer.high + distance(peer.high, ack)
    room = window << own.shift if own.shift > 0 and not flags & SYN else window
    if window == 0 and not flags & CONTROL:
        found = Verdict.ZERO_WINDOW
    if sack and _reports_duplicate(ack, sack):
        found |= Verdict.D_SACK
    if upto > peer.acked:
        found |= _advance(own, peer, upto, length, room)
    elif upto == peer.acked and not length and not flags & CONTROL and not bits:
        found |= _empty(own, peer, upto, room, sack, found)
    if upto == peer.acked:
        peer.sack = sack
        peer.edge = upto + room if own.shift >= 0 or flags & SYN else -1
        own.room = room
    return found


def _advance(own: _Half, peer: _Half, upto: int, length: int, room: int) -> int:
    """Something is acknowledged for the first time."""
    found = 0
    if peer.sent and peer.unseen(max(peer.acked, peer.low), upto):
        found = Verdict.ACKED_UNSEEN
    if upto - peer.high > LARGEST_WINDOW:
        return found
    if peer.verdict & Verdict.ZERO_WINDOW_PROBE and not room and not length:
        found |= Verdict.ZERO_WINDOW_PROBE_ACK
    peer.acked = upto
    peer.dups = 0
    if not peer.sent:
        peer.low = peer.high = upto
    return found


def _empty(own: _Half, peer: _Half, upto: int, room: int, sack: Blocks, found: int) -> int:
    """A segment that carries nothing and acknowledges nothing new: why was it sent?"""
    if peer.verdict & Verdict.ZERO_WINDOW_PROBE and not room:
        return Verdict.ZERO_WINDOW_PROBE_ACK
    if peer.verdict & Verdict.KEEP_ALIVE and room:
        return Verdict.KEEP_ALIVE_ACK
    news = bool(sack) and sack != peer.sack and not (found & Verdict.D_SACK and len(sack) == 1)
    if upto < peer.high and (room == own.room or news):
        peer.dups += 1
        return Verdict.DUPLICATE_ACK
    if room != own.room and own.room >= 0 and room and not found & Verdict.D_SACK:
        return Verdict.WINDOW_UPDATE
    return 0


def _reports_duplicate(ack: int, sack: Blocks) -> bool:
    """RFC 2883 section 4: the first block lies below the acknowledgement, or inside the second block."""
    left, right = sack[0]
    if distance(ack, left) < 0:
        return True
    return len(sack) > 1 and distance(sack[1][0], left) >= 0 and distance(right, sack[1][1]) >= 0
