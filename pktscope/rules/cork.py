"""Writes that the program itself asks the kernel to keep: MSG_MORE and TCP_CORK, and what lets them go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Side, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.data import OPEN
from pktscope.rules.nagle import bytes_of, held_writes, own_write, set_on
from pktscope.rules.phrases import call_at, largest_segment, stretch
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Write
    from pktscope.flow import Flow

CORK_LIMIT = 190_000_000
"""Linux keeps corked bytes for at most 200 ms (tcp(7))."""

MORE = (
    OPEN
    + """
C: send(10, MSG_MORE)
C: = 10                   # tcp.held-by-option
C: send(10, MSG_MORE)
C: = 10                   # tcp.held-by-option
C: send(10)
   C > S  PSH ACK 1:31    # tcp.uncorked
C: = 10
   S > C  ACK 31
C: setsockopt(IPPROTO_TCP, TCP_CORK, 1) = 0
C: send(10)
C: = 10                   # tcp.held-by-option
C: setsockopt(IPPROTO_TCP, TCP_CORK, 0)
   C > S  PSH ACK 31:41   # tcp.uncorked
C: = 0
   S > C  ACK 41
C: send(10)
   C > S  PSH ACK 41:51
C: = 10
"""
)

SAID = {
    "MSG_MORE": phrase("its flag MSG_MORE says that more will follow"),
    "TCP_CORK": phrase("the option TCP_CORK says that more will follow"),
}


@rule("tcp.held-by-option", "tcp(7), send(2)", on="return", example=MORE)
def held_by_option(step: Step, flow: Flow) -> Iterator[Finding]:
    """MSG_MORE and TCP_CORK: the program says that more will follow.

    Both make the kernel keep less than a full segment, even where nothing is under way: MSG_MORE for one send(),
    TCP_CORK from when it is set until it is cleared. A server sets one of them to send its header in the same
    segment as the beginning of a file. Linux keeps such bytes for 200 ms at most.
    """
    me = flow.ends[step.side]
    write = own_write(step, flow)
    if write is None or write.hint not in SAID or write.end - me.nxt >= largest_segment(flow, step.side):
        return
    flow.memory["kept", write.step] = step.index
    first = max(write.first, me.nxt)
    if flow.memory.get(("kept run", step.side)) == me.nxt:
        yield find(
            "Kept too: {stretch}. Now {count:bytes} of {writes:writes} wait.",
            evidence=(step.call,),
            stretch=stretch(first, write.end),
            count=write.end - me.nxt,
            writes=len(me.writes_in(me.nxt, write.end)),
        )
        return
    flow.memory["kept run", step.side] = me.nxt
    yield find(
        "{name}() has returned, but {stretch} did not leave: {said}, so the kernel keeps less than a full segment.",
        evidence=(step.call,),
        since=step.call,
        name=step.observation.name if isinstance(step.observation, Return) else "send",
        stretch=stretch(first, write.end),
        said=SAID[write.hint],
    )


@rule("tcp.uncorked", "tcp(7), send(2)", on="segment", example=MORE)
def uncorked(step: Step, flow: Flow) -> Iterator[Finding]:
    """Bytes kept by MSG_MORE or TCP_CORK leave.

    A send() without MSG_MORE, clearing TCP_CORK, setting TCP_NODELAY, a full segment, the end of the stream, or 200
    ms: any of these lets them go, all in one segment where they fit.
    """
    held = held_writes(step, flow, "kept")
    if held is None or step.octets is None:
        return
    writes = bytes_of(step, flow)
    if ("nagle", writes[-1].step) in flow.memory:
        return
    write = held[0]
    yield find(
        "{what}, {stretch}{cause}. The first had waited {waited:duration}.",
        evidence=(write.step, held[1], writes[-1].step),
        since=write.step,
        what=phrase("One segment for {count:,} writes", count=len(writes))
        if len(writes) > 1
        else phrase("The bytes kept leave"),
        stretch=stretch(*step.octets),
        cause=uncorking(step, flow, writes),
        waited=step.time - write.time,
    )


def uncorking(step: Step, flow: Flow, writes: list[Write]) -> Words:
    """Why kept bytes leave now, where that is certain; else nothing."""
    assert step.octets is not None
    first, last = writes[0], writes[-1]
    if step.octets[1] - step.octets[0] >= largest_segment(flow, step.side):
        return phrase(": they fill a whole one")
    if not last.hint and any(place == last.step for place, _ in flow.programs.running(step.side)):
        return phrase(
            ": {call}() without MSG_MORE ended the waiting",
            call=getattr(call_at(flow, last.step), "name", "send"),
        )
    for option, value in (("TCP_CORK", False), ("TCP_NODELAY", True)):
        if setting(flow, step.side, option) and set_on(flow, step.side, option) is value:
            if value:
                return phrase(": the program set {option}", option=option)
            return phrase(": the program cleared {option}", option=option)
    if step.time - first.time >= CORK_LIMIT:
        return phrase(": Linux keeps them no longer than 200 ms")
    return ""


def setting(flow: Flow, side: Side, option: str) -> bool:
    """Whether the program of an end is just inside a setsockopt() of an option."""
    running = flow.programs.running(side)
    return bool(running) and running[-1][1].name == "setsockopt" and option in running[-1][1].arguments


RULES: tuple[Rule, ...] = (held_by_option, uncorked)
