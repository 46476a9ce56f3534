"""Phrases and measures the rules of loss, order and windows share: repeats, spans of bytes, Wireshark's names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pktscope.model import Step
from pktscope.rules.phrases import stretch
from pktscope.verdicts import WIRESHARK, Verdict
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Sent
    from pktscope.flow import Flow

V = Verdict
EVERY = 5
"""Repeats told one by one, where a rule does not say otherwise."""


def telling(count: int, first: int = EVERY) -> bool:
    """Whether the repeat with this number is worth a note of its own: the first few, then the 10th, the 100th, ..."""
    return count <= first or (count >= 10 and str(count).strip("0") == "1")


def shark(flow: Flow, ours: int) -> str:
    """What Wireshark calls the newest segment, where it says something else than `ours`; empty where it agrees."""
    theirs = flow.machine.wireshark()
    if theirs & ours:
        return ""
    return ", ".join(name for bit, name in WIRESHARK.items() if theirs & bit)


def span(octets: tuple[int, int]) -> Phrase:
    """'byte 7', 'bytes 1 to 10'."""
    return stretch(*octets)


@dataclass(frozen=True, slots=True)
class Again:
    """The copies of a piece before the one at hand."""

    first: int
    """Step of the first copy."""
    last: int
    """Step of the newest before this."""
    number: int
    """This is the number-th repeat."""
    wait: int
    """Nanoseconds since the newest copy."""
    before: int
    """Nanoseconds between the two copies before; 0 where there was only one."""

    @property
    def doubled(self) -> bool:
        """The wait is twice the one before, give or take a tenth."""
        return self.before > 0 and 1.8 <= self.wait / self.before <= 2.2

    @property
    def pace(self) -> Words:
        """How this wait compares with the last, as the end of a sentence; empty for the first repeat."""
        if not self.before:
            return ""
        if self.doubled:
            return phrase(
                ": twice as long as the wait before ({before:duration}), as RFC 6298 asks of the timer",
                before=self.before,
            )
        return phrase("; the wait before was {before:duration}", before=self.before)


def again(step: Step, flow: Flow, piece: Sent) -> Again:
    """The earlier copies of a piece that this step sends again."""
    copies = [piece.step, *piece.again[-3:-1]] if len(piece.again) < 4 else piece.again[-3:-1]
    wait = step.time - flow.steps[copies[-1]].time
    before = flow.steps[copies[-1]].time - flow.steps[copies[-2]].time if len(copies) > 1 else 0
    return Again(piece.step, copies[-1], len(piece.again), wait, before)


def resent(step: Step, flow: Flow, bit: int) -> Sent | None:
    """The first piece this step sends again, if its verdict has the bit."""
    if not flow.is_a(step, V.RETRANSMISSION) or not flow.is_a(step, bit):
        return None
    return flow.now.repeated[0] if flow.now.repeated else None
