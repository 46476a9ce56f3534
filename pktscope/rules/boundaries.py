"""UDP's boundaries, seen by the program: one datagram a call however many wait, and a flag for what was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from pktscope.model import Return, Severity, Side, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at, frames, spelled

if TYPE_CHECKING:
    from pktscope.ends import Datagram
    from pktscope.flow import Flow

LOOKED_AT = 64
"""Datagrams behind the one returned that are looked at: more is not needed for the lesson."""

THREE = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  UDP 3 "one"
   C > S  UDP 3 "two"
   C > S  UDP 5 "three"
S: recvfrom(1024) = 3           # udp.one-at-a-time
S: recvfrom(1024) = 3
S: recvfrom(1024) = 5
"""


def arrived(flow: Flow, datagram: Datagram) -> bool:
    """Whether a datagram is known to have reached the other host: on loopback by being sent, on a path never."""
    if flow.links and flow.steps[datagram.step].side is Side.CLIENT:
        return False
    if not flow.wire:
        return True
    fate = flow.fates.get(datagram.step)
    return fate is not None and bool(fate.delivered)


@rule("udp.one-at-a-time", "RFC 768, recvfrom(2)", on="return", example=THREE)
def one_at_a_time(step: Step, flow: Flow) -> Iterator[Finding]:
    """Several datagrams wait, and recvfrom() returns one.

    The buffer may have room for all of them: a call returns one datagram, from its first byte to its last, and never
    a part of the next. What TCP would have returned in one piece ("sticky packets") comes out one by one here, as it
    was sent.
    """
    received, call = flow.now.received, call_at(flow, step.call)
    if received is None or call is None or step.call is None or call.length is None:
        return
    sent, behind = flow.ends[step.side.other].datagrams, flow.ends[step.side].taken.get(call.socket, 0)
    ahead = [each for each in islice(sent, behind, behind + LOOKED_AT) if each.step < step.call and arrived(flow, each)]
    if not ahead or received.length + ahead[0].length > call.length or not flow.once("udp.one-at-a-time"):
        return
    yield find(
        "{call} returned one datagram, although its buffer had room for more and {count:datagrams} more had arrived"
        " ({frames}): nothing sticks together.",
        evidence=(step.call, received.step, *(each.step for each in ahead[:3])),
        since=received.step,
        call=spelled(call),
        count=len(ahead),
        frames=frames([flow.frame_number(each.step) for each in ahead]),
    )


CUT = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  UDP 10
S: recvmsg(4)
S: = 4 MSG_TRUNC                # udp.msg-trunc
   C > S  UDP 3
S: recvmsg(4) = 3
"""


@rule("udp.msg-trunc", "recv(2)", on="return", example=CUT, severity=Severity.NOTICE)
def msg_trunc(step: Step, flow: Flow) -> Iterator[Finding]:
    """MSG_TRUNC: the kernel says that the datagram was longer than the buffer.

    recvfrom() cannot say it; recvmsg() returns flags, and this is one of them. In C, recv() with MSG_TRUNC among the
    flags asked for returns the real length. Neither brings the rest back.
    """
    returned, received = step.observation, flow.now.received
    if not isinstance(returned, Return) or received is None or "MSG_TRUNC" not in returned.result:
        return
    if (returned.length or 0) >= received.length:
        return
    yield find(
        "{name}() returned the flag MSG_TRUNC: the kernel says that the datagram was longer than what was asked for."
        " recvfrom() returns no flags, and so says nothing of it.",
        evidence=(step.call, received.step),
        since=received.step,
        name=returned.name,
    )


RULES: tuple[Rule, ...] = (one_at_a_time, msg_trunc)
