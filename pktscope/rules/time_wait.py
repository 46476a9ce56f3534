"""Starting again: which ports a connection in TIME_WAIT keeps, and SO_REUSEADDR."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Call, Return, Side, State, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at, spelled
from pktscope.rules.teardown import OPEN

if TYPE_CHECKING:
    from pktscope.flow import Flow

LASTS = 60_000_000_000
"""Nanoseconds of TIME_WAIT on Linux, whatever net.ipv4.tcp_fin_timeout says."""
PORT = re.compile(r"(\d{1,5})\)*$")


def port_of(call: Call) -> int | None:
    """The port a bind() asks for."""
    found = PORT.search(call.arguments)
    return int(found[1]) if found else None


def over(flow: Flow, step: Step, port: int, waiting: Side) -> Flow | None:
    """A connection of the caller's port that is over, and for which that side waits in TIME_WAIT; the newest."""
    for each in reversed(flow.kin):
        mine, last = each.ends[step.side].endpoint, each.ends[waiting.other].fin
        if mine is None or mine.port != port or last is None or step.time - each.steps[last].time >= LASTS:
            continue
        if each.ends[waiting].state is State.TIME_WAIT and each.ends[waiting.other].state is State.CLOSED:
            return each
    return None


def lingering(flow: Flow, step: Step, call: Call) -> Flow | None:
    """The connection in TIME_WAIT that keeps the caller from a port, or would; None if none is known."""
    port = port_of(call)
    return None if port is None else over(flow, step, port, step.side)


def bound(step: Step, flow: Flow) -> Call | None:
    """The bind() of a TCP socket that has just succeeded."""
    call = call_at(flow, step.call)
    if call is None or not isinstance(step.observation, Return) or step.observation.error:
        return None
    return call if call.name == "bind" and call.protocol in ("tcp", "") else None


def reuses(flow: Flow, side: Side) -> bool:
    """Whether the program has set SO_REUSEADDR."""
    return flow.ends[side].settings.get("SO_REUSEADDR", "0") not in ("0", "False")


SERVER_FIRST = (
    OPEN
    + """
   S > C  FIN ACK
   C > S  ACK 2
   C > S  FIN ACK
   S > C  ACK 12
S: bind(8000) = EADDRINUSE
S: setsockopt(SOL_SOCKET, SO_REUSEADDR, 1) = None
S: bind(8000) = 0                  # socket.reuse-address
"""
)


@rule("socket.reuse-address", "RFC 9293 section 3.6.1, socket(7)", on="return", example=SERVER_FIRST)
def reuse_address(step: Step, flow: Flow) -> Iterator[Finding]:
    """SO_REUSEADDR: a connection in TIME_WAIT does not keep its port.

    Nothing is lost by it: the old connection stays in TIME_WAIT and still answers its old peer. A new one is told apart
    by its four numbers, so it is only the listener's port that is shared. Two listeners on one port are still refused.
    On Linux the old socket must have had the option as well, so every server sets it, from its first start.
    """
    call = bound(step, flow)
    old = lingering(flow, step, call) if call is not None and reuses(flow, step.side) else None
    if call is None or old is None:
        return
    yield find(
        "{call} succeeded, although the connection with {peer} is still in TIME_WAIT at this port: both that socket's"
        " listener and this socket have SO_REUSEADDR."
        if reuses(old, step.side)
        else "{call} succeeded, although the connection with {peer} is still in TIME_WAIT at this port: this socket has"
        " SO_REUSEADDR.",
        evidence=(step.call,),
        call=spelled(call),
        peer=old.ends[step.side.other].endpoint,
    )


CLIENT_FIRST = (
    OPEN
    + """
   C > S  FIN ACK
   S > C  ACK 12
   S > C  FIN ACK
   C > S  ACK 2
S: bind(8000) = 0                  # socket.free-again
"""
)


@rule("socket.free-again", "RFC 9293 section 3.6.1", on="return", example=CLIENT_FIRST)
def free_again(step: Step, flow: Flow) -> Iterator[Finding]:
    """The port is free at once where the other end closed first.

    TIME_WAIT is at the end that closed first, and it keeps that end's port. A client has so many of them that it does
    not matter; so a protocol in which the client closes first spares its server the question.
    """
    call = bound(step, flow)
    port = port_of(call) if call is not None else None
    old = over(flow, step, port, step.side.other) if port is not None else None
    if call is None or old is None or lingering(flow, step, call) is not None:
        return
    yield find(
        "{call} succeeded at once: the {other} closed the last connection first, so TIME_WAIT is at its end, at"
        " {peer}, and not at this port.",
        evidence=(step.call,),
        call=spelled(call),
        other=step.side.other,
        peer=old.ends[step.side.other].endpoint,
    )


RULES: tuple[Rule, ...] = (reuse_address, free_again)
