"""Runs of like frames: when they are alike, and the one row that stands for those behind the first few."""

from __future__ import annotations

from dataclasses import dataclass

from pktscope.model import ACK, PSH, Frame, Tcp, Udp
from pktscope.rows import Arrow, Fold, Role
from pktscope.words import counted

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

    def takes(self, kind: tuple[object, ...], arrow: Arrow) -> bool:
        """Whether a frame of this kind continues the run. A stream has one direction: its ACKs come the other way."""
        return bool(kind) and kind == self.kind and lane_of(arrow) == self.lane

    def count(self, arrow: Arrow, frame: Frame) -> None:
        """One more frame that is not shown by itself."""
        if arrow.role is Role.ACK:
            self.answers += 1
            return
        self.frames += 1
        is_fragment = arrow.role is Role.FRAGMENT and frame.ip is not None
        self.octets += frame.ip.fragment_length if is_fragment and frame.ip else frame.length

    def row(self, newest: Arrow) -> Fold:
        """The row that shows all of them."""
        first = self.first or newest
        noun, role = ALIKE[str(self.kind[0])]
        label = [counted(self.frames, noun), counted(self.octets, "bytes")] if self.frames else []
        if self.answers:
            label.append("1 ACK" if self.answers == 1 else f"{self.answers:,} ACKs")
        return Fold(
            step=first.step,
            time=first.time,
            sender=self.lane if self.frames else 1 - self.lane,
            receiver=1 - self.lane if self.frames else self.lane,
            last_step=newest.step,
            numbers=(first.number, newest.number),
            count=self.frames + self.answers,
            label=tuple(label),
            role=role if self.frames else Role.ACK,
            answers=self.answers if self.frames else 0,
        )


def lane_of(arrow: Arrow) -> int:
    """The lane whose stream a frame belongs to."""
    return 1 - arrow.sender if arrow.role is Role.ACK else arrow.sender


def kind_of(frame: Frame, arrow: Arrow, verdict: int) -> tuple[object, ...]:
    """What makes frames alike; empty for one that always stands alone."""
    if verdict:
        return ()
    if arrow.role is Role.FRAGMENT and frame.transport is None and frame.ip is not None:
        return ("fragments", arrow.sender, frame.ip.identification)
    if isinstance(frame.transport, Tcp) and not frame.transport.flags & ~(ACK | PSH):
        return ("stream",)
    if isinstance(frame.transport, Udp) and arrow.role is Role.DATAGRAM:
        return ("datagrams", arrow.sender, frame.length)
    return ()
