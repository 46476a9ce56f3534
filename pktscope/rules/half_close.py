"""shutdown(): closing one direction, or both, and keeping the socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at
from pktscope.rules.teardown import OPEN
from pktscope.words import N_

if TYPE_CHECKING:
    from pktscope.flow import Flow

MEANINGS = {
    "SHUT_WR": N_(
        "shutdown(SHUT_WR) closes one direction: the {side} sends no more. The socket stays open, and recv() on it goes"
        " on returning what the {other} sends."
    ),
    "SHUT_RD": N_(
        "shutdown(SHUT_RD) tells only the {side}'s own kernel that nobody here will read; nothing is sent, and the"
        " {other} does not know."
    ),
    "SHUT_RDWR": N_(
        "shutdown(SHUT_RDWR) closes both directions for the {side}, but not the socket: that is still to be given back"
        " with close()."
    ),
}

SECOND = N_(
    "shutdown(SHUT_WR) closes the direction that was still open: the {side} sends no more, as the {other} before it."
    " The socket is still to be given back with close()."
)
"""What SHUT_WR means once the other end has sent its FIN."""

SHUT = (
    OPEN
    + """
C: shutdown(SHUT_WR)
   C > S  FIN ACK
C: = 0                  # tcp.shutdown
   S > C  ACK 12
S: recv(1024) = 0
S: shutdown(SHUT_WR)
   S > C  FIN ACK
S: = 0                  # tcp.shutdown
"""
)


@rule("tcp.shutdown", "RFC 9293 section 3.6, shutdown(2)", on="return", example=SHUT)
def shut_down(step: Step, flow: Flow) -> Iterator[Finding]:
    """shutdown() closes a direction, close() gives the socket back.

    shutdown(SHUT_WR) makes the kernel send FIN, behind everything that was sent before, and leaves the socket open for
    receiving: "that was all, now I listen". close() makes it send FIN too, but then nobody can read any more, and data
    that still comes is answered with RST. shutdown(SHUT_RD) puts nothing on the wire.
    """
    returned, call = step.observation, call_at(flow, step.call)
    if not isinstance(returned, Return) or call is None or call.name != "shutdown" or returned.error:
        return
    message = MEANINGS.get(call.arguments.strip("()"))
    if message is None or call.protocol != "tcp":
        return
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if message is MEANINGS["SHUT_WR"] and me.fin is not None and you.fin is not None and you.fin < me.fin:
        message = SECOND
    yield find(message, evidence=(step.call, me.fin), side=step.side, other=step.side.other)


RULES: tuple[Rule, ...] = (shut_down,)
