"""UDP: datagrams that go out alone, arrive whole or not at all, and what recvfrom() makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Frame, Return, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.groups import for_many
from pktscope.rules.phrases import call_at, frames, reached, spelled
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Datagram
    from pktscope.flow import Flow

BLOCKED = 5_000_000
"""A call that took longer was waiting."""
MOST = {4: 65_507, 6: 65_527}
"""Bytes of data a datagram can carry, by IP version: IPv4 counts its own header of 20 in the 65,535, IPv6 does not."""

ECHO = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: recvfrom(1024)
C: sendto(10)
   C > S  UDP 10            # udp.datagram
C: = 10
S: = 10                     # udp.delivered
S: sendto(10)
   S > C  UDP 10            # udp.datagram
S: = 10
C: recvfrom(1024) = 10      # udp.delivered
C: sendto(5)
   C > S  UDP 5
C: = 5
S: recvfrom(1024) = 5       # udp.delivered
"""


@rule("udp.datagram", "RFC 768", on="datagram", example=ECHO)
def datagram(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram: one packet that stands alone.

    UDP adds to IP only ports, a length and a checksum: 8 bytes. There is no handshake, no state at either end, no
    acknowledgement and no second try. sendto() returns as soon as the kernel has the bytes, whether or not anybody is
    there. What TCP does not have: a datagram is a message and arrives as one, or not at all.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or not flow.lesson(f"udp.datagram {step.side}"):
        return
    other = flow.ends[step.side.other].datagrams
    if other:
        yield find(
            "A datagram of {count:bytes} the other way. To UDP it has nothing to do with the one of frame {frame}:"
            " what is an answer, only the programs know.",
            evidence=(other[-1].step,),
            count=frame.length,
            frame=flow.frame_number(other[-1].step),
        )
        return
    yield find(
        "A datagram of {count:bytes} from the {side}. UDP has no handshake and no acknowledgement: whether it"
        " arrives, the sender is not told.",
        evidence=(step.call,),
        count=frame.length,
        side=step.side,
    )


@rule("udp.delivered", "RFC 768", on="return", example=ECHO)
def delivered(step: Step, flow: Flow) -> Iterator[Finding]:
    """One sendto() is one recvfrom(): UDP keeps the boundaries.

    Each recvfrom() returns exactly one datagram, and says who sent it. Two datagrams never come out in one piece
    and one never in two. Datagrams may be lost, doubled or overtaken on the way; bytes inside one may not.
    """
    received, call = flow.now.received, call_at(flow, step.call)
    returned = step.observation
    if received is None or call is None or not isinstance(returned, Return) or returned.length != received.length:
        return
    lesson: Words = ""
    sender = call_at(flow, received.call)
    by_hand, frame = sender is not None and sender.protocol == "raw", flow.observed(received.step)
    if not by_hand and isinstance(frame, Frame) and not for_many(frame) and flow.lesson(f"udp.delivered {step.side}"):
        lesson = phrase(" One sendto() is one recvfrom(): UDP keeps the boundaries.")
    yield find(
        "{call} returned {count:bytes}: the datagram of {frames}, whole.{lesson}",
        evidence=(step.call, received.call, received.step),
        since=received.step,
        call=spelled(call),
        count=received.length,
        frames=carried(flow, received),
        lesson=lesson,
    )


def carried(flow: Flow, datagram: Datagram) -> Words:
    """The frames that carried a datagram: one, or those of its fragments."""
    frame = flow.observed(datagram.step)
    whole = frame.whole if isinstance(frame, Frame) else None
    return frames(whole.frames if whole is not None else [flow.frame_number(datagram.step)])


SMALL = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: recvfrom(4)
   C > S  UDP 10
S: = 4                      # udp.truncated
   C > S  UDP 3
S: recvfrom(4) = 3
"""


@rule("udp.truncated", "RFC 1122 section 4.1.4", on="return", example=SMALL, severity=Severity.WARNING)
def truncated(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram longer than the buffer: the rest is thrown away.

    recvfrom(n) hands over the first n bytes of a datagram and drops the others; the next call returns the next
    datagram, not the rest of this one. Python says nothing of it; recvmsg() reports it as MSG_TRUNC. With TCP the
    rest would wait.
    """
    received, call = flow.now.received, call_at(flow, step.call)
    returned = step.observation
    if received is None or call is None or not isinstance(returned, Return) or "MSG_PEEK" in call.arguments:
        return
    got = returned.length or 0
    if got >= received.length:
        return
    yield find(
        "{call} returned {got:,} of the {count:bytes} of frame {frame}. The other {lost:,} are gone: what does not"
        " fit is thrown away, and the next call returns the next datagram.",
        evidence=(step.call, received.step),
        since=received.step,
        call=spelled(call),
        got=got,
        count=received.length,
        frame=flow.frame_number(received.step),
        lost=received.length - got,
    )


NOTHING = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  UDP 0             # udp.empty
S: recvfrom(1024) = 0
   C > S  UDP 0
   C > S  UDP 1
"""


@rule("udp.empty", "RFC 768", on="datagram", example=NOTHING)
def empty(step: Step, flow: Flow) -> Iterator[Finding]:
    """A datagram of no bytes is a datagram.

    It is a packet of headers only; recvfrom() returns b"" for it together with its sender's address. For UDP b"" is
    therefore no end of anything, as it is for TCP.
    """
    frame = step.observation
    if not isinstance(frame, Frame) or frame.length or not flow.once("udp.empty"):
        return
    yield find(
        "A datagram of 0 bytes: only headers, yet a real packet. A recvfrom() that gets it returns b'', which for UDP"
        " does not mean that anybody has closed.",
        evidence=(step.call,),
    )


HUGE = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
C: sendto(10)
   C > S  UDP 10
C: = 10
C: sendto(65508)
C: = EMSGSIZE               # udp.too-big
"""


@rule("udp.too-big", "RFC 768, RFC 791 section 3.1", on="return", example=HUGE, severity=Severity.ERROR)
def too_big(step: Step, flow: Flow) -> Iterator[Finding]:
    """EMSGSIZE: no datagram can be that long.

    The length field of IPv4 has 16 bits and counts its own header: 65,535 - 20 (IP) - 8 (UDP) = 65,507 bytes of
    data. IPv6 counts only what follows its header: 65,535 - 8 = 65,527. Longer messages must be cut by the program,
    or go over TCP.
    """
    returned, call = step.observation, call_at(flow, step.call)
    if not isinstance(returned, Return) or returned.error != "EMSGSIZE" or call is None or call.protocol != "udp":
        return
    me, target = flow.ends[step.side], call.peer or flow.ends[step.side.other].endpoint
    version = 6 if target is not None and ":" in target.address else 4
    left = me.last_frame is not None and step.call is not None and me.last_frame > step.call
    complaint = flow.observed(me.complaint) if me.complaint is not None else None
    narrow = getattr(getattr(complaint, "transport", None), "mtu", None) is not None  # pmtu.refused tells of that
    if call.length is None or left or (narrow and call.length <= MOST[version]):
        return
    if call.length > MOST[version]:
        limit = "65,535 - 20 (IP) - 8 (UDP) = 65,507" if version == 4 else "65,535 - 8 (UDP) = 65,527"
        reason = phrase("over IPv{version} a datagram carries at most {limit}", version=version, limit=limit)
    else:
        reason = phrase("that is more than this socket may send in one packet")
    yield find(
        "{name}() of {count:bytes} failed with EMSGSIZE, and no packet left: {reason}.",
        evidence=(step.call,),
        name=returned.name,
        count=call.length,
        reason=reason,
    )


WAITING = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: recvfrom(1024)
+40ms
   C > S  UDP 10
S: = 10                     # udp.blocked
   C > S  UDP 10
+40ms
S: recvfrom(1024) = 10
"""


@rule("udp.blocked", "recvfrom(2)", on="return", example=WAITING)
def blocked(step: Step, flow: Flow) -> Iterator[Finding]:
    """recvfrom() waits for a datagram.

    It sleeps until one is there, for ever if none comes: UDP knows no end of a conversation. A program that must not
    wait for ever sets a limit with settimeout().
    """
    received, call = flow.now.received, call_at(flow, step.call)
    here = reached(flow, received.step) if received is not None else None
    if received is None or call is None or here is None:
        return
    took = here - call.time
    if took < BLOCKED or not flow.once(f"udp.blocked {step.side}"):
        return
    yield find(
        "{call} slept for {took:duration}: no whole datagram was there before frame {frame}.",
        evidence=(step.call, received.step),
        since=step.call,
        call=spelled(call),
        took=took,
        frame=flow.frame_number(received.step),
    )


RULES: tuple[Rule, ...] = (datagram, delivered, truncated, empty, too_big, blocked)
