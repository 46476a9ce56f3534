"""Connections nobody has accepted yet: the kernel makes them and answers for them, as many as listen() lets wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Severity, State, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import acked_data, call_at, stretch

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow


def queued(end: End) -> bool:
    """Whether an end is a connection of a traced listener that no accept() has taken."""
    return end.listening is not None and end.connection is None


def busy(step: Step, flow: Flow) -> bool:
    """Whether the listening program is not even in accept()."""
    return not any(call.name == "accept" for _, call in flow.programs.running(step.side))


def room(flow: Flow, end: End) -> int | None:
    """How many finished connections Linux lets wait at a listener: one more than the number given to listen()."""
    call = call_at(flow, flow.steps[end.listening].call) if end.listening is not None else None
    if call is None or not call.arguments.isdecimal():
        return None
    return int(call.arguments) + 1


def waiting(flow: Flow, end: End) -> int:
    """How many finished connections wait in the queue of an end's listener."""
    lines = [each.ends[end.side] for each in flow.kin]
    return sum(
        queued(each) and each.endpoint == end.endpoint and each.syn_acked is not None and each.state is not State.CLOSED
        for each in lines
    )


def full(flow: Flow, end: End) -> int | None:
    """How many wait, where no more may: then the kernel drops SYNs that come for this listener."""
    allowed = room(flow, end) if queued(end) else None
    return allowed if allowed is not None and waiting(flow, end) >= allowed else None


EARLY = """
S: listen(5) = 0
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
C: send(10)
   C > S  PSH ACK 1:11
   S > C  ACK 11            # tcp.acked-before-accept
C: = 10
S: accept() = socket 7
   C > S  PSH ACK 11:21
   S > C  ACK 21
"""


@rule("tcp.acked-before-accept", "RFC 9293 section 3.9.1.1, listen(2)", on="segment", example=EARLY)
def acked_before_accept(step: Step, flow: Flow) -> Iterator[Finding]:
    """Acknowledged, though no program has the connection yet.

    The kernel completes the handshake and takes data for connections in its queue, up to the receive buffer. For the
    client all is well: connect() and send() have returned. Only an answer would show that a program is there. What
    accept() does is to make a socket of a connection that has been there for a while.
    """
    me, data = flow.ends[step.side], acked_data(step, flow)
    if data is None or not queued(me) or not busy(step, flow) or not flow.once("tcp.acked-before-accept"):
        return
    yield find(
        "The {side}'s kernel has {what} and acknowledges them, though its program has not called accept() for this"
        " connection: they wait in the kernel.",
        evidence=(me.listening, me.syn_acked),
        side=step.side,
        what=stretch(*data),
    )


QUEUE = """
S: listen(0) = 0
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK               # tcp.queue-full
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
"""


@rule("tcp.queue-full", "listen(2)", on="arrival", example=QUEUE, severity=Severity.NOTICE)
def queue_full(step: Step, flow: Flow) -> Iterator[Finding]:
    """The queue of finished connections is full.

    A listener has two queues: one for handshakes that are under way, and one for finished connections that wait for
    accept(). The number given to listen() bounds the second, and Linux lets one more wait than that number. It does
    not say how many clients a server can have: whoever has been accepted is in no queue.
    """
    you = flow.ends[step.side.other]
    if you.syn_acked != step.index or not queued(you):
        return
    allowed = room(flow, you)
    if allowed is None or waiting(flow, you) != allowed:
        return
    yield find(
        "The handshake is complete without accept(), and the queue of finished connections is full: {count} of them"
        " wait, and listen({number}) lets no more than {count} wait on Linux."
        if allowed > 1
        else "The handshake is complete without accept(), and the queue of finished connections is full: listen(0) lets"
        " one wait on Linux.",
        evidence=(you.listening,),
        since=you.listening,
        count=allowed,
        number=allowed - 1,
    )


RULES: tuple[Rule, ...] = (acked_before_accept, queue_full)
