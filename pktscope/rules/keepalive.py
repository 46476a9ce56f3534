"""SO_KEEPALIVE: what a program asks its kernel to do while nothing is said. (What it then sends is in `window`.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Return, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import call_at
from pktscope.words import duration

if TYPE_CHECKING:
    from pktscope.flow import Flow

LINUX = {"TCP_KEEPIDLE": 7200, "TCP_KEEPINTVL": 75, "TCP_KEEPCNT": 9}
"""What counts where the program says nothing: tcp(7)."""

ASKING = """
C: setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 60) = None
C: setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
C: = None                        # socket.keep-alive
C: setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0) = None
"""


def limit(flow: Flow, step: Step, option: str) -> int:
    """What an option is set to; Linux's own value if it is not."""
    text = flow.ends[step.side].settings.get(option, "")
    return int(text) if text.isdecimal() else LINUX[option]


@rule("socket.keep-alive", "RFC 9293 section 3.8.4, tcp(7)", on="return", example=ASKING)
def keep_alive_asked(step: Step, flow: Flow) -> Iterator[Finding]:
    """SO_KEEPALIVE: let the kernel ask whether the other end is still there.

    Without it a connection on which nobody speaks stands for ever, even if the other host lost its power days ago. On
    Linux the kernel asks after two hours, then every 75 seconds, and gives up after nine without an answer;
    TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT change that for one socket. A protocol that must know sooner asks by
    itself, and thereby asks the program, not only the kernel.
    """
    call = call_at(flow, step.call)
    if call is None or not isinstance(step.observation, Return) or step.observation.error:
        return
    if call.name != "setsockopt" or "SO_KEEPALIVE" not in call.arguments:
        return
    if flow.ends[step.side].settings.get("SO_KEEPALIVE", "0") in ("0", "False"):
        return
    yield find(
        "SO_KEEPALIVE: after {idle} of silence the {side}'s kernel will ask the other end for an answer, again every"
        " {interval} while none comes, and give up after {count} without one. Nothing is sent now.",
        evidence=(step.call,),
        idle=duration(limit(flow, step, "TCP_KEEPIDLE") * 10**9),
        side=step.side,
        interval=duration(limit(flow, step, "TCP_KEEPINTVL") * 10**9),
        count=limit(flow, step, "TCP_KEEPCNT"),
    )


RULES: tuple[Rule, ...] = (keep_alive_asked,)
