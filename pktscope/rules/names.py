"""DNS: a name asked for, and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope import dns
from pktscope.model import Frame, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.text import safe_text
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

LONGEST = 60
"""Characters of a name in a sentence."""
SHOWN = 3
"""Answers named in a sentence."""

ASKED = r'"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01"'
FOUND = (
    r'"\x12\x34\x85\x00\x00\x01\x00\x01\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01'
    r'\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x50"'
)
MISSING = r'"\x12\x34\x85\x03\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01"'
TALK = f"""
udp 10.0.0.1:40000 > 10.0.0.2:53
   C > S  UDP 33 {ASKED}    # dns.query
   S > C  UDP 49 {FOUND}    # dns.answer
   C > S  UDP 33 {ASKED}    # dns.query
   S > C  UDP 33 {MISSING}  # dns.no-such-name
   C > S  UDP 3
"""


def message_of(step: Step) -> tuple[Frame, dns.Dns] | None:
    """The DNS message a step carries; None for anything else."""
    frame = step.observation
    if not isinstance(frame, Frame) or not {frame.source.port, frame.target.port} & dns.PORTS:
        return None
    message = dns.parse(frame.payload)
    return None if message is None else (frame, message)


def name_of(message: dns.Dns) -> str:
    """What is asked for, as safe text."""
    return safe_text(message.questions[0][0], LONGEST)


@rule("dns.query", "RFC 1035 section 4", on="datagram", example=TALK)
def query(step: Step, flow: Flow) -> Iterator[Finding]:
    """A question to a name server.

    Programs know hosts by name, packets only by address. getaddrinfo() asks a name server: what are the A records (IPv4
    addresses) or AAAA records (IPv6) of this name? One datagram is the question, one the answer, to port 53, and an
    identifier of 16 bits says which belongs to which. Nothing is encrypted. If no answer comes, the program that asked
    has to ask again: UDP will not.
    """
    found = message_of(step)
    if found is None or found[1].response:
        return
    message = found[1]
    flow.memory["dns", message.identifier] = step.index
    yield find(
        "DNS: what is the {type} record of {name}? One datagram to port {port}, identifier {identifier}{recursion}.",
        evidence=(step.call,),
        type=message.questions[0][1],
        name=name_of(message),
        port=found[0].target.port,
        identifier=f"0x{message.identifier:04x}",
        recursion=phrase("; the server is to find it out, whoever knows it") if message.recursion_desired else "",
    )


@rule("dns.answer", "RFC 1035 section 4", on="datagram", example=TALK)
def answer(step: Step, flow: Flow) -> Iterator[Finding]:
    """The answer of a name server.

    It repeats identifier and question, and adds records, each with a TTL: so many seconds may whoever asked keep it and
    ask no more. Who can guess the identifier and the port can send a false answer first.
    """
    found = message_of(step)
    if found is None or not found[1].response or found[1].code != "NOERROR":
        return
    message, asked = found[1], flow.memory.get(("dns", found[1].identifier))
    shown = [record for record in message.answers if record.data][:SHOWN]
    if not shown:
        yield find(
            "DNS: the server knows the name {name}, but has no {type} record of it.",
            evidence=(asked,),
            name=name_of(message),
            type=message.questions[0][1],
        )
        return
    yield find(
        "DNS: {name} has {records:list}{asked}. It may be kept for {ttl} seconds, and need not be asked for meanwhile.",
        evidence=(asked,),
        since=asked,
        name=name_of(message),
        records=tuple(f"{record.type} {safe_text(record.data, LONGEST)}" for record in shown),
        asked=to_question(step, flow, asked),
        ttl=min(record.ttl for record in shown),
    )


def to_question(step: Step, flow: Flow, asked: int | None) -> Words:
    """Which question an answer belongs to, and how long it took where it is seen when it arrives."""
    if asked is None:
        return ""
    if flow.wire:  # what is seen here is its leaving the server
        return phrase(", the answer to frame {frame}", frame=flow.frame_number(asked))
    took = step.time - flow.steps[asked].time
    return phrase(", the answer to frame {frame} after {took:duration}", frame=flow.frame_number(asked), took=took)


@rule("dns.no-such-name", "RFC 1035 section 4.1.1, RFC 2308", on="datagram", example=TALK, severity=Severity.NOTICE)
def no_such_name(step: Step, flow: Flow) -> Iterator[Finding]:
    """The name server has no answer, and says why.

    NXDOMAIN: there is no such name. That is an answer, not a failure: it comes at once and may be kept. SERVFAIL and
    REFUSED say that this server could not or would not find out.
    """
    found = message_of(step)
    if found is None or not found[1].response or found[1].code == "NOERROR":
        return
    asked, message = flow.memory.get(("dns", found[1].identifier)), found[1]
    yield find(
        "DNS: {code} for {name}{asked}{meaning}.",
        evidence=(asked,),
        since=asked,
        code=message.code,
        name=name_of(message),
        asked=to_question(step, flow, asked),
        meaning=phrase(": there is no such name") if message.code == "NXDOMAIN" else "",
    )


RULES: tuple[Rule, ...] = (query, answer, no_such_name)
