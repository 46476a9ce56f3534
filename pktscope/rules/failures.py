"""Socket calls that failed, and the packet behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Call, Frame, Icmp, Return, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import stretch
from pktscope.rules.reset import REFUSED
from pktscope.words import Phrase, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow


def icmp_to(flow: Flow, step: Step) -> int | None:
    """The ICMP error that is the newest thing the other end's way sent back."""
    last = flow.ends[step.side.other].last_frame
    if last is None:
        return None
    seen = flow.observed(last)
    return last if isinstance(seen, Frame) and isinstance(seen.transport, Icmp) and seen.transport.quoted else None


def on_reset(step: Step, flow: Flow) -> tuple[Phrase, int | None]:
    """ECONNREFUSED, ECONNRESET: the RST."""
    rst, answer = flow.ends[step.side.other].reset, icmp_to(flow, step)
    if rst is not None:
        return phrase("this is the RST of frame {frame}", frame=flow.frame_number(rst)), rst
    if answer is not None:
        return phrase("this is the ICMP error of frame {frame}", frame=flow.frame_number(answer)), answer
    return phrase("no RST that explains it is in this capture"), None


def on_icmp(step: Step, flow: Flow) -> tuple[Phrase, int | None]:
    """EHOSTUNREACH, ENETUNREACH: the ICMP error, if one came."""
    answer = icmp_to(flow, step)
    if answer is not None:
        return phrase("this is the ICMP error of frame {frame}", frame=flow.frame_number(answer)), answer
    if any(flow.neighbours.asked.values()):
        return phrase("the kernel asked for the peer by ARP, and nobody answered"), None
    return phrase("the kernel knows no way to the peer; no ICMP error is in this capture"), None


def on_pipe(step: Step, flow: Flow) -> tuple[Phrase, int | None]:
    """EPIPE: the connection is gone, or this direction closed."""
    rst, fin = flow.ends[step.side.other].reset, flow.ends[step.side].fin
    if rst is not None:
        reason = phrase(
            "the RST of frame {frame} had ended the connection, so nobody can read this", frame=flow.frame_number(rst)
        )
        return reason, rst
    if fin is not None:
        reason = phrase(
            "its own side had sent FIN (frame {frame}), so it may not send any more", frame=flow.frame_number(fin)
        )
        return reason, fin
    return phrase("this direction is closed"), None


def on_give_up(step: Step, flow: Flow) -> tuple[Phrase, int | None]:
    """ETIMEDOUT: what nobody answered, and how often it was sent."""
    me = flow.ends[step.side]
    asked = flow.marks.get(f"keep-alive {step.side}")
    if me.unacked_at >= len(me.sent):
        if asked is not None:
            reason = phrase("keep-alives, the last in frame {frame}, got no answer", frame=flow.frame_number(asked))
            return reason, asked
        return phrase("the kernel had waited in vain for an answer"), None
    piece = me.sent[me.unacked_at]
    what = phrase("the SYN") if piece.first == 0 and me.syn == piece.step else stretch(piece.first, piece.end)
    if me.fin_end is not None and piece.first >= me.fin_end - 1:
        what = phrase("the FIN")
    reason = phrase(
        "{what} (frame {frame}) went out {times:times} without an answer",
        what=what,
        frame=flow.frame_number(piece.step),
        times=1 + len(piece.again),
    )
    return reason, piece.step


REASONS = {
    "ECONNREFUSED": on_reset,
    "ECONNRESET": on_reset,
    "ECONNABORTED": on_reset,
    "EPIPE": on_pipe,
    "ETIMEDOUT": on_give_up,
    "EHOSTUNREACH": on_icmp,
    "ENETUNREACH": on_icmp,
}
PLAIN = {
    "EADDRNOTAVAIL": phrase("this machine has no such address"),
    "EACCES": phrase("this user may not do that"),
    "ENOTCONN": phrase("the socket is not connected"),
    "EISCONN": phrase("the socket is already connected"),
    "EBADF": phrase("the socket is closed"),
    "EINVAL": phrase("the socket is not in a state for this call"),
}
TOLD_ELSEWHERE = frozenset({"timeout", "EAGAIN", "EWOULDBLOCK", "EADDRINUSE"})
"""What rules of their own explain."""
NOT_YET = {
    "EINPROGRESS": phrase("the SYN has been sent, and this socket is set not to wait for the answer"),
    "EALREADY": phrase("the first connect() is still under way"),
}


@rule("tcp.call-failed", "RFC 9293 section 3.9.1", on="return", example=REFUSED, severity=Severity.ERROR)
def call_failed(step: Step, flow: Flow) -> Iterator[Finding]:
    """A socket call failed: which packet is behind it.

    A RST becomes ECONNREFUSED while connecting, ECONNRESET on a standing connection, and EPIPE for whoever writes after
    that. ETIMEDOUT means that the kernel tried again and again and gave up. A time limit set with settimeout() is the
    program's own and puts nothing on the wire.
    """
    returned = step.observation
    called = flow.observed(step.call) if step.call is not None else None
    if not isinstance(returned, Return) or not isinstance(called, Call) or not returned.error:
        return
    if called.protocol != "tcp" or returned.error in TOLD_ELSEWHERE:
        return
    if returned.error == "TypeError" and called.name.startswith("send"):  # program.wants-bytes explains it
        return
    proof, severity = None, Severity.ERROR
    reason: Phrase | None
    if returned.error in REASONS:
        reason, proof = REASONS[returned.error](step, flow)
    elif returned.error in NOT_YET:
        reason, severity = NOT_YET[returned.error], Severity.LESSON
        if not flow.once(f"tcp.call-failed {step.side} {returned.name} {returned.error}"):
            return
    else:
        reason = PLAIN.get(returned.error)
    yield find(
        "{name}() failed with {error}: {reason}." if reason else "{name}() failed with {error}.",
        evidence=(step.call, proof),
        since=step.call,
        severity=severity,
        name=returned.name,
        error=returned.error,
        reason=reason,
    )


RULES: tuple[Rule, ...] = (call_failed,)
