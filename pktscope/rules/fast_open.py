"""TCP Fast Open: a cookie asked for and given, data in a SYN, and whether the server took it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, SYN, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import call_at, spelled, stretch
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

FIRST = """
   C > S  SYN mss 1460 tfo -               # fastopen.asked
   S > C  SYN ACK mss 1460 tfo 0123456789abcdef   # fastopen.cookie
   C > S  ACK
   C > S  PSH ACK 1:6
"""
SECOND = """
   C > S  SYN 0:5 mss 1460 tfo 0123456789abcdef   # fastopen.data
   S > C  SYN ACK 6 mss 1460               # fastopen.accepted
   C > S  ACK
"""
REFUSED = """
   C > S  SYN 0:5 mss 1460 tfo 0123456789abcdef
   S > C  SYN ACK 1 mss 1460               # fastopen.not-taken
   C > S  ACK
"""


@rule("fastopen.asked", "RFC 7413 section 4.1.1", on="segment", example=FIRST, flags=SYN)
def asked(step: Step, flow: Flow) -> Iterator[Finding]:
    """An empty Fast Open option in a SYN: a cookie, please.

    With the cookie the client will be able to send data in the SYN of later connections to this server. This one still
    waits for the SYN,ACK before it sends anything.
    """
    header = header_of(step)
    if header.flags & ACK or header.options.fast_open != b"":
        return
    call = call_at(flow, step.call)
    yield find(
        "An empty Fast Open option: the {side} asks the server for a cookie, to send data in the SYN next time."
        " This time its data has to wait{call}.",
        evidence=(step.call,),
        side=step.side,
        call="" if call is None else phrase(", though {call} has it already", call=spelled(call)),
    )


@rule("fastopen.cookie", "RFC 7413 section 4.1.2", on="segment", example=FIRST, flags=SYN)
def cookie(step: Step, flow: Flow) -> Iterator[Finding]:
    """The SYN,ACK brings a cookie.

    The server makes it from the client's address and a secret, so it need not remember it; who shows it has received
    something at that address before, and did not make the address up.
    """
    header, you = header_of(step), flow.ends[step.side.other]
    if not header.flags & ACK or not header.options.fast_open or you.options.fast_open is None:
        return
    yield find(
        "A Fast Open cookie of {length:bytes}: with it the {other} may send data in its next SYN.",
        evidence=(you.syn,),
        since=you.syn,
        length=len(header.options.fast_open),
        other=step.side.other,
    )


@rule("fastopen.data", "RFC 7413 section 4.2", on="segment", example=SECOND, flags=SYN)
def data(step: Step, flow: Flow) -> Iterator[Finding]:
    """Data in the SYN, with the cookie: a round trip saved.

    The first byte has number 1, behind the SYN, as ever. The server's program may answer before the handshake is over.
    Should the SYN be lost or the data not be taken, it is sent again in the ordinary way.
    """
    header = header_of(step)
    if header.flags & ACK or not header.options.fast_open or step.octets is None:
        return
    yield find(
        "Data in the SYN: {stretch}, with a Fast Open cookie of {length:bytes}. Ordinarily they would leave one round"
        " trip later.",
        evidence=(step.call,),
        stretch=stretch(*step.octets),
        length=len(header.options.fast_open),
    )


@rule("fastopen.accepted", "RFC 7413 section 4.2", on="segment", example=SECOND, flags=SYN)
def accepted(step: Step, flow: Flow) -> Iterator[Finding]:
    """The SYN,ACK acknowledges the data too.

    The cookie was right: the kernel has handed the data to a new connection already, and accept() can return before
    the third segment of the handshake.
    """
    offered = offer(step, flow)
    if offered is None or step.segment is None or (step.segment.ack or 0) <= 1:
        return
    yield find(
        "ACK {ack}: not only the SYN (number 0) but {stretch} too. The server took the data with the SYN; accept() and"
        " recv() can return before the handshake is over.",
        evidence=(flow.ends[step.side.other].syn,),
        since=flow.ends[step.side.other].syn,
        ack=step.segment.ack,
        stretch=stretch(1, step.segment.ack or 0),
    )


@rule("fastopen.not-taken", "RFC 7413 section 4.2", on="segment", example=REFUSED, flags=SYN, severity=Severity.NOTICE)
def not_taken(step: Step, flow: Flow) -> Iterator[Finding]:
    """The SYN,ACK acknowledges the SYN alone: the data must be sent again.

    The server does not do Fast Open, or has changed its secret, or already has as many connections waiting as it
    allows. Nothing is lost: it is an ordinary handshake now.
    """
    offered = offer(step, flow)
    if offered is None or step.segment is None or step.segment.ack != 1:
        return
    yield find(
        "ACK 1: the SYN, and not the data that came with it. The {other} has to send {stretch} again.",
        other=step.side.other,
        evidence=(flow.ends[step.side.other].syn,),
        since=flow.ends[step.side.other].syn,
        stretch=stretch(*offered),
    )


def offer(step: Step, flow: Flow) -> tuple[int, int] | None:
    """The bytes the SYN carried that a SYN,ACK answers; None where it carried none."""
    syn = flow.ends[step.side.other].syn
    if not header_of(step).flags & ACK or syn is None:
        return None
    return flow.steps[syn].octets


RULES: tuple[Rule, ...] = (asked, cookie, data, accepted, not_taken)
