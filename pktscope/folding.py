"""Runs of like frames: when they are alike, and the one row that stands for those behind the first few."""

from __future__ import annotations

from dataclasses import dataclass

from pktscope.model import ACK, PSH, Frame, Tcp, Udp
from pktscope.rows import Arrow, Fold, Role
from pktscope.words import _, counted, say

EVIDENT = 6
"""Rows of a run shown one by one; what comes behind them grows into a Fold."""

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
    """Empty for frames that always stand alone."""
    lane: int = 0
    """The lane whose data (or fragments) the run is made of."""
    rows: int = 0
    first: Arrow | None = None
    """The first one that is not shown by itself."""
    frames: int = 0
    octets: int = 0
    answers: int = 0
    """Of those folded: the lane's frames, their octets, and pure ACKs the other way."""

    def takes(self, kind: tuple[object, ...], lane: int) -> bool:
        """Whether a frame of this kind, of this lane's stream, continues the run."""
        return bool(kind) and kind == self.kind and lane == self.lane

    def count(self, role: Role, frame: Frame) -> None:
        """One more frame that is not shown by itself."""
        if role is Role.ACK:
            self.answers += 1
            return
        self.frames += 1
        self.octets += frame.ip.fragment_length if role is Role.FRAGMENT and frame.ip else frame.length

    def row(self, first: Arrow, step: int, number: int) -> Fold:
        """The row that shows all of them, up to the frame `number` that `step` saw."""
        noun, role = ALIKE[str(self.kind[0])]
        label = [counted(self.frames, noun), counted(self.octets, "bytes")] if self.frames else []
        if self.answers:
            label.append(_("1 ACK") if self.answers == 1 else say("{count:,} ACKs", {"count": self.answers}))
        return Fold(
            step=first.step,
            time=first.time,
            sender=self.lane if self.frames else 1 - self.lane,
            receiver=1 - self.lane if self.frames else self.lane,
            last_step=step,
            numbers=(first.number, number),
            count=self.frames + self.answers,
            label=tuple(label),
            role=role if self.frames else Role.ACK,
            answers=self.answers if self.frames else 0,
        )


def lane_of(role: Role, sender: int) -> int:
    """The lane whose stream a frame belongs to: a pure ACK belongs to the data it acknowledges."""
    return 1 - sender if role is Role.ACK else sender


def kind_of(frame: Frame, role: Role, sender: int, verdict: int) -> tuple[object, ...]:
    """What makes frames alike; empty for one that always stands alone."""
    if verdict:
        return ()
    if role is Role.FRAGMENT and frame.transport is None and frame.ip is not None:
        return ("fragments", sender, frame.ip.identification)
    if isinstance(frame.transport, Tcp) and not frame.transport.flags & ~(ACK | PSH):
        return ("stream",)
    if isinstance(frame.transport, Udp) and role is Role.DATAGRAM:
        return ("datagrams", sender, frame.length)
    return ()
