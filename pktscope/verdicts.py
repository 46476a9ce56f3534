"""What one segment is, given those before it: retransmission, duplicate ACK, zero window, ... One online pass.

`Machine.feed` says what is true of the packets; `Machine.wireshark` what tshark 4.0 prints for the same segment, which
is sometimes something else (a zero-window probe of Linux is a "Keep-Alive" there).
"""

from __future__ import annotations

from typing import Final


class Verdict:
    """The bits of a verdict. Plain integers, because a capture has millions of segments."""

    RETRANSMISSION: Final = 1 << 0
    """Octets (or the SYN or FIN) sent again; the first copy is in the capture unless FIRST_UNSEEN stands beside it."""
    FAST: Final = 1 << 1
    """With RETRANSMISSION: three duplicate ACKs, or SACK, had asked for it (RFC 5681 section 3.2, RFC 6675)."""
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


class Machine:
    """One conversation's memory: feed it every segment of both directions in the order captured."""

    __slots__ = ("reason", "seen_by_wireshark")

    def __init__(self) -> None:
        self.reason = ""
        self.seen_by_wireshark = 0

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
        sack: tuple[tuple[int, int], ...] = (),
        identification: int | None = None,
        timestamp: tuple[int, int] | None = None,
    ) -> int:
        """The verdict bits of one segment, from the numbers of its header as sent."""
        return 0

    def wireshark(self) -> int:
        """The bits tshark prints for the segment fed last."""
        return self.seen_by_wireshark
