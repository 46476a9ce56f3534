"""What a timeline is made of: rows, lanes, spans. Values only; `timeline` makes them, painters draw them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pktscope.model import Note


class Role(StrEnum):
    """What a drawn thing is; the theme turns roles into colour and weight, never the other way round."""

    SYN = "syn"
    DATA = "data"
    ACK = "ack"
    FIN = "fin"
    RST = "rst"
    AGAIN = "again"
    """Sent before: a retransmission, a probe, a keep-alive."""
    DATAGRAM = "datagram"
    FRAGMENT = "fragment"
    ICMP = "icmp"
    OTHER = "other"
    CALL = "call"
    FAILURE = "failure"
    """A call that came back with an error."""
    STATE = "state"
    """The badge with a state's name."""
    POINT = "point"
    """Where on the lifeline the state changes."""
    TIME = "time"
    LIFELINE = "lifeline"
    GAP = "gap"
    BANNER = "banner"
    LESSON = "lesson"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"
    TITLE = "title"
    """A heading: a lane's name, a column's unit."""
    PLAIN = "plain"


class Stroke(StrEnum):
    """The shape of an arrow's shaft: kinds stay apart without colour."""

    SOLID = "solid"
    DOUBLE = "double"
    """FIN."""
    BROKEN = "broken"
    """Sent before."""
    LIGHT = "light"
    """Fragments behind the first, ICMP, what is not of the conversation's own protocol."""
    LOST = "lost"
    """Stops on the way (the lab's wire dropped it)."""
    LEAVING = "leaving"
    """On its way: where it arrives is a row of its own, as something else came between."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lifeline."""

    title: str
    """'client', 'server'."""
    endpoint: str
    """'127.0.0.1:8000'."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A frame on its way from one lifeline to another."""

    step: int
    time: int
    sender: int
    """Lane index."""
    receiver: int
    number: int
    """The frame's number in its capture."""
    label: tuple[str, ...]
    """Parts, most important first: a painter shows as many *whole* parts as fit, never a piece of one."""
    raw_label: tuple[str, ...]
    """The same with sequence numbers as on the wire."""
    role: Role
    stroke: Stroke = Stroke.SOLID
    tag: str = ""
    """Which conversation, '#2', where there are several."""
    leg: tuple[float, float] = (0.0, 1.0)
    """The part of the way between the lifelines it is drawn over, from the client's (0) to the server's (1)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A socket call, or its return, beside a lifeline. Both in one where nothing happened between them."""

    step: int
    time: int
    lane: int
    text: tuple[str, ...]
    """Variants of the text from the longest to the shortest; a painter takes the first that fits."""
    role: Role = Role.CALL
    last_step: int = 0
    """The Return's step where it is merged into this row; else the same as `step`."""
    tag: str = ""
    """Which conversation, '#2', where there are several."""
    spoken: bool = False
    """Somebody's words, to be read whole: over the wire where the room beside the lifeline would cut them."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """One or both ends change their TCP state."""

    step: int
    time: int
    states: tuple[str, ...]
    """By lane; empty where that lane keeps its state."""
    tag: str = ""
    """Which conversation, '#2', where there are several."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence worth drawing."""

    step: int
    """The step that ends it."""
    time: int
    duration: int


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of like frames drawn as one row."""

    step: int
    """Its first step."""
    time: int
    sender: int
    receiver: int
    last_step: int
    numbers: tuple[int, int]
    """Frame numbers of the first and the last."""
    count: int
    label: tuple[str, ...]
    role: Role
    answers: int = 0
    """Pure ACKs the other way among them."""


@dataclass(frozen=True, slots=True)
class Banner:
    """A line across: the capture's end, a scene of a demo."""

    step: int
    time: int
    text: str
    role: Role = Role.BANNER


Row: TypeAlias = Arrow | Mark | StateChange | Gap | Fold | Banner


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of rows that belong together: a call that blocks, writes that left together."""

    first: int
    """Row index."""
    last: int
    lane: int
    rail: int
    """0 stands next to the lifeline; overlapping spans get higher rails."""
    text: str
    """'blocked 41.3 ms', '4 writes, 1 segment'."""
    role: Role = Role.CALL


@dataclass(frozen=True, slots=True)
class Anchored:
    """A note and the row it stands beside."""

    row: int
    note: Note
