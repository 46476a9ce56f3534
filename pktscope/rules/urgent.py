"""Urgent data: the URG flag and its pointer, and how recv() gives the one urgent byte apart from the stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import URG, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.data import OPEN
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import bringers, call_at, spelled
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

BANG = (
    OPEN
    + """
C: send(3)
   C > S  PSH ACK 1:4
C: = 3
C: send(1, MSG_OOB)
   C > S  PSH ACK URG 4:5 urg 1   # tcp.urgent
C: = 1
C: send(3)
   C > S  PSH ACK 5:8
C: = 3
S: recv(1, MSG_OOB) = 1          # urgent.read
S: recv(1024) = 3                # urgent.mark
S: recv(1024) = 3
"""
)


@rule("tcp.urgent", "RFC 9293 section 3.8.5, RFC 6093", on="segment", example=BANG, flags=URG)
def urgent(step: Step, flow: Flow) -> Iterator[Finding]:
    """URG: this stream has urgent data, up to where the pointer leads.

    The pointer counts from the segment's own number. It overtakes nothing: the bytes travel in the stream as ever, and
    the flag only tells the receiver that there is something to hurry for. The standard means everything up to the
    pointer; Linux and most others treat one single byte as urgent, the one before the place the pointer leads to.
    """
    header, segment, place = header_of(step), step.segment, flow.ends[step.side].urgent
    if segment is None or not header.urgent or place is None or flow.memory.get(("urgent", step.side)) == place:
        return
    flow.memory["urgent", step.side] = place
    writes = flow.ends[step.side].writes_in(place, place + 1)
    call = call_at(flow, writes[0].step) if writes else None
    yield find(
        "URG, pointer {pointer:,}: the stream has something urgent up to number {end:,}. Linux takes one byte for it,"
        " byte {place:,}{cause}. It travels in its turn, behind all bytes before it.",
        evidence=(step.call,),
        pointer=header.urgent,
        end=place + 1,
        place=place,
        cause="" if call is None or "MSG_OOB" not in call.arguments
        else phrase(", the last that {call} wrote", call=spelled(call)) if writes[0].end == place + 1
        else "",
    )  # fmt: skip


@rule("urgent.read", "RFC 6093 section 3, recv(2)", on="return", example=BANG)
def urgent_read(step: Step, flow: Flow) -> Iterator[Finding]:
    """recv() with MSG_OOB returns the urgent byte, before the bytes in front of it.

    The receiving kernel has put it aside. There is room for one: a second urgent byte that comes before the first is
    read takes its place, and the first is an ordinary byte of the stream again. "Out of band" is the programs' view
    only; on the wire there is one band.
    """
    call, you, octets = call_at(flow, step.call), flow.ends[step.side.other], step.octets
    if call is None or octets is None or "MSG_OOB" not in call.arguments or not call.name.startswith("recv"):
        return
    behind = flow.ends[step.side].reads
    ahead = octets[0] - (behind[-1].end if behind else 1)
    waiting = phrase(" {count:bytes} before it in the stream have not been read yet.", count=ahead) if ahead > 0 else ""
    yield find(
        "{call} returned byte {place:,}, the urgent one ({frames}), from where the kernel keeps it apart.{waiting}",
        evidence=(step.call,),
        call=spelled(call),
        place=octets[0],
        frames=bringers(flow, you.pieces(*octets)),
        waiting=waiting,
    )


@rule("urgent.mark", "RFC 6093 section 3, sockatmark(3)", on="return", example=BANG)
def urgent_mark(step: Step, flow: Flow) -> Iterator[Finding]:
    """An ordinary recv() stops in front of the urgent byte's place.

    Though more lies in the buffer: so a program can tell what came before the urgent byte from what came behind. The
    next recv() goes on behind that place; the urgent byte itself is not in it, unless SO_OOBINLINE is set.
    """
    call, you, octets = call_at(flow, step.call), flow.ends[step.side.other], step.octets
    if call is None or octets is None or octets[1] != you.urgent or not call.name.startswith("recv"):
        return
    behind = you.nxt - octets[1] - 1 - (1 if you.fin is not None else 0)
    if behind < 1 or call.length is None or call.length <= octets[1] - octets[0]:
        return
    yield find(
        "{call} returned only the {count:bytes} before the place of the urgent byte, though {behind} more are here:"
        " they come with the next call.",
        evidence=(step.call,),
        call=spelled(call),
        count=octets[1] - octets[0],
        behind=behind,
    )


RULES: tuple[Rule, ...] = (urgent, urgent_read, urgent_mark)
