"""Why a kernel sent RST where its program only closed: SO_LINGER, unread bytes, a listener with connections waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import RST, Call, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.reset import counts, unread
from pktscope.rules.teardown import OPEN

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow

AT_ONCE = "pack('ii', 1, 0)"
"""struct linger: linger on, for 0 seconds."""


def closing(step: Step, flow: Flow) -> tuple[int, Call] | None:
    """The close() that was running as a RST left, and its step; None where there was none, or no RST that counts."""
    if not counts(step, flow):
        return None
    return next(((at, call) for at, call in flow.programs.running(step.side) if call.name == "close"), None)


def left_unread(me: End, you: End) -> int:
    """Octets the program never read, the FIN's number not counted."""
    return unread(me, you)


LINGER = (
    OPEN
    + """
C: setsockopt(SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) = None
C: close()
   C > S  RST ACK           # tcp.reset-linger
C: = None
"""
)


@rule("tcp.reset-linger", "socket(7)", on="segment", example=LINGER, severity=Severity.NOTICE, flags=RST)
def reset_linger(step: Step, flow: Flow) -> Iterator[Finding]:
    """SO_LINGER with a time of 0: close() sends RST instead of FIN.

    SO_LINGER says how long close() may wait for what is not acknowledged yet. With a time of 0 the kernel does not even
    try: it throws the rest away and sends RST. Some use it to get rid of TIME_WAIT; what they get rid of as well is the
    certainty that the last bytes arrive.
    """
    found = closing(step, flow)
    if found is None or flow.ends[step.side].settings.get("SO_LINGER") != AT_ONCE:
        return
    yield find(
        "The {side}'s program asked for this: it had set SO_LINGER with a time of 0, and so its close() sends RST"
        " instead of FIN.",
        evidence=(found[0],),
        side=step.side,
    )


UNREAD = """
C: connect(8000)
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
C: = 0
   S > C  PSH ACK 1:11
   C > S  ACK 11
C: close()
   C > S  RST ACK           # tcp.reset-unread
C: = 0
"""


@rule(
    "tcp.reset-unread", "RFC 1122 section 4.2.2.13, RFC 2525", on="segment", example=UNREAD, severity=Severity.NOTICE,
    flags=RST,
)  # fmt: skip
def reset_unread(step: Step, flow: Flow) -> Iterator[Finding]:
    """close() with bytes that nobody read: RST instead of FIN.

    A FIN would say that all went well, and the sender would believe that its bytes had been read. So the kernel sends
    RST. A server that answers and closes without reading its request to the end does this to its client, whose recv()
    then fails, and may take the answer with it.
    """
    found, me, you = closing(step, flow), flow.ends[step.side], flow.ends[step.side.other]
    if found is None or me.settings.get("SO_LINGER") == AT_ONCE:
        return
    if (count := left_unread(me, you)) > 0:
        yield find(
            "The reason is the {count:bytes} that close() found unread: a FIN would tell the {other} that all is well,"
            " so the kernel sends RST.",
            evidence=(found[0],),
            count=count,
            other=step.side.other,
        )


QUEUED = """
S: listen(5) = 0
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
S: close()
   S > C  RST ACK           # tcp.reset-queued
S: = 0
"""


@rule("tcp.reset-queued", "listen(2)", on="segment", example=QUEUED, severity=Severity.NOTICE, flags=RST)
def reset_queued(step: Step, flow: Flow) -> Iterator[Finding]:
    """A listener that is closed resets the connections in its queue.

    Their handshakes are complete, so their clients believe that they are connected, and may have sent something. But no
    accept() has made a socket of them, so no program could read from them or close them.
    """
    found, me = closing(step, flow), flow.ends[step.side]
    if found is None or me.listening is None or me.connection is not None or me.syn_acked is None:
        return
    yield find(
        "The {side} closed its listener while this connection, complete since frame {frame}, waited in its queue: no"
        " accept() had taken it, so the kernel resets it.",
        evidence=(found[0], me.syn_acked),
        since=me.syn_acked,
        side=step.side,
        frame=flow.frame_number(me.syn_acked),
    )


RULES: tuple[Rule, ...] = (reset_linger, reset_unread, reset_queued)
