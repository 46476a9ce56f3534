"""What UDP does not repair, as the receiving program meets it: datagrams left out, too late, twice, or thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Severity, Step
from pktscope.programs import RECEIVING
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.boundaries import arrived
from pktscope.rules.phrases import call_at, frames, spelled

if TYPE_CHECKING:
    from pktscope.flow import Flow

NOTHING_THERE = ("timeout", "EAGAIN", "EWOULDBLOCK")

LOST = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
S: bind(8000) = None
   C > S  UDP 3 "one"
   C > S  UDP 3 "two"
   C > S  UDP 5 "three"
S: recvfrom(1024) = 5           # udp.gap
   C > S  UDP 4 "four"
S: recvfrom(1024) = 4
"""


@rule("udp.gap", "RFC 768", on="return", example=LOST, severity=Severity.NOTICE)
def gap(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram is missing, and UDP goes on without it.

    Datagrams carry no numbers, so nobody notices that one is missing, nobody waits for it and nobody sends it again.
    A program that cares must number its messages itself, acknowledge them and repeat what got lost, or use TCP.
    """
    received, call = flow.now.received, call_at(flow, step.call)
    complaint = flow.ends[step.side.other].complaint  # what ICMP has told of needs no other word
    skipped = [each for each in flow.now.skipped if complaint is None or each.step > complaint]
    if received is None or not skipped or call is None or not flow.ends[step.side].bound:
        return
    yield find(
        "{call} returned the datagram of {frames}. Sent before it and not handed over: {before}. UDP has no numbers: it"
        " does not notice, and does not wait.",
        evidence=(step.call, received.step, skipped[0].step),
        since=skipped[0].step,
        call=spelled(call),
        frames=frames([flow.frame_number(received.step)]),
        before=frames([flow.frame_number(each.step) for each in skipped]),
    )


LATE = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 3 "one"
   C > S  UDP 5 "three"
S: recvfrom(1024)
S: = 5
S: recvfrom(1024) = 3           # udp.out-of-order
"""


@rule("udp.out-of-order", "RFC 768", on="return", example=LATE, severity=Severity.NOTICE)
def out_of_order(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram arrives after one that was sent later.

    Two datagrams may take different ways, or different queues of one router. TCP would put them in order by their
    sequence numbers before the program sees them; UDP hands each over as it comes.
    """
    received, first, call = flow.now.received, flow.now.overtaken, call_at(flow, step.call)
    if received is None or first is None or call is None or received.takers.get(call.socket) != step.index:
        return
    yield find(
        "{call} returned the datagram of frame {frame}, which was sent before that of frame {other}, and is handed over"
        " after it: UDP does not put anything in order.",
        evidence=(step.call, received.step, first.step),
        since=received.step,
        call=spelled(call),
        frame=flow.frame_number(received.step),
        other=flow.frame_number(first.step),
    )


TWICE = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 3 "one"
S: recvfrom(1024)
S: = 3
S: recvfrom(1024) = 3           # udp.twice
   C > S  UDP 3 "two"
S: recvfrom(1024) = 3
"""


@rule("udp.twice", "RFC 768", on="return", example=TWICE, severity=Severity.NOTICE)
def twice(step: Step, flow: Flow) -> Iterator[Finding]:
    """The same datagram is received twice.

    Networks may double a packet. TCP knows a byte it has by its number and drops it; UDP cannot tell a copy from a
    second message that says the same. An order for one coffee may become two: the program must number its requests.
    """
    received, call = flow.now.received, call_at(flow, step.call)
    if received is None or call is None or "MSG_PEEK" in call.arguments:
        return
    before = received.takers.get(call.socket, step.index)
    if before != step.index:
        yield find(
            "{call} returned {count:bytes} that this program has had before: frame {frame} was sent once, and handed"
            " over twice. To UDP they are two datagrams.",
            evidence=(step.call, received.step, before),
            since=before,
            call=spelled(call),
            count=received.length,
            frame=flow.frame_number(received.step),
        )


OVERFLOW = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: bind(8000) = None
   C > S  UDP 3 "one"
   C > S  UDP 3 "two"
   C > S  UDP 5 "three"
S: recvfrom(1024)
S: = 3
S: recvfrom(1024)
+1s
S: = timeout                    # udp.thrown-away
S: recvfrom(1024)
+1s
S: = timeout
"""


@rule("udp.thrown-away", "udp(7), socket(7)", on="return", example=OVERFLOW, severity=Severity.WARNING)
def thrown_away(step: Step, flow: Flow) -> Iterator[Finding]:
    """Datagrams reached the host and not the program.

    The kernel keeps what arrives in the socket's receive buffer (SO_RCVBUF). When that is full, further datagrams are
    thrown away: nobody is told, no ICMP is sent, no call fails; only a counter goes up (RcvbufErrors in
    /proc/net/snmp). UDP has no window with which a receiver could slow its sender down.
    """
    returned, call, me = step.observation, call_at(flow, step.call), flow.ends[step.side]
    if not isinstance(returned, Return) or returned.error not in NOTHING_THERE or call is None or step.call is None:
        return
    if call.protocol != "udp" or call.name not in RECEIVING or not me.bound:
        return
    sent, seen = flow.ends[step.side.other].datagrams, f"udp.thrown-away {step.side}"
    since = flow.counts.get(seen, 0)
    lost = [
        each for each in sent[since:]
        if call.socket not in each.takers and each.step < step.call and arrived(flow, each)
    ]  # fmt: skip
    flow.counts[seen] = len(sent)
    if lost:
        yield find(
            "Nothing was left to read, though {frames} had arrived before: thrown away on arrival, as a kernel does"
            " when the socket's receive buffer is full. Nobody is told, and nobody sends them again.",
            evidence=(step.call, *(each.step for each in lost[:3])),
            since=lost[0].step,
            frames=frames([flow.frame_number(each.step) for each in lost]),
        )


RULES: tuple[Rule, ...] = (gap, out_of_order, twice, thrown_away)
