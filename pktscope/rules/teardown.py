"""Closing a connection in order: FINs and what acknowledges them, half-close, TIME_WAIT, FINs and SYNs that cross."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import FIN, Call, Return, Side, State, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.phrases import brought, call_at, stretch
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow

OPEN = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
   C > S  PSH ACK 1:11
   S > C  ACK 11
"""

FOUR = (
    OPEN
    + """
S: recv(1024) = 10
S: recv(1024)
C: close()
   C > S  FIN ACK       # tcp.fin
C: = 0
   S > C  ACK 12        # tcp.fin-acked
S: = 0                  # tcp.end-of-stream
S: close()
   S > C  FIN ACK       # tcp.fin-second
S: = 0
   C > S  ACK 2         # tcp.closed tcp.time-wait
   C > S  ACK 2
"""
)

THREE = (
    OPEN
    + """
   C > S  FIN ACK       # tcp.fin
+200us
   S > C  FIN ACK 12    # tcp.fin-and-ack
   C > S  ACK 2         # tcp.closed tcp.time-wait
"""
)


def changed(step: Step, side: Side) -> bool:
    """Whether the step moved an end to another state."""
    at = 0 if side is Side.CLIENT else 1
    return step.before[at] is not step.after[at]


def closer(step: Step, flow: Flow) -> Words:
    """Which call made the kernel send a FIN, where the program was watched: to put behind 'no more to send'."""
    called = flow.observed(step.call) if step.call is not None else None
    if not isinstance(called, Call):
        return ""
    known = {
        "close": phrase(": its program called close()"),
        "shutdown": phrase(": its program called shutdown({arguments})", arguments=called.arguments),
        "exit": phrase(": its program ended, and the kernel closes what it left open"),
    }
    return known.get(called.name, "")


def crossing(step: Step, you: End) -> bool:
    """Whether the sender of this segment cannot have had the other's FIN: it acknowledges less than that."""
    ack = step.segment.ack if step.segment is not None else None
    return you.fin_end is not None and ack is not None and ack < you.fin_end


def arrived_fin(flow: Flow, end: End) -> int:
    """The step of the copy of an end's FIN that reached the other end; of its first, where nobody knows."""
    piece = next((each for each in reversed(end.sent) if each.end == end.fin_end), None)
    return brought(flow, piece) if piece is not None else end.fin or 0


def brings_ack(step: Step, you: End) -> bool:
    """Whether this segment is the first to acknowledge the other's FIN, though it may not have arrived yet."""
    segment = step.segment
    if segment is None or segment.ack is None or you.fin_end is None:
        return False
    return you.fin_acked == step.index or (segment.ack - segment.acked < you.fin_end <= segment.ack)


@rule("tcp.fin", "RFC 9293 section 3.6", on="segment", example=FOUR, flags=FIN)
def fin(step: Step, flow: Flow) -> Iterator[Finding]:
    """FIN: one end has no more to send.

    A FIN ends one direction only: its sender may not send another byte, but it can still receive, and the other end may
    go on sending. It takes one sequence number, so it is acknowledged like a byte, is sent again if it gets lost, and
    never overtakes data. close() sends it once everything written before has gone; so does shutdown(SHUT_WR), and so
    does the kernel for a program that ends without closing its socket.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.fin != step.index or you.fin is not None or step.segment is None:
        return
    number = step.segment.end - 1
    brings: Words = "FIN"
    if step.octets is not None:
        brings = phrase("FIN with the last of its bytes ({stretch})", stretch=stretch(*step.octets))
    yield find(
        "{brings}: the {side} has no more to send{cause}. FIN takes one number, {number:,}.{state}",
        evidence=(step.call,),
        brings=brings,
        side=step.side,
        cause=closer(step, flow),
        number=number,
        state=phrase(" The {side} is now in {state}.", side=step.side, state=me.state)
        if changed(step, step.side)
        else "",
    )


@rule("tcp.fin-acked", "RFC 9293 section 3.6", on="arrival", example=FOUR)
def fin_acked(step: Step, flow: Flow) -> Iterator[Finding]:
    """The first FIN is acknowledged, and half of the connection is closed.

    The kernel acknowledges a FIN by itself. It waits for the program before it sends a FIN of its own: until the
    program calls close(), its end stays in CLOSE_WAIT and the other in FIN_WAIT_2. A server that piles up sockets in
    CLOSE_WAIT has a program that forgot to close them.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if you.fin_acked != step.index or you.fin is None or step.segment is None:
        return
    if me.fin is not None and me.fin <= step.index:
        return
    there = arrived_fin(flow, you)
    yield find(
        "ACK {ack:,}: the {side} has the {other}'s FIN (frame {frame}). The {other} is now in {theirs}, the {side} in"
        " {mine}: its own direction stays open until it sends FIN too."
        if me.fin is None
        else "ACK {ack:,}: the {side} has the {other}'s FIN (frame {frame}). The {other} is now in {theirs}, the {side}"
        " in {mine}, for meanwhile its own FIN has left.",
        evidence=(there, me.fin),
        since=there,
        ack=step.segment.ack,
        side=step.side,
        other=step.side.other,
        frame=flow.frame_number(there),
        theirs=you.state,
        mine=me.state,
    )


@rule("tcp.fin-second", "RFC 9293 section 3.6", on="segment", example=FOUR, flags=FIN)
def fin_second(step: Step, flow: Flow) -> Iterator[Finding]:
    """The other end's FIN: now neither has more to send.

    It comes when the program at this end closes its socket too, which may be at once or never. Its sender is in
    LAST_ACK until the last acknowledgement arrives.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.fin != step.index or you.fin is None or brings_ack(step, you) or crossing(step, you):
        return
    yield find(
        "FIN from the {side} too, {waited:duration} after the {other}'s (frame {frame}){cause}. Now neither has more to"
        " send; the {side} is in {mine} until this FIN is acknowledged.",
        evidence=(you.fin, step.call),
        since=you.fin,
        side=step.side,
        cause=closer(step, flow),
        waited=step.time - flow.steps[you.fin].time,
        other=step.side.other,
        frame=flow.frame_number(you.fin),
        mine=me.state,
    )


@rule("tcp.fin-and-ack", "RFC 9293 section 3.6", on="segment", example=THREE, flags=FIN)
def fin_and_ack(step: Step, flow: Flow) -> Iterator[Finding]:
    """FIN and ACK in one segment: three segments close the connection instead of four.

    Textbooks draw four segments. A kernel does not have to acknowledge at once; if its program closes the socket before
    the acknowledgement is due, the same segment carries both. A program that closes as soon as recv() returns b"" is
    quick enough, so this is the usual form.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.fin != step.index or you.fin is None or not brings_ack(step, you):
        return
    there = arrived_fin(flow, you)
    yield find(
        "FIN,ACK: the {side} acknowledges the {other}'s FIN (frame {frame}) and has no more to send either{cause}. The"
        " ACK rides on this FIN, {waited:duration} after that one: three segments instead of four, the usual form.",
        evidence=(there, step.call),
        since=there,
        side=step.side,
        other=step.side.other,
        frame=flow.frame_number(there),
        cause=closer(step, flow),
        waited=step.time - flow.steps[there].time,
    )


def is_last_ack(step: Step, flow: Flow) -> bool:
    """Whether this segment acknowledges the second of two FINs."""
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    return you.fin_acked == step.index and me.fin_acked is not None and you.fin is not None and me.fin is not None


@rule("tcp.closed", "RFC 9293 section 3.6", on="arrival", example=FOUR)
def closed(step: Step, flow: Flow) -> Iterator[Finding]:
    """The last ACK: both directions are closed.

    Whoever receives it is done at once and forgets the connection. Whoever sends it cannot know whether it arrives, and
    that is what TIME_WAIT is for.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if not is_last_ack(step, flow) or me.fin is None or you.fin is None or step.segment is None:
        return
    began = min(me.fin, you.fin)
    yield find(
        "ACK {ack:,}, the last segment needed: the {other}'s FIN (frame {frame}) is acknowledged, and the {other} is"
        " now in {theirs}. Closing took {took:duration} from the first FIN.",
        evidence=(me.fin, you.fin),
        since=began,
        ack=step.segment.ack,
        other=step.side.other,
        frame=flow.frame_number(you.fin),
        theirs=you.state,
        took=step.time - flow.steps[began].time,
    )


@rule("tcp.time-wait", "RFC 9293 section 3.6.1", on="segment", example=FOUR)
def time_wait(step: Step, flow: Flow) -> Iterator[Finding]:
    """TIME_WAIT: the end that closed first waits.

    It waits for twice the maximum segment lifetime (2 MSL; Linux waits 60 seconds) for two reasons: if its last ACK is
    lost, the other end sends its FIN again and must be answered; and segments still on their way must not be taken for
    those of a new connection between the same two endpoints. A server that closes first leaves its port so, which is
    why one that is started again asks for SO_REUSEADDR.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    last = brings_ack(step, you) if flow.wire else is_last_ack(step, flow)
    if not last or me.state is not State.TIME_WAIT or you.state is State.TIME_WAIT:
        return
    yield find(
        "The {side} sent its FIN first (frame {frame}), so it stays in TIME_WAIT for 2 MSL (twice the longest life of a"
        " segment): if this ACK is lost, it can still answer the {other}'s FIN.",
        evidence=(me.fin, you.fin),
        side=step.side,
        frame=flow.frame_number(me.fin or 0),
        other=step.side.other,
    )


CROSSED = (
    OPEN
    + """
   C > S  FIN ACK
   S > C  FIN ACK 11
   C > S  ACK 2
   S > C  ACK 12        # tcp.time-wait-both
"""
)


@rule("tcp.time-wait-both", "RFC 9293 section 3.6.1", on="arrival", example=CROSSED)
def time_wait_both(step: Step, flow: Flow) -> Iterator[Finding]:
    """Both ends closed first, so both wait in TIME_WAIT.

    After a simultaneous close neither knows whether its last ACK has arrived, so both must be able to answer a FIN that
    comes again.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if is_last_ack(step, flow) and me.state is you.state is State.TIME_WAIT:
        yield find(
            "Both ends sent their FIN before they had the other's, so both stay in TIME_WAIT for 2 MSL (twice the"
            " longest life of a segment).",
            evidence=(me.fin, you.fin),
        )


HALF = (
    OPEN
    + """
C: shutdown(SHUT_WR)
   C > S  FIN ACK       # tcp.fin
C: = 0
   S > C  ACK 12
   S > C  PSH ACK 1:31  # tcp.half-close
   C > S  ACK 31
   S > C  PSH ACK 31:61
   C > S  ACK 61
"""
)


@rule("tcp.half-close", "RFC 9293 section 3.6", on="segment", example=HALF)
def half_close(step: Step, flow: Flow) -> Iterator[Finding]:
    """Data after the other end's FIN: one direction is closed, the other is not.

    shutdown(SHUT_WR) makes this on purpose: "that was my whole request, now I read your answer". The end that sent FIN
    goes on acknowledging.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    known = you.fin_delivered if flow.wire else you.fin_acked is not None
    if step.octets is None or you.fin is None or not known or not flow.now.fresh or you.fin == step.index:
        return
    if crossing(step, you) or me.reset is not None or you.reset is not None or not flow.once("tcp.half-close"):
        return
    cause = call_at(flow, flow.steps[you.fin].call)
    side, other, what = step.side, step.side.other, stretch(*step.octets)
    frame, evidence = flow.frame_number(you.fin), (you.fin, you.fin_acked)
    if cause is not None and cause.name in ("close", "exit"):
        yield find(
            "The {side} still sends ({what}), though it has the {other}'s FIN (frame {frame}). A FIN ends one direction"
            " only: the {side} cannot know that the {other}'s program has closed both, with {call}().",
            evidence=evidence, since=you.fin, side=side, other=other, what=what, frame=frame, call=cause.name,
        )  # fmt: skip
        return
    yield find(
        "The {side} still sends ({what}), though it has the {other}'s FIN (frame {frame}): a FIN"
        " ends one direction only, and this one is still open (half-close).",
        evidence=evidence, since=you.fin, side=side, other=other, what=what, frame=frame,
    )  # fmt: skip


READS = frozenset({"recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "read"})
EMPTY = {"recv": 'b""', "recvfrom": 'b""', "read": 'b""', "recvmsg": 'b""'}


@rule("tcp.end-of-stream", "RFC 9293 section 3.9.1.4", on="return", example=FOUR)
def end_of_stream(step: Step, flow: Flow) -> Iterator[Finding]:
    """recv() returns b"": that is the FIN, not an error.

    TCP has no empty messages, so nothing received means that nothing more will come: every byte before the FIN has been
    handed over. A receive loop ends here; one that does not test for it spins for ever.
    """
    returned, me, you = step.observation, flow.ends[step.side], flow.ends[step.side.other]
    if not isinstance(returned, Return) or returned.name not in READS or returned.error or returned.length != 0:
        return
    called = flow.observed(step.call) if step.call is not None else None
    if not isinstance(called, Call) or called.protocol != "tcp" or called.length == 0 or you.fin is None:
        return
    if not you.fin_delivered or not flow.once(f"tcp.end-of-stream {me.side}"):
        return
    there = arrived_fin(flow, you)
    yield find(
        "{name}() returned {nothing}: this is the {other}'s FIN (frame {frame}), the orderly end of its bytes, not an"
        " error. Everything sent before it has been read.",
        evidence=(there, step.call),
        since=there,
        name=returned.name,
        nothing=EMPTY.get(returned.name, "0"),
        other=step.side.other,
        frame=flow.frame_number(there),
    )


RULES: tuple[Rule, ...] = (
    fin, fin_acked, fin_second, fin_and_ack, closed, time_wait, time_wait_both, half_close, end_of_stream,
)  # fmt: skip
