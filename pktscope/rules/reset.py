"""Connections that end at once: refused, reset, resets nobody believes, and what the program's calls make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import ACK, RST, SYN, Return, Severity, Side, State, Step, Tcp
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.handshake import header_of
from pktscope.rules.phrases import stretch
from pktscope.rules.teardown import OPEN
from pktscope.verdicts import Verdict
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import End
    from pktscope.flow import Flow

REFUSED = """
C: connect(8000)
   C > S  SYN mss 1460
   S > C  RST ACK               # tcp.refused
C: = ECONNREFUSED               # tcp.call-failed
"""


def was(step: Step, side: Side) -> State:
    """The state an end was in before a step."""
    return step.before[0 if side is Side.CLIENT else 1]


def counts(step: Step, flow: Flow) -> bool:
    """Whether this RST ends the connection; on a wire, whether it will once it arrives."""
    me, you, segment = flow.ends[step.side], flow.ends[step.side.other], step.segment
    if not flow.wire:
        return me.reset == step.index
    if segment is None or flow.memory.setdefault(("rst", step.side), step.index) != step.index:
        return False
    if you.state is State.SYN_SENT:
        return segment.ack is not None and segment.ack >= 1
    return segment.seq in (you.received, me.nxt)


def refuses(step: Step, flow: Flow) -> bool:
    """Whether this RST is the answer to a SYN that asks."""
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    asks = was(step, you.side) is State.SYN_SENT or (you.by_hand is not None and me.syn is None)
    return counts(step, flow) and you.syn is not None and asks


@rule("tcp.refused", "RFC 9293 section 3.10.7.1", on="segment", example=REFUSED, severity=Severity.ERROR, flags=RST)
def refused(step: Step, flow: Flow) -> Iterator[Finding]:
    """RST answers a SYN: nothing accepts connections on that port.

    The kernel answers for a port nobody listens on, so a refusal shows that the host is up and reachable. (A firewall
    may be told to answer in its place.) connect() fails with ECONNREFUSED after one round trip; where nothing
    answers at all, it keeps asking for about two minutes.
    """
    header = header_of(step)
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if not refuses(step, flow) or you.syn is None:
        return
    asked = newest_syn(flow, you.syn, you.last_frame)
    took = step.time - flow.steps[asked].time
    yield find(
        "{kind} answers the SYN (frame {frame}){after}: connection refused. Nothing accepts connections at {endpoint}."
        "{instead}",
        evidence=(asked, me.listening),
        since=asked,
        kind="RST,ACK" if header.flags & ACK else "RST",
        frame=flow.frame_number(asked),
        after="" if flow.wire else phrase(" after {took:duration}", took=took),  # on a wire it is only leaving
        endpoint=me.endpoint,
        instead=listens_elsewhere(flow, me),
    )


def listens_elsewhere(flow: Flow, end: End) -> Words:
    """Where the program of an end that refuses is listening, if on another port: to put behind a sentence."""
    back = flow.observed(end.listening) if end.listening is not None else None
    if not isinstance(back, Return) or back.local is None or end.endpoint is None:
        return ""
    if back.local.port in (0, end.endpoint.port):
        return ""
    return phrase(" The {side}'s program listens at {where}.", side=end.side, where=back.local)


def newest_syn(flow: Flow, first: int, last: int | None) -> int:
    """The step of the newest copy of a SYN: the one that an answer answers."""
    header = getattr(flow.observed(last), "transport", None) if last is not None else None
    return last if last is not None and isinstance(header, Tcp) and header.flags & SYN else first


def unread(end: End, you: End) -> int:
    """Octets that reached a watched program's kernel and that it never read; 0 where that is not known."""
    if end.connection is None or not end.acked_to:
        return 0
    read_to = end.reads[-1].end if end.reads else 1
    there = end.acked_to if you.fin_end is None else min(end.acked_to, you.fin_end - 1)  # a FIN is no octet
    return max(0, there - read_to)


def unanswered(end: End) -> int:
    """Octets an end sent that were never acknowledged, without SYN and FIN; 0 where the capture misses some."""
    if end.holes:
        return 0
    first, last = max(end.una, 1), end.nxt
    if end.fin_end is not None and first < end.fin_end <= last:
        last -= 1
    return max(0, last - first)


def losses(me: End, you: End) -> Iterator[Phrase]:
    """What a RST from `me` throws away, one phrase each."""
    left = unread(me, you)
    if left > 0:
        yield phrase("{left:bytes} that its program had not read", left=left)
    if count := unanswered(me):
        yield phrase("{count:bytes} of its own that were not acknowledged", count=count)
    if count := unanswered(you):
        yield phrase("{count:bytes} of the {side}'s that were not acknowledged", count=count, side=you.side)


def occasion(step: Step, flow: Flow) -> Words:
    """What the RST's sender was doing, as far as that is certain."""
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    names = {call.name for _, call in flow.programs.running(step.side)}
    if "close" in names:
        return phrase(" during close()")
    if "exit" in names:
        return phrase(" as its program ended")
    asked = flow.marks.get(f"keep-alive {step.side}")
    if asked is not None and (you.last_frame is None or you.last_frame < asked):
        count = 1 + flow.counts.get(f"keep-alive {step.side} unanswered", 0)
        if count == 1:
            return phrase(" after 1 keep-alive without an answer")
        return phrase(" after {count:,} keep-alives without an answer", count=count)
    if any(end.syn is not None and end.syn_acked is None for end in (me, you)):
        return phrase(" before the handshake was complete")
    return ""


def after_close(step: Step, flow: Flow) -> int | None:
    """The step of data that reached an end after its FIN, to which this RST is the answer."""
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    last = you.last_frame
    if me.fin is None or last is None or last < me.fin:
        return None
    octets = flow.steps[last].octets
    return last if octets is not None and octets[1] > you.una else None


RESET = (
    OPEN
    + """
   C > S  RST ACK           # tcp.reset
"""
)


@rule("tcp.reset", "RFC 9293 section 3.5.2", on="segment", example=RESET, severity=Severity.WARNING, flags=RST)
def reset(step: Step, flow: Flow) -> Iterator[Finding]:
    """RST: one end ends the connection at once, in both directions.

    No FIN, no acknowledgement, no TIME_WAIT; whatever was under way is thrown away, and the other program's next call
    fails with ECONNRESET. Kernels send it where a segment comes for a connection they do not have, where a program
    closes a socket with bytes it has not read, and where a program asked for it with SO_LINGER and a time of 0.
    """
    header = header_of(step)
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if not counts(step, flow) or refuses(step, flow) or after_close(step, flow) is not None or me.by_hand is not None:
        return
    kind = "RST,ACK" if header.flags & ACK else "RST"
    if step.before == (State.CLOSED, State.CLOSED):
        if flow.once("tcp.reset again"):
            yield find("{kind} from the {side}, though the connection was already gone.", kind=kind, side=step.side)
        return
    lost = list(losses(me, you))
    yield find(
        "{kind} from the {side}{occasion}: the connection ends at once, at both ends ({fins}).{lost}"
        if not flow.wire
        else "{kind} from the {side}{occasion}: the connection ends at once, here, and at the other end as soon as this"
        " arrives ({fins}).{lost}",
        evidence=(me.fin, you.fin),
        kind=kind,
        side=step.side,
        occasion=occasion(step, flow),
        fins=fins_before(me, you),
        lost=phrase(" Thrown away: {lost:list}.", lost=lost) if lost else "",
    )


def fins_before(me: End, you: End) -> Phrase:
    """Who had said that it has no more to send."""
    if me.fin is not None and you.fin is not None:
        return phrase("both had sent FIN")
    if me.fin is None and you.fin is None:
        return phrase("no FIN came before")
    said, silent = (me, you) if me.fin is not None else (you, me)
    return phrase("the {said} had sent FIN, the {silent} had not", said=said.side, silent=silent.side)


LATE = (
    OPEN
    + """
   S > C  FIN ACK
   C > S  ACK 2
   C > S  PSH ACK 11:21
   S > C  RST seq 2         # tcp.reset-data-after-close
"""
)


@rule(
    "tcp.reset-data-after-close",
    "RFC 1122 section 4.2.2.13",
    on="segment",
    example=LATE,
    severity=Severity.WARNING,
    flags=RST,
)
def reset_data_after_close(step: Step, flow: Flow) -> Iterator[Finding]:
    """RST answers data sent to an end that has closed.

    The FIN said "I send no more"; it did not say "I read no more", for shutdown(SHUT_WR) looks the same on the wire. So
    the first send() after it succeeds, and only the RST tells that nobody will read. The next send() fails with EPIPE.
    """
    me, data = flow.ends[step.side], after_close(step, flow)
    if not counts(step, flow) or data is None or me.fin is None:
        return
    octets = flow.steps[data].octets
    assert octets is not None
    yield find(
        "RST answers {what} (frame {data}): the {side} had sent FIN (frame {fin}) and takes no"
        " more bytes either. The connection is gone, and those bytes with it.",
        evidence=(data, me.fin),
        since=data,
        what=stretch(*octets),
        data=flow.frame_number(data),
        side=step.side,
        fin=flow.frame_number(me.fin),
    )


STRAY = (
    OPEN
    + """
   S > C  RST seq 40        # tcp.reset-ignored
   C > S  ACK 1
"""
)


@rule("tcp.reset-ignored", "RFC 5961 section 3.2", on="arrival", example=STRAY, severity=Severity.NOTICE, flags=RST)
def reset_ignored(step: Step, flow: Flow) -> Iterator[Finding]:
    """A RST that does not fit is ignored.

    Otherwise anybody who guesses two addresses and two ports could end the connection. A RST counts only if its number
    is exactly the one expected next; if it lies elsewhere in the window, the receiver sends a "challenge ACK", and a
    real peer answers that with a RST that fits. A RST that answers a SYN must acknowledge it.
    """
    me, you = flow.ends[step.side], flow.ends[step.side.other]
    if me.reset == step.index or step.segment is None or flow.is_a(step, Verdict.CAPTURED_TWICE):
        return
    if was(step, you.side) is State.SYN_SENT:
        yield find(
            "RST, but it does not acknowledge the {other}'s SYN (frame {frame}), so it is to be ignored.",
            evidence=(you.syn,),
            other=you.side,
            frame=flow.frame_number(you.syn or 0),
        )
        return
    yield find(
        "RST with number {seq:,}, but the {other} has acknowledged up to {expected:,}: a RST that does not fit exactly"
        " is to be ignored, so the {other} is still in {state}.",
        seq=step.segment.seq,
        other=you.side,
        expected=you.acked_to,
        state=you.state,
    )


RULES: tuple[Rule, ...] = (refused, reset, reset_data_after_close, reset_ignored)
