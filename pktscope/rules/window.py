"""Flow control: a window that closes, is probed and opens again; and keep-alives, which look like probes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Severity, Side, Step
from pktscope.rules.again import V, shark, telling
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.rules.reset import unread
from pktscope.rules.teardown import OPEN
from pktscope.words import Words, phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow

CLOSED = """
   C > S  SYN mss 1000
   S > C  SYN ACK mss 1000
   C > S  ACK
   C > S  PSH ACK 1:513         # tcp.window-full
   S > C  ACK 513 win 0         # tcp.zero-window
+200ms
   C > S  ACK seq 512           # tcp.window-probe
   S > C  ACK 513 win 0         # tcp.window-probe-answer
+400ms
   C > S  ACK seq 512           # tcp.window-probe
   S > C  ACK 513 win 0
   S > C  ACK 513 win 500       # tcp.window-update
   C > S  PSH ACK 513:613
"""


def closed(side: Side) -> str:
    """The mark for the step at which an end's window closed."""
    return f"window closed {side}"


@rule(
    "tcp.window-full",
    "RFC 9293 section 3.8.6",
    on="segment",
    example=CLOSED,
    severity=Severity.NOTICE,
    verdict=V.WINDOW_FULL,
)
def window_full(step: Step, flow: Flow) -> Iterator[Finding]:
    """The window is used up: not one byte more may be sent.

    The window is the room the receiver has offered, counted from what it has acknowledged. A sender that has used it
    all waits for an ACK that moves it; meanwhile the program's send() fills the send buffer and then blocks.
    """
    segment = step.segment
    if not flow.is_a(step, V.WINDOW_FULL) or segment is None or not flow.now.fresh:
        return
    if not telling(flow.count(f"full {step.side}"), 3):
        return
    yield find(
        "Window full: this uses the last of the {flight:bytes} the {other} has room for, so the {side} must wait for an"
        " ACK with more room.",
        evidence=(flow.ends[step.side.other].last_frame,),
        flight=segment.in_flight,
        other=step.side.other,
        side=step.side,
        wireshark=shark(flow, V.WINDOW_FULL),
    )


@rule(
    "tcp.zero-window",
    "RFC 9293 section 3.8.6",
    on="segment",
    example=CLOSED,
    severity=Severity.WARNING,
    verdict=V.ZERO_WINDOW,
)
def zero_window(step: Step, flow: Flow) -> Iterator[Finding]:
    """Window 0: the receiver has no room, so the sender must stop.

    The network is fine: the receiving program does not read as fast as the other one writes, and its kernel's buffer is
    full. Nothing is lost; the sender keeps the rest and asks from time to time.
    """
    segment = step.segment
    if not flow.is_a(step, V.ZERO_WINDOW) or segment is None or closed(step.side) in flow.marks:
        return
    flow.marks[closed(step.side)] = step.index
    if not telling(flow.count(f"zero {step.side}")):
        return
    waiting = unread(flow.ends[step.side], flow.ends[step.side.other])
    yield find(
        "Window 0: the {side} has no room left{waiting}, so the {other} must stop sending until it says otherwise.",
        side=step.side,
        waiting=phrase(" ({waiting:bytes} wait for its program to read them)", waiting=waiting) if waiting else "",
        other=step.side.other,
        wireshark=shark(flow, V.ZERO_WINDOW),
    )


@rule(
    "tcp.window-probe",
    "RFC 9293 section 3.8.6.1",
    on="segment",
    example=CLOSED,
    severity=Severity.NOTICE,
    verdict=V.ZERO_WINDOW_PROBE,
)
def window_probe(step: Step, flow: Flow) -> Iterator[Finding]:
    """A probe: is there room again?

    The ACK that opens the window could get lost, and both ends would wait for ever; so the sender keeps asking, at
    longer and longer intervals. Some systems send one byte that does not fit, Linux an empty segment with a number
    already acknowledged; either must be answered. Wireshark calls the second kind a keep-alive.
    """
    if not flow.is_a(step, V.ZERO_WINDOW_PROBE) or step.segment is None:
        return
    key = f"probe {step.side}"
    last, number = flow.marks.get(key), flow.count(key)
    wait = step.time - flow.steps[last].time if last is not None else 0
    before, flow.counts[f"{key} wait"] = flow.counts.get(f"{key} wait", 0), wait
    flow.marks[key] = step.index
    if not telling(number):
        return
    pace = phrase(", {wait:duration} after the one before", wait=wait) if wait else ""
    if before and 1.8 <= wait / before <= 2.2:
        pace = phrase(", {wait:duration} after the one before, twice the wait before", wait=wait)
    yield find(
        "Window probe {number:,}{pace}: the {side} asks whether there is room again ({how}).",
        evidence=(last, flow.marks.get(closed(step.side.other))),
        since=flow.marks.get(closed(step.side.other)),
        number=number,
        pace=pace,
        side=step.side,
        how=phrase("one byte, number {seq:,}", seq=step.segment.seq)
        if step.segment.end > step.segment.seq
        else phrase("an empty segment with the old number {seq:,}", seq=step.segment.seq),
        wireshark=shark(flow, V.ZERO_WINDOW_PROBE),
    )


@rule(
    "tcp.window-probe-answer", "RFC 9293 section 3.8.6.1", on="segment", example=CLOSED, verdict=V.ZERO_WINDOW_PROBE_ACK
)
def window_probe_answer(step: Step, flow: Flow) -> Iterator[Finding]:
    """The answer to a probe: still no room.

    A receiver must answer each probe. As long as it answers, the connection stands, however long the window stays
    closed.
    """
    you = flow.ends[step.side.other]
    if not flow.is_a(step, V.ZERO_WINDOW_PROBE_ACK) or not flow.once(f"tcp.window-probe-answer {step.side}"):
        return
    yield find(
        "Still window 0, says the answer to the probe (frame {frame}): the {side} is there and has no room yet.",
        evidence=(you.last_frame,),
        since=you.last_frame,
        frame=flow.frame_number(you.last_frame or 0),
        side=step.side,
        wireshark=shark(flow, V.ZERO_WINDOW_PROBE_ACK),
    )


@rule("tcp.window-update", "RFC 9293 section 3.8.6", on="segment", example=CLOSED)
def window_update(step: Step, flow: Flow) -> Iterator[Finding]:
    """The window grows although nothing new is acknowledged: the program has read.

    After window 0 it is what the sender has been waiting for. A receiver does not tell of every byte read; it waits
    until there is room for a full segment or half its buffer (RFC 9293 section 3.8.6.2.2, against "silly windows").
    """
    segment = step.segment
    if segment is None or segment.ack is None or flow.is_a(step, V.CAPTURED_TWICE):
        return
    shut = flow.marks.get(closed(step.side))
    if shut is not None and segment.window > 0:
        del flow.marks[closed(step.side)]
        flow.memory["window reopened", step.side] = step.index
        for key in (f"probe {step.side.other}", f"probe {step.side.other} wait"):
            flow.marks.pop(key, None)
            flow.counts.pop(key, None)
        if telling(flow.count(f"reopened {step.side}")):
            yield find(
                "Room again: the {side} offers {window:bytes}, {took:duration} after it had closed its window (frame"
                " {frame}).",
                evidence=(shut,),
                since=shut,
                side=step.side,
                window=segment.window,
                took=step.time - flow.steps[shut].time,
                frame=flow.frame_number(shut),
                wireshark=shark(flow, V.WINDOW_UPDATE),
            )
    elif flow.is_a(step, V.WINDOW_UPDATE) and segment.window_known and flow.once(f"tcp.window-update {step.side}"):
        yield find(
            "Window update: nothing new is acknowledged; the {side} only says that it now has room for {window:bytes}.",
            side=step.side,
            window=segment.window,
            wireshark=shark(flow, V.WINDOW_UPDATE),
        )


IDLE = (
    OPEN
    + """
+10s
   C > S  ACK seq 10            # tcp.keep-alive
   S > C  ACK 11                # tcp.keep-alive-answer
+10s
   C > S  ACK seq 10            # tcp.keep-alive
   S > C  ACK 11
+10s
   S > C  PSH ACK 1:5
"""
)


@rule("tcp.keep-alive", "RFC 9293 section 3.8.4", on="segment", example=IDLE, verdict=V.KEEP_ALIVE)
def keep_alive(step: Step, flow: Flow) -> Iterator[Finding]:
    """A keep-alive: are you still there?

    An idle connection sends nothing at all, so an end that vanished would never be missed. With SO_KEEPALIVE the kernel
    asks from time to time (Linux: after two hours, then every 75 s; nine without an answer end the connection). The
    probe carries the number below the next one: a number the other end has, so it must answer with an ACK.
    """
    segment, you = step.segment, flow.ends[step.side.other]
    if segment is None or not flow.is_a(step, V.KEEP_ALIVE):
        return
    key = f"keep-alive {step.side}"
    last, quiet = flow.marks.get(key), flow.now.previous
    silent = last is not None and (you.last_frame is None or you.last_frame < last)
    flow.counts[f"{key} unanswered"] = flow.counts.get(f"{key} unanswered", 0) + 1 if silent else 0
    flow.marks[key] = step.index
    unanswered = flow.counts[f"{key} unanswered"]
    if not telling(flow.count(key), 2) and not (unanswered and telling(unanswered)):
        return
    yield find(
        "Keep-alive{after}: number {seq:,}, one below the next, only to make the {other} answer.{unanswered}",
        evidence=(quiet, last),
        severity=Severity.WARNING if unanswered else None,
        after=""
        if quiet is None
        else phrase(
            ", {time:duration} after frame {frame}",
            time=step.time - flow.steps[quiet].time,
            frame=flow.frame_number(quiet),
        ),
        seq=segment.seq,
        other=step.side.other,
        unanswered=unheard(unanswered),
        wireshark=shark(flow, V.KEEP_ALIVE),
    )


def unheard(count: int) -> Words:
    """How many keep-alives in a row got no answer, as a sentence; nothing where the last one got one."""
    if not count:
        return ""
    if count == 1:
        return phrase(" The last one got no answer.")
    return phrase(" The last {count:,} got no answer.", count=count)


@rule("tcp.keep-alive-answer", "RFC 9293 section 3.8.4", on="segment", example=IDLE, verdict=V.KEEP_ALIVE_ACK)
def keep_alive_answer(step: Step, flow: Flow) -> Iterator[Finding]:
    """The answer to a keep-alive: the other end is there.

    The kernel answers by itself, so this says that the host is up and has the connection, not that the program works.
    """
    asked = flow.marks.get(f"keep-alive {step.side.other}")
    if not flow.is_a(step, V.KEEP_ALIVE_ACK) or asked is None or not flow.once(f"tcp.keep-alive-answer {step.side}"):
        return
    yield find(
        "The answer to the keep-alive (frame {frame}): the {side}'s kernel still has this connection.",
        evidence=(asked,),
        since=asked,
        frame=flow.frame_number(asked),
        side=step.side,
        wireshark=shark(flow, V.KEEP_ALIVE_ACK),
    )


RULES: tuple[Rule, ...] = (
    window_full, zero_window, window_probe, window_probe_answer, window_update, keep_alive, keep_alive_answer,
)  # fmt: skip
