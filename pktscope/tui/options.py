"""What the command line may ask of the screen. Cheap to import: no Textual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TimeFormat = Literal["absolute", "relative", "delta"]

SMALLEST = (60, 20)
"""Columns and lines below which the timeline is not drawn, but the size it needs is said."""


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """How the screen starts; every one of them can be changed by a key later, but `motion` and `recorded`."""

    ascii: bool | None = None
    """Draw with ASCII only; None: ask the terminal how wide its drawing characters are."""
    theme: Literal["dark", "white", "contrast"] = "dark"
    motion: bool = True
    """Let arrows grow over the wire; False draws them whole."""
    time_format: TimeFormat = "relative"
    raw_numbers: bool = False
    dense: bool | None = None
    """One row a packet; None: by the height of the screen."""
    fold: bool = True
    recorded: bool = False
    """What is shown was recorded earlier, and the heading says so."""
    conversation: str = ""
    """'tcp:0': open this one at once; empty: the only one, or a list to choose from."""
    quality: str = ""
    """One line said of the capture in the heading, beside what the capture's end says."""
