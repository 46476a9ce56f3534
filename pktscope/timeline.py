"""Where everything goes: rows, lanes, spans and rails. No cells, pixels or colours: painters choose those."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from pktscope.folding import EVIDENT, Run, kind_of, lane_of
from pktscope.labels import (
    SENDING,
    WAITING,
    call_text,
    frame_label,
    frame_role,
    merged_text,
    outcome,
    raw_label,
    return_text,
    verdict_words,
    window_of,
)
from pktscope.model import (
    FIN,
    SYN,
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
)
from pktscope.rails import Rails
from pktscope.rows import Anchored, Arrow, Banner, Fold, Gap, Lane, Mark, Role, Row, Span, StateChange, Stroke
from pktscope.text import safe_text
from pktscope.verdicts import Verdict
from pktscope.words import N_, _, duration, retold, say

NOTABLE = 1_000_000
"""Nanoseconds from which it is worth saying that a call that should not wait took its time."""

NOT_DRAWN = frozenset({"pause"})
"""Journal entries that are the demo's stage directions, not something a program or the kernel did."""

SPOKEN = frozenset({"print", "exit", "exec"})
"""Those whose text is to be read whole, where there is room."""

SENT_BEFORE = Verdict.RETRANSMISSION | Verdict.KEEP_ALIVE | Verdict.ZERO_WINDOW_PROBE


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

    def __init__(self, *, fold: bool = True, gap: int = 30_000_000, path: Sequence[str] = ()) -> None:
        """`path`: the hosts between which the frames travel, client first, where there are more than two."""
        self.fold = fold and len(path) < 3
        self.gap = gap
        """Nanoseconds of silence worth a row."""
        self.lanes: tuple[Lane, Lane] = (Lane(_("client"), ""), Lane(_("server"), ""))
        self.waypoints: tuple[str, ...] = tuple(path[1:-1])
        """Names of the hosts between the two lanes, from left to right, at equal distances."""
        self.rows: list[Row] = []
        self.anchored: list[Anchored] = []
        self.revision = 0
        """Counts changes to rows before the last."""
        self.start: int | None = None
        """Time of the first step: zero of relative times."""
        self._ends: tuple[Endpoint | None, Endpoint | None] = (None, None)
        self._row_of: list[int] = []
        self._numbers: list[int] = []
        self._notes: dict[int, list[Note]] = {}
        self._rails = Rails()
        self._calls: dict[int, OpenCall] = {}
        self._run = Run()
        self._last_time: int | None = None
        self._unsent: tuple[deque[tuple[int, int, int]], deque[tuple[int, int, int]]] = (deque(), deque())
        self._sent = [0, 0]
        self._frames: dict[int, int] = {}
        self._windows: list[int | None] = [None, None]
        self._conversations = 0
        """How many have begun."""
        self._tag = ""
        self._scenes: dict[int, str] = {}
        """Titles of scenes that begin when a pause() returns, by the serial of the call."""

    def add(self, step: Step, notes: Sequence[Note], client: Endpoint | None, server: Endpoint | None) -> None:
        """Place one step and what is said of it; steps come in order, from 0."""
        if (client, server) != self._ends:
            self._name_lanes(client, server)
        if self.start is None:
            self.start = step.time
        several = self._conversations > 1 and step.conversation >= 0
        self._tag = f"#{step.conversation + 1}" if several and getattr(step.observation, "socket", True) else ""
        plain = not notes and step.before == step.after
        if not plain:
            self._run = Run()
        row = self._place(step)
        if not plain:
            self._run = Run()
        missing = step.index - len(self._row_of)
        self._row_of += [max(0, len(self.rows) - 1)] * missing + [row]
        self._numbers += [0] * missing + [step.observation.number if isinstance(step.observation, Frame) else 0]
        self._change_states(step)
        for note in notes:
            self._anchor(note, self.row_of(note.step))

    def row_of(self, step: int) -> int:
        """The row that shows a step; for one that has none (a sample), the nearest row before."""
        if not self._row_of:
            return 0
        return self._row_of[min(max(step, 0), len(self._row_of) - 1)]

    def frame_of(self, step: int) -> int | None:
        """The number of the frame a step saw; None for a step that is no frame."""
        return (self._numbers[step] or None) if 0 <= step < len(self._numbers) else None

    def notes_at(self, row: int) -> tuple[Note, ...]:
        """The notes beside a row."""
        return tuple(self._notes.get(row, ()))

    def spans_at(self, row: int) -> tuple[Span, ...]:
        """The spans a row is part of."""
        return self._rails.at(row)

    @property
    def spans(self) -> list[Span]:
        """All spans, in order of their last row."""
        return self._rails.spans

    def _name_lanes(self, client: Endpoint | None, server: Endpoint | None) -> None:
        self._ends = (client, server)
        names = tuple(safe_text(end, 80) if end else "" for end in self._ends)
        self.lanes = (Lane(_("client"), names[0]), Lane(_("server"), names[1]))
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
                return self._fate(step, seen)
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
            self._append(StateChange(step.index, step.time, changed, self._tag))

    def _begin(self, step: Step, frame: Frame) -> None:
        """A line where a further conversation begins."""
        if step.conversation < self._conversations:
            return
        self._conversations = step.conversation + 1
        if not step.conversation:
            return
        self._tag = f"#{self._conversations}"
        kind = _("connection") if isinstance(frame.transport, Tcp) else _("conversation")
        ends = {"source": safe_text(frame.source, 60), "target": safe_text(frame.target, 60)}
        text = say("{tag}: a new {kind}, {source} to {target}", {"tag": self._tag, "kind": kind, **ends})
        self._append(Banner(step.index, step.time, text))

    def _frame(self, step: Step, frame: Frame, lane: int) -> int:
        self._silence(step)
        self._begin(step, frame)
        verdict = step.segment.verdict if step.segment else 0
        role = frame_role(frame, again=bool(verdict & SENT_BEFORE))
        window = self._window_news(frame, step.segment, lane, verdict)
        row = self._continued(step, frame, lane, role, verdict)
        if row is None:
            row = self._append(self._arrow(step, frame, lane, role, verdict, window))
        self._frames[frame.number] = row
        if step.segment is not None:
            self._departed(lane, step.segment, row)
        return row

    def _continued(self, step: Step, frame: Frame, lane: int, role: Role, verdict: int) -> int | None:
        """The row of the run that swallows this frame; None for a frame that gets a row of its own."""
        kind = kind_of(frame, role, lane, verdict) if self.fold else ()
        if not self._run.takes(kind, lane_of(role, lane)):
            self._run = Run(kind, lane_of(role, lane))
        run, last = self._run, len(self.rows) - 1
        run.rows += 1
        if run.rows <= EVIDENT:
            return None
        run.count(role, frame)
        if run.rows == EVIDENT + 1:
            return None
        newest = self.rows[last]
        if run.first is None and isinstance(newest, Arrow):
            run.first = newest
        assert run.first is not None
        self._replace(last, run.row(run.first, step.index, frame.number))
        return last

    def _arrow(self, step: Step, frame: Frame, lane: int, role: Role, verdict: int, window: bool) -> Arrow:
        label = frame_label(frame, step.segment, verdict_words(verdict) + self._foreign(frame), window=window)
        if self.waypoints and frame.ip is not None:  # what every router on the way changes
            label = (*label[:1], f"ttl={frame.ip.ttl}", *label[1:])
        raw = raw_label(label, frame.transport) if isinstance(frame.transport, Tcp) else label
        stroke = stroke_of(frame, role, again=bool(verdict & SENT_BEFORE))
        leg = self._leg(step.link, lane)
        return Arrow(step.index, step.time, lane, 1 - lane, frame.number, label, raw, role, stroke, self._tag, leg)

    def _leg(self, link: int, lane: int) -> tuple[float, float]:
        """The part of the way that is a link of the path."""
        links = len(self.waypoints) + 1
        return link / links, (link + 1) / links

    def _foreign(self, frame: Frame) -> tuple[str, ...]:
        """Who sent a frame that neither end sent: a router's ICMP error."""
        if not isinstance(frame.transport, Icmp) or self._ends == (None, None):
            return ()
        known = any(end and end.address == frame.source.address for end in self._ends)
        return () if known else (say("from {address}", {"address": safe_text(frame.source.address, 48)}),)

    def _window_news(self, frame: Frame, segment: Segment | None, lane: int, verdict: int) -> bool:
        """Whether a segment's window is worth showing: that of a SYN, or one an eighth away from the last shown."""
        if not isinstance(frame.transport, Tcp):
            return False
        now, last = window_of(frame.transport, segment), self._windows[lane]
        moved = last is not None and abs(now - last) * 8 > last
        news = moved or bool(frame.transport.flags & SYN) or bool(verdict & Verdict.WINDOW_UPDATE)
        if news or last is None:
            self._windows[lane] = now
        return news

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
            text = say("{count} writes, 1 segment", {"count": len(together)})
            self._span(together[0], together[-1], lane, text, Role.DATA)

    def _call(self, step: Step, call: Call, lane: int) -> int:
        if call.name in NOT_DRAWN:
            if call.arguments:
                self._scenes[call.serial] = call.arguments
            return max(0, len(self.rows) - 1)
        self._silence(step)
        words, spoken = self._words(call), call.name in SPOKEN
        row = self._append(Mark(step.index, step.time, lane, words, Role.CALL, step.index, self._tag, spoken))
        self._calls[call.serial] = OpenCall(row, step.time, call)
        self._wrote(step, call.name, lane, row)
        return row

    def _scene(self, step: Step, back: Return) -> int:
        """A pause is over: a line across if that begins a scene, else nothing."""
        title = self._scenes.pop(back.serial, "")
        if not title:
            return max(0, len(self.rows) - 1)
        self._silence(step)
        return self._append(Banner(step.index, step.time, retold(safe_text(title, 120)), Role.TITLE))

    @staticmethod
    def _words(call: Call) -> tuple[str, ...]:
        """A call's text; where a side has several programs, which of them it was."""
        text = call_text(call)
        return text if call.program < 2 else tuple(f"{call.program}: {each}" for each in text)

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
            return self._scene(step, back)
        waited = step.time - opened.time if opened is not None else 0
        if opened is not None and self._untouched(opened.row) and waited <= self.gap:
            return self._merge(step, back, lane, opened)
        if opened is not None and not (back.error or outcome(back) or back.name in WAITING or waited > self.gap):
            return opened.row  # close() coming back with None says nothing new
        self._silence(step)
        role = Role.FAILURE if back.error else Role.CALL
        row = self._append(Mark(step.index, step.time, lane, return_text(back), role, step.index, self._tag))
        self._wrote(step, back.name, lane, opened.row if opened else row)
        waiting = back.name in WAITING
        if opened is not None and (waiting or waited >= NOTABLE):
            text = N_("blocked {time}") if waiting else N_("took {time}")
            self._span(opened.row, row, lane, say(text, {"time": duration(waited)}), Role.CALL)
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
        self._last_time = step.time
        self._replace(opened.row, replace(mark, text=text, role=role, last_step=step.index))
        self._wrote(step, back.name, lane, opened.row)
        return opened.row

    def _fate(self, step: Step, fate: Fate) -> int:
        """What the wire did to a frame drawn before; where it arrives is drawn if something else came between."""
        row = self._frames.get(fate.frame)
        if row is None:
            return max(0, len(self.rows) - 1)
        arrow = self.rows[row]
        if fate.what != "delivered":
            self._run = Run()
        news = step.before != step.after or fate.what != "delivered"
        if fate.what == "dropped":
            return self._lost(step, fate, row)
        if not news or not isinstance(arrow, Arrow):
            return row if not news else self._append(self._arrival(step, fate, row))
        direct = fate.what in ("delivered", "damaged") or (fate.what == "doubled" and len(fate.delivered) == 1)
        if direct and all(isinstance(between, StateChange) for between in self.rows[row + 1 :]):
            return row if fate.what != "damaged" else self._marked(row, arrow, fate)
        self._silence(step)
        if len(fate.delivered) < 2:
            self._replace(row, replace(arrow, stroke=Stroke.LEAVING))
        return self._append(self._arrival(step, fate, row))

    def _lost(self, step: Step, fate: Fate, row: int) -> int:
        """A frame that never arrives."""
        arrow = self.rows[row]
        if isinstance(arrow, Arrow):
            return self._marked(row, replace(arrow, stroke=Stroke.LOST), fate)
        return self._append(replace(self._arrival(step, fate, row), stroke=Stroke.LOST))

    def _marked(self, row: int, arrow: Arrow, fate: Fate) -> int:
        """Say on an arrow what the wire did to it."""
        done = (fate_words(fate),)
        label, raw = arrow.label[:1] + done + arrow.label[1:], arrow.raw_label[:1] + done + arrow.raw_label[1:]
        self._replace(row, replace(arrow, label=label, raw_label=raw))
        return row

    def _arrival(self, step: Step, fate: Fate, row: int) -> Arrow:
        """The end of an arrow whose beginning is another row."""
        sent = self.rows[row]
        lane = 0 if step.side is Side.CLIENT else 1
        label = (fate_words(fate),)
        role = sent.role if isinstance(sent, Arrow | Fold) else Role.OTHER
        stroke = sent.stroke if isinstance(sent, Arrow) else Stroke.SOLID
        stroke = Stroke.SOLID if stroke in (Stroke.LEAVING, Stroke.LOST) else stroke
        leg = (0.0, 1.0) if fate.what == "dropped" else (0.5, 1.0) if lane == 0 else (0.0, 0.5)
        return Arrow(step.index, step.time, lane, 1 - lane, fate.frame, label, label, role, stroke, self._tag, leg)

    def _span(self, first: int, last: int, lane: int, text: str, role: Role) -> None:
        self._rails.lay(first, last, lane, text, role)
        self.revision += 1


FATES = {
    "delivered": N_("arrives"),
    "dropped": N_("dropped on the wire"),
    "delayed": N_("arrives late: held back on the wire"),
    "doubled": N_("a second copy arrives"),
    "damaged": N_("damaged on the wire"),
    "swapped": N_("arrives: overtaken on the wire"),
}
"""What the lab's wire did, as the label of the packet it was done to."""


def fate_words(fate: Fate) -> str:
    """The label of a fate."""
    return _(FATES["delivered" if fate.what == "doubled" and len(fate.delivered) == 1 else fate.what])


REASONS = {
    "finished": N_("end"),
    "cut": N_("the capture stops in the middle of a record"),
    "interrupted": N_("stopped"),
}


def end_text(end: End) -> str:
    """The banner below the last row."""
    text = retold(safe_text(end.detail, 120)) if end.detail else _(REASONS[end.reason])
    if not end.dropped:
        return text
    return say("{text}; {count:frames} lost by the kernel before capture", {"text": text, "count": end.dropped})


def stroke_of(frame: Frame, role: Role, again: bool) -> Stroke:
    """The shape of a frame's arrow."""
    if again:
        return Stroke.BROKEN
    if isinstance(frame.transport, Tcp) and frame.transport.flags & FIN:
        return Stroke.DOUBLE
    return Stroke.LIGHT if role in {Role.FRAGMENT, Role.ICMP, Role.OTHER} else Stroke.SOLID


def lay_out(
    steps: Iterable[tuple[Step, Sequence[Note]]],
    client: Endpoint | None,
    server: Endpoint | None,
    *,
    fold: bool = True,
    gap: int = 30_000_000,
    path: Sequence[str] = (),
) -> Timeline:
    """The timeline of steps already known."""
    timeline = Timeline(fold=fold, gap=gap, path=path)
    for step, notes in steps:
        timeline.add(step, notes, client, server)
    return timeline
