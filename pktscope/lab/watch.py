"""What the director needs of whoever sees frames: the sniffer of an interface, the relay of the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pktscope.model import Fate


@dataclass(frozen=True, slots=True)
class Caught:
    """A frame as it was caught."""

    time: int
    """Nanoseconds since the epoch, by the kernel's stamp."""
    data: bytes
    length: int
    """Octets on the wire."""
    interface: int = 0
    """Which of the recording's interfaces, from 0."""


class Watch(Protocol):
    """A process that watches a link, from the director's end."""

    pipe: int
    """Descriptor: readable when there is something to hear."""
    ended: bool
    """Nothing more will come."""

    @property
    def dropped(self) -> int:
        """Frames the kernel saw but could not hand over."""

    def promised(self) -> int:
        """Everything stamped before this is in the pipe."""

    def hear(self) -> Iterator[Caught | Fate]:
        """What it has told since; sets `ended` when that was the last."""

    def count(self) -> int:
        """A number that grows with each frame that goes by."""

    def busy(self) -> bool:
        """Whether frames are still under way."""

    def mark(self) -> None:
        """Have it end when everything up to now has been told."""

    def lost(self) -> str:
        """Why it ended before it was asked to, in plain words; '' if it did not."""
