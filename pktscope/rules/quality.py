"""What this capture can and cannot show: its beginning, its end, what it left out, and what offloading did to it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pktscope.model import RST, SYN, End, Endpoint, Frame, Side, State, Step, Tcp, Udp
from pktscope.model import Severity as S
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.reset import unanswered
from pktscope.rules.teardown import OPEN
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

MIDST = """
   C > S  PSH ACK 1:11          # capture.no-syn
   S > C  ACK 11
   C > S  PSH ACK 11:21
"""


@rule("capture.no-syn", "RFC 9293 section 3.5", on="segment", example=MIDST, severity=S.NOTICE)
def no_syn(step: Step, flow: Flow) -> Iterator[Finding]:
    """The beginning of the connection is not in this capture.

    It was open before the capture began, or its first segments were missed. Numbers are then counted from the first
    seen, the states are inferred from what the segments say, and the window scale, which only the SYNs tell, is
    unknown: the windows are printed as the header has them, and may be 128 times larger in truth.
    """
    if flow.ends[Side.CLIENT].syn is not None or flow.ends[Side.SERVER].syn is not None:
        return
    if header_of(step).flags & (SYN | RST) or not flow.once("capture.no-syn"):
        return
    yield find(
        "The first segment seen is no SYN: how this connection began is not in the capture. States are inferred,"
        " numbers count from here, and the window scale is unknown."
    )


ONE_WAY = """
   C > S  PSH ACK 1:11
   C > S  ACK 50
end                             # capture.one-direction
"""


@rule("capture.one-direction", "", on="end", example=ONE_WAY, severity=S.WARNING)
def one_direction(step: Step, flow: Flow) -> Iterator[Finding]:
    """Only one side's packets were seen.

    The other side did answer, as the acknowledgements prove. Its packets took another way (routes may differ by
    direction), or a filter, or the mirrored port, left them out. Half of what is to be known is missing.
    """
    for end in (flow.ends[Side.CLIENT], flow.ends[Side.SERVER]):
        if flow.protocol == "tcp" and end.frames and not flow.ends[end.side.other].frames and end.acked_to:
            yield find(
                "Only the {side}'s packets are in this capture, though they acknowledge what the {other} sent: the"
                " other direction was not captured.",
                evidence=(end.last_frame,),
                side=end.side,
                other=end.side.other,
            )


CUT = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
   C > S  PSH ACK 1:1001 cut 54     # capture.cut-records
   C > S  PSH ACK 1001:2001 cut 54
"""


@rule("capture.cut-records", "", on="frame", example=CUT, severity=S.NOTICE)
def cut_records(step: Step, flow: Flow) -> Iterator[Finding]:
    """Frames are cut: the capture kept only their beginning.

    It was made with a snapshot length (tcpdump -s). Headers are there, so lengths, numbers and states are right; the
    data is not, and checksums cannot be tested.
    """
    frame = step.observation
    if not isinstance(frame, Frame):
        return
    cut = len(frame.data) < frame.wire_length if frame.data else len(frame.payload) < frame.length
    if not cut or not flow.once("capture.cut-records"):
        return
    kept = len(frame.data) or frame.wire_length - frame.length + len(frame.payload)
    yield find(
        "The capture keeps only {kept:,} of this frame's {length:bytes} (snapshot length): not all of the data is"
        " here.",
        kept=kept,
        length=frame.wire_length,
    )


@rule("capture.tail-missing", "", on="end", example=MIDST + "end cut   # capture.tail-missing", severity=S.WARNING)
def tail_missing(step: Step, flow: Flow) -> Iterator[Finding]:
    """The file stops in the middle of a record.

    Whoever wrote it was stopped, or the disk was full, or the copy is not complete. What came after is not here, so a
    connection that seems to stand open may have been closed.
    """
    ended = step.observation
    if isinstance(ended, End) and ended.reason == "cut":
        yield find("The capture file is cut off{detail}: what came after is not here.", detail=behind(ended.detail))


@rule("capture.interrupted", "", on="end", example=MIDST + "end interrupted   # capture.interrupted", severity=S.NOTICE)
def interrupted(step: Step, flow: Flow) -> Iterator[Finding]:
    """The recording was stopped before the exchange was over.

    Everything up to here is recorded and right; what would have come after was not seen.
    """
    ended = step.observation
    if isinstance(ended, End) and ended.reason == "interrupted":
        yield find("The recording was interrupted{detail}: it ends here.", detail=behind(ended.detail))


def behind(detail: str) -> Words:
    """A detail in brackets, if there is one."""
    return phrase(" ({detail})", detail=detail.rstrip(".")) if detail else ""


@rule("capture.dropped", "", on="end", example=MIDST + "end dropped 3   # capture.dropped", severity=S.WARNING)
def dropped(step: Step, flow: Flow) -> Iterator[Finding]:
    """The capturing kernel had to drop frames.

    They were on the wire, but the program that captured was too slow for its buffer. A note that something is missing
    may mean no more than that.
    """
    ended = step.observation
    if isinstance(ended, End) and ended.dropped:
        yield find(
            "The kernel could not hand {count:frames} to the capture, of this or other conversations: what is missing"
            " here may have been on the wire.",
            count=ended.dropped,
        )


OVER = frozenset({State.CLOSED, State.TIME_WAIT, State.LISTEN, State.UNKNOWN})
OPENING = frozenset({State.SYN_SENT, State.SYN_RECEIVED})
STILL = OPEN + "   C > S  PSH ACK 11:21\nend   # capture.still-open\n"


@rule("capture.still-open", "RFC 9293 section 3.3.2", on="end", example=STILL)
def still_open(step: Step, flow: Flow) -> Iterator[Finding]:
    """The capture ends before the connection does.

    Nothing says that it was closed; an idle connection sends nothing, so it may stand for days.
    """
    client, server = flow.ends[Side.CLIENT], flow.ends[Side.SERVER]
    if flow.protocol != "tcp" or not flow.frames or (client.state in OVER and server.state in OVER):
        return
    waiting = tuple(
        phrase("{count:bytes} of the {side}", count=count, side=end.side)
        for end in (client, server)
        if flow.ends[end.side.other].frames and (count := unanswered(end))
    )
    yield find(
        "The capture ends here with the connection {how}: client {client}, server {server}.{waiting}",
        evidence=(client.last_frame, server.last_frame),
        how=phrase("not closed")
        if client.state not in OPENING and server.state not in OPENING
        else phrase("not open yet"),
        client=client.state,
        server=server.state,
        waiting=phrase(" Not acknowledged: {waiting:list}.", waiting=waiting) if waiting else "",
    )


UNFILLED = """
   C > S  SYN mss 1460 unfilled     # capture.unfilled-checksum
   S > C  SYN ACK mss 1460 unfilled
   C > S  ACK unfilled
"""


def on_loopback(frame: Frame) -> bool:
    """Whether a frame never leaves its machine, by its addresses."""
    return frame.source.address == frame.target.address or is_loopback(frame.source)


def is_loopback(end: Endpoint) -> bool:
    """Whether an address is one of 127.0.0.0/8 or ::1."""
    try:
        return ip_address(end.address).is_loopback
    except ValueError:
        return False


@rule("capture.unfilled-checksum", "RFC 9293 section 3.1, RFC 768", on="frame", example=UNFILLED)
def unfilled_checksum(step: Step, flow: Flow) -> Iterator[Finding]:
    """The checksum is not filled in: that is left to the network card.

    The kernel sums up the addresses and leaves the rest to the card, which is quicker. A capture made on the sending
    machine sees the packet before that, so the checksum looks wrong and is not. On loopback there is no card, and
    nobody ever fills it in.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or not frame.unfilled_checksum or not flow.lesson("capture.unfilled-checksum"):
        return
    yield find(
        "The {name} checksum is left for the network card to fill in{loop}. It looks wrong here and is no error.",
        name="TCP"
        if isinstance(frame.transport, Tcp)
        else "UDP"
        if isinstance(frame.transport, Udp)
        else phrase("transport"),
        loop=phrase(", and loopback has none") if on_loopback(frame) else "",
    )


GLUED = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
   C > S  PSH ACK 1:4381            # capture.super-packet
   C > S  PSH ACK 4381:8761
"""


@rule("capture.super-packet", "", on="segment", example=GLUED)
def super_packet(step: Step, flow: Flow) -> Iterator[Finding]:
    """A segment larger than its receiver allows: segmentation offload.

    To save work the sending kernel hands large pieces to the network card, which cuts them into segments; the receiving
    side may join what arrives before the kernel sees it. A capture on either machine shows the large piece, which no
    Ethernet ever carried. `ethtool -K DEVICE tso off gso off gro off` shows it as it is on the wire.
    """
    you = flow.ends[step.side.other]
    if step.octets is None or you.syn is None or you.options.mss is None:
        return
    length = step.octets[1] - step.octets[0]
    if length <= you.options.mss or not flow.once("capture.super-packet"):
        return
    yield find(
        "{length:bytes} in one segment, but the {other} asked for {mss:,} at most: probably the capture shows it before"
        " it was cut into segments, or after it was joined from them (segmentation offload).",
        evidence=(you.syn,),
        length=length,
        other=you.side,
        mss=you.options.mss,
    )


BIG = """
   C > S  SYN mss 65495
   S > C  SYN ACK mss 65495
   C > S  ACK
   C > S  PSH ACK 1:20001           # capture.loopback-mtu
   C > S  PSH ACK 20001:40001
"""


@rule("capture.loopback-mtu", "RFC 9293 section 3.7.1", on="segment", example=BIG)
def loopback_mtu(step: Step, flow: Flow) -> Iterator[Finding]:
    """Loopback carries packets of nearly 64 kB.

    Its MTU is 65,536 on Linux, as large as an IP packet can be, because nothing has to fit into an Ethernet frame. So
    what would be 45 segments between two machines may be one here.
    """
    you, frame = flow.ends[step.side.other], step.observation
    if step.octets is None or you.options.mss is None or not isinstance(frame, Frame) or not on_loopback(frame):
        return
    length = step.octets[1] - step.octets[0]
    if not 1460 < length <= you.options.mss or not flow.once("capture.loopback-mtu"):
        return
    yield find(
        "{length:bytes} in one segment: on this loopback the MSS is {mss:,}. An Ethernet packet of 1,500"
        " has room for 1,460.",
        evidence=(you.syn,),
        length=length,
        mss=you.options.mss,
    )


DOUBLES = (
    OPEN
    + """
   C > S  PSH ACK 11:21 id 7
   C > S  PSH ACK 11:21 id 7
   S > C  ACK 21 id 8
   S > C  ACK 21 id 8
   C > S  FIN ACK id 9
   C > S  FIN ACK seq 21 id 9
end                                 # capture.doubled
"""
)


@rule("capture.doubled", "", on="end", example=DOUBLES, severity=S.NOTICE)
def doubled(step: Step, flow: Flow) -> Iterator[Finding]:
    """Packets are in this capture twice.

    Capture on one interface only (not "any"), and on loopback count each packet once. The second copies are drawn, but
    nothing else is said of them.
    """
    count = flow.counts.get("twice", 0)
    if count < 3 or count * 5 < flow.frames:
        return
    yield find(
        "{count:,} of this conversation's {frames:frames} are second copies: this capture was made where packets pass"
        " twice.",
        count=count,
        frames=flow.frames,
    )


RULES: tuple[Rule, ...] = (
    no_syn, cut_records, unfilled_checksum, super_packet, loopback_mtu, one_direction, doubled, dropped, tail_missing,
    interrupted, still_open,
)  # fmt: skip
