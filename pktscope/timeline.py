"""Where everything goes: rows, lanes, spans and rails. No cells, pixels or colours: painters choose those."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count as count_from
from typing import assert_never

from pktscope.labels import (
    SENDING,
    WAITING,
    call_text,
    frame_label,
    frame_role,
    merged_text,
    outcome,
    return_text,
    shortening,
)  # fmt: skip
from pktscope.model import (
    ACK,
    FIN,
    PSH,
    Call,
    End,
    Endpoint,
    Fate,
    Frame,
    Icmp,
    Note,
    Return,
    Sample,
    Segment,
    Side,
    State,
    Step,
    Tcp,
    Udp,
)  # fmt: skip
from pktscope.rows import (
    Anchored,
    Arrow,
    Banner,
    Fold,
    Gap,
    Lane,
    Mark,
    Role,
    Row,
    Span,
    StateChange,
    Stroke,
)  # fmt: skip
from pktscope.text import safe_text
from pktscope.verdicts import NAMES, Verdict
from pktscope.words import counted, duration

__all__ = [
    "Anchored", "Arrow", "Banner", "Fold", "Gap", "Lane", "Mark", "Role", "Row", "Span", "StateChange", "Stroke",
    "Timeline", "lay_out",
]  # fmt: skip

EVIDENT = 6
"""Rows of a run shown one by one; what comes behind them grows into a Fold."""

BUCKET = 64
"""Rows per entry of the index of spans: a span over a million rows costs thousands of entries, not a million."""

NOT_DRAWN = frozenset({"pause"})
"""Journal entries that are the demo's stage directions, not something a program or the kernel did."""

SENT_BEFORE = Verdict.RETRANSMISSION | Verdict.KEEP_ALIVE | Verdict.ZERO_WINDOW_PROBE
REMARKABLE = tuple(
    bit
    for bit in NAMES
    if bit not in {Verdict.RETRANSMISSION, Verdict.ZERO_WINDOW, Verdict.PARTIAL, Verdict.SYN_AGAIN, Verdict.FIN_AGAIN}
)
"""Verdicts worth a word of their own in a label; the first one that is set speaks."""


def verdict_words(verdict: int) -> tuple[str, ...]:
    """The word that heads the label of a segment with a verdict: at most one, the most telling."""
    for bit in REMARKABLE:
        if verdict & bit:
            return (NAMES[bit],)
    return (NAMES[Verdict.RETRANSMISSION],) if verdict & Verdict.RETRANSMISSION else ()


ALIKE = {
    "fragments": ("fragments", Role.FRAGMENT),
    "stream": ("segments", Role.DATA),
    "datagrams": ("datagrams", Role.DATAGRAM),
}
"""What a run is made of, by the kind of its frames."""


@dataclass(slots=True)
class Run:
    """Like frames in a row, as long as nothing else comes between."""

    kind: tuple[object, ...] = ()
    lane: int = 0
    """The lane whose data (or fragments, or ACKs) the run is made of."""
    rows: int = 0
    folded: list[Arrow] = field(default_factory=list)
    """At most the one arrow that the next like frame will turn into a Fold."""
    sizes: list[int] = field(default_factory=lambda: [0, 0, 0])
    """Folded frames of the lane, their octets, and ACKs the other way."""


@dataclass(slots=True)
class OpenCall:
    """A call entered and not yet back."""

    row: int
    time: int
    call: Call


class Timeline:
    """Rows, spans and notes in order. Grows by `add`; rows are appended, and only the last may be replaced.

    The exceptions (a span that closes over rows already there, a frame whose loss is learnt later, a lane that gets its
    name) raise `revision`, so that whoever keeps painted rows knows to paint them again.
    """

    def __init__(self, *, fold: bool = True, gap: int = 30_000_000) -> None:
        self.fold = fold
        self.gap = gap
        """Nanoseconds of silence worth a row."""
        self.lanes: tuple[Lane, Lane] = (Lane("client", ""), Lane("server", ""))
        self.rows: list[Row] = []
        self.spans: list[Span] = []
        self.anchored: list[Anchored] = []
        self.revision = 0
        """Counts changes to rows before the last."""
        self.start: int | None = None
        """Time of the first step: zero of relative times."""
        self._ends: tuple[Endpoint | None, Endpoint | None] = (None, None)
        self._row_of: list[int] = []
        self._notes: dict[int, list[Note]] = {}
        self._buckets: dict[int, list[Span]] = {}
        self._rails: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._calls: dict[int, OpenCall] = {}
        self._run = Run()
        self._last_time: int | None = None
        self._unsent: tuple[deque[tuple[int, int, int]], deque[tuple[int, int, int]]] = (deque(), deque())
        self._sent = [0, 0]
        self._frames: dict[int, int] = {}

    def add(self, step: Step, notes: Sequence[Note], client: Endpoint | None, server: Endpoint | None) -> None:
        """Place one step and what is said of it; steps come in order, from 0."""
        if (client, server) != self._ends:
            self._name_lanes(client, server)
        if self.start is None:
            self.start = step.time
        plain = not notes and step.before == step.after
        if not plain:
            self._run = Run()
        row = self._place(step)
        if not plain:
            self._run = Run()
        self._row_of += [max(0, len(self.rows) - 1)] * (step.index - len(self._row_of))
        self._row_of.append(row)
        self._change_states(step)
        for note in notes:
            self._anchor(note, self.row_of(note.step))

    def row_of(self, step: int) -> int:
        """The row that shows a step; for one that has none (a sample), the nearest row before."""
        if not self._row_of:
            return 0
        return self._row_of[min(max(step, 0), len(self._row_of) - 1)]

    def notes_at(self, row: int) -> tuple[Note, ...]:
        """The notes beside a row."""
        return tuple(self._notes.get(row, ()))

    def spans_at(self, row: int) -> tuple[Span, ...]:
        """The spans a row is part of."""
        return tuple(span for span in self._buckets.get(row // BUCKET, ()) if span.first <= row <= span.last)

    def _name_lanes(self, client: Endpoint | None, server: Endpoint | None) -> None:
        self._ends = (client, server)
        names = tuple(safe_text(end, 80) if end else "" for end in self._ends)
        self.lanes = (Lane("client", names[0]), Lane("server", names[1]))
        self.revision += 1

    def _anchor(self, note: Note, row: int) -> None:
        self.anchored.append(Anchored(row, note))
        self._notes.setdefault(row, []).append(note)
        if row < len(self.rows) - 1:
            self.revision += 1

    def _place(self, step: Step) -> int:
        """Make the step's rows; the index of the one that shows it."""
        seen = step.observation
        lane = 0 if step.side is Side.CLIENT else 1
        match seen:
            case Frame():
                return self._frame(step, seen, lane)
            case Call():
                return self._call(step, seen, lane)
            case Return():
                return self._return(step, seen, lane)
            case Fate():
                return self._fate(seen)
            case Sample():
                return max(0, len(self.rows) - 1)
            case End():
                return self._append(Banner(step.index, step.time, end_text(seen)))
        assert_never(seen)

    def _append(self, row: Row) -> int:
        if not isinstance(row, Arrow):
            self._run = Run()
        self.rows.append(row)
        return len(self.rows) - 1

    def _replace(self, index: int, row: Row) -> None:
        if index < len(self.rows) - 1:
            self.revision += 1
        self.rows[index] = row

    def _silence(self, step: Step) -> None:
        """A Gap row, if nothing drawn has happened for long."""
        last, self._last_time = self._last_time, step.time
        if last is not None and step.time - last > self.gap:
            self._append(Gap(step.index, step.time, step.time - last))

    def _change_states(self, step: Step) -> None:
        """A row for the ends whose state this step changed."""
        changed = tuple(
            "" if old is new or new is State.UNKNOWN else new.value
            for old, new in zip(step.before, step.after, strict=True)
        )
        if any(changed):
            self._append(StateChange(step.index, step.time, changed))

    def _frame(self, step: Step, frame: Frame, lane: int) -> int:
        self._silence(step)
        verdict = step.segment.verdict if step.segment else 0
        again = bool(verdict & SENT_BEFORE)
        words = verdict_words(verdict) + self._foreign(frame)
        label = frame_label(frame, step.segment, words, raw=False)
        raw = frame_label(frame, step.segment, words, raw=True) if step.segment else label
        role = frame_role(frame, again)
        arrow = Arrow(
            step.index, step.time, lane, 1 - lane, frame.number, label, raw, role, stroke_of(frame, role, again)
        )
        row = self._fold(arrow, frame, self._kind(frame, arrow, verdict))
        self._frames[frame.number] = row
        if step.segment is not None:
            self._departed(lane, step.segment, row)
        return row

    def _foreign(self, frame: Frame) -> tuple[str, ...]:
        """Who sent a frame that neither end sent: a router's ICMP error."""
        known = [end.address for end in self._ends if end]
        if isinstance(frame.transport, Icmp) and known and frame.source.address not in known:
            return (f"from {safe_text(frame.source.address, 48)}",)
        return ()

    def _kind(self, frame: Frame, arrow: Arrow, verdict: int) -> tuple[object, ...]:
        """What makes frames alike; empty for one that always stands alone."""
        if not self.fold or verdict:
            return ()
        if arrow.role is Role.FRAGMENT and frame.transport is None and frame.ip is not None:
            return ("fragments", arrow.sender, frame.ip.identification)
        if isinstance(frame.transport, Tcp) and not frame.transport.flags & ~(ACK | PSH):
            return ("stream",)
        if isinstance(frame.transport, Udp) and arrow.role is Role.DATAGRAM:
            return ("datagrams", arrow.sender, frame.length)
        return ()

    def _fold(self, arrow: Arrow, frame: Frame, kind: tuple[object, ...]) -> int:
        """Append the arrow, or let it disappear into the run it continues. The row that shows it."""
        run = self._run
        # A stream has one direction: data of one lane, and pure ACKs of the other.
        lane = arrow.sender if arrow.role is not Role.ACK else 1 - arrow.sender
        if not kind or kind != run.kind or lane != run.lane:
            run = self._run = Run(kind, lane)
        run.rows += 1
        if run.rows <= EVIDENT:
            return self._append(arrow)
        tally(run.sizes, arrow, frame)
        if run.rows == EVIDENT + 1:
            run.folded.append(arrow)
            return self._append(arrow)
        last = len(self.rows) - 1
        self._replace(last, folded(run, arrow, kind))
        return last

    def _departed(self, lane: int, segment: Segment, row: int) -> None:
        """Octets left: if several writes left in this one segment, brace them."""
        waiting = self._unsent[lane]
        self._sent[lane] = max(self._sent[lane], segment.end)
        together = []
        while waiting and waiting[0][2] <= segment.end:
            at, first, _ = waiting.popleft()
            if first >= segment.seq:
                together.append(at)
        if len(together) > 1:
            self._span(together[0], together[-1], lane, f"{len(together)} writes, 1 segment", Role.DATA)

    def _call(self, step: Step, call: Call, lane: int) -> int:
        if call.name in NOT_DRAWN:
            return max(0, len(self.rows) - 1)
        self._silence(step)
        row = self._append(Mark(step.index, step.time, lane, call_text(call), Role.CALL, step.index))
        self._calls[call.serial] = OpenCall(row, step.time, call)
        self._wrote(step, call.name, lane, row)
        return row

    def _wrote(self, step: Step, name: str, lane: int, row: int) -> None:
        """Remember octets a program handed over, until they are seen leaving."""
        if step.octets is None or name not in SENDING:
            return
        first, end = step.octets
        waiting = self._unsent[lane]
        if end > self._sent[lane] and (not waiting or first >= waiting[-1][2]):
            waiting.append((row, first, end))

    def _return(self, step: Step, back: Return, lane: int) -> int:
        opened = self._calls.pop(back.serial, None)
        if back.name in NOT_DRAWN:
            return max(0, len(self.rows) - 1)
        if opened is not None and self._untouched(opened.row):
            return self._merge(step, back, lane, opened)
        if opened is not None and not back.error and not outcome(back) and back.name not in WAITING:
            return opened.row  # close() coming back with None says nothing new
        self._silence(step)
        role = Role.FAILURE if back.error else Role.CALL
        row = self._append(Mark(step.index, step.time, lane, return_text(back), role, step.index))
        self._wrote(step, back.name, lane, opened.row if opened else row)
        if opened is not None:
            verb = "blocked" if back.name in WAITING else "took"
            self._span(opened.row, row, lane, f"{verb} {duration(step.time - opened.time)}", Role.CALL)
        return row

    def _untouched(self, row: int) -> bool:
        """Whether nothing happened since a call but the state changes it caused itself."""
        last = self.rows[-1]
        behind = len(self.rows) - 1 - row
        return not behind or (behind == 1 and isinstance(last, StateChange) and last.step == self.rows[row].step)

    def _merge(self, step: Step, back: Return, lane: int, opened: OpenCall) -> int:
        mark = self.rows[opened.row]
        assert isinstance(mark, Mark)
        role = Role.FAILURE if back.error else Role.CALL
        text = merged_text(mark.text, back)
        waited = step.time - opened.time
        if waited > self.gap:
            text = shortening([f"{text[0]} after {duration(waited)}", *text])
        self._last_time = step.time
        self._replace(opened.row, replace(mark, text=text, role=role, last_step=step.index))
        self._wrote(step, back.name, lane, opened.row)
        return opened.row

    def _fate(self, fate: Fate) -> int:
        """What the wire did to a frame drawn before."""
        row = self._frames.get(fate.frame)
        if row is None:
            return max(0, len(self.rows) - 1)
        arrow = self.rows[row]
        if fate.what == "dropped" and isinstance(arrow, Arrow):
            self._replace(row, replace(arrow, stroke=Stroke.LOST))
        return row

    def _span(self, first: int, last: int, lane: int, text: str, role: Role) -> None:
        """Book a span on the lowest rail that is free over all its rows. Spans come in order of their last row."""
        rails = self._rails[lane]
        rail = next(rail for rail in count_from(0) if rails.get(rail, -1) < first)
        rails[rail] = last
        span = Span(first, last, lane, rail, text, role)
        self.spans.append(span)
        for bucket in range(first // BUCKET, last // BUCKET + 1):
            self._buckets.setdefault(bucket, []).append(span)
        self.revision += 1


def end_text(end: End) -> str:
    """The banner below the last row."""
    reasons = {"finished": "end", "cut": "the capture stops in the middle of a record", "interrupted": "stopped"}
    text = safe_text(end.detail, 120) if end.detail else reasons[end.reason]
    return f"{text}; {counted(end.dropped, 'frames')} lost by the kernel before capture" if end.dropped else text


def stroke_of(frame: Frame, role: Role, again: bool) -> Stroke:
    """The shape of a frame's arrow."""
    if again:
        return Stroke.BROKEN
    if isinstance(frame.transport, Tcp) and frame.transport.flags & FIN:
        return Stroke.DOUBLE
    return Stroke.LIGHT if role in {Role.FRAGMENT, Role.ICMP, Role.OTHER} else Stroke.SOLID


def tally(sizes: list[int], arrow: Arrow, frame: Frame) -> None:
    """Count one more frame of a run."""
    if arrow.role is Role.ACK:
        sizes[2] += 1
        return
    sizes[0] += 1
    sizes[1] += frame.ip.fragment_length if arrow.role is Role.FRAGMENT and frame.ip else frame.length


def folded(run: Run, arrow: Arrow, kind: tuple[object, ...]) -> Fold:
    """The row a run has become with `arrow` as its newest frame."""
    first = run.folded[0]
    frames, octets, acks = run.sizes
    noun, role = ALIKE[str(kind[0])]
    label = [counted(frames, noun), counted(octets, "bytes")] if frames else []
    if acks:
        label.append("1 ACK" if acks == 1 else f"{acks:,} ACKs")
    role = role if frames else Role.ACK
    sender = run.lane if frames else 1 - run.lane
    return Fold(
        first.step, first.time, sender, 1 - sender, arrow.step,
        (first.number, arrow.number), frames + acks, tuple(label), role,
    )  # fmt: skip


def lay_out(
    steps: Iterable[tuple[Step, Sequence[Note]]],
    client: Endpoint | None,
    server: Endpoint | None,
    *,
    fold: bool = True,
    gap: int = 30_000_000,
) -> Timeline:
    """The timeline of steps already known."""
    timeline = Timeline(fold=fold, gap=gap)
    for step, notes in steps:
        timeline.add(step, notes, client, server)
    return timeline
