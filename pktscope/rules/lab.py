"""What the lab's wire did to frames: said of every packet it was done to, so that nobody takes it for the kernel's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope.model import Fate, Frame, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.words import N_

if TYPE_CHECKING:
    from pktscope.flow import Flow

ON_PURPOSE = N_("not a packet's rule: the lab's own doing")


def fate_of(step: Step, flow: Flow) -> tuple[Fate, Frame] | None:
    """What was done to which frame; None where the frame was not seen."""
    fate = step.observation
    frame = flow.observed(step.call) if step.call is not None else None
    return (fate, frame) if isinstance(fate, Fate) and isinstance(frame, Frame) else None


DROPPED = """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ dropped                  # lab.dropped
"""


@rule("lab.dropped", ON_PURPOSE, on="fate", example=DROPPED, severity=Severity.NOTICE)
def dropped(step: Step, flow: Flow) -> Iterator[Finding]:
    """The lab's wire dropped this packet, as it was told to.

    Real networks lose packets when a queue is full or a link is bad, and they tell nobody. Here the relay between the
    two hosts did it on purpose. Its sender cannot know: all it will ever notice is that no answer comes.
    """
    if (found := fate_of(step, flow)) is not None and found[0].what == "dropped":
        yield find(
            "The lab's wire dropped frame {frame}, as it was told to: it will not arrive, and neither end is told.",
            evidence=(step.call,), since=step.call, frame=found[1].number,
        )  # fmt: skip


DELAYED = """
   C > S  SYN
~ delivered
   S > C  SYN ACK
+400ms
~ delayed                  # lab.delayed
"""


@rule("lab.delayed", ON_PURPOSE, on="fate", example=DELAYED, severity=Severity.NOTICE)
def delayed(step: Step, flow: Flow) -> Iterator[Finding]:
    """The lab's wire held this packet back, as it was told to.

    In a network this is what a long queue, a radio link or another route does. To its sender a packet that is late
    looks like one that is lost, until the answer comes after all.
    """
    if (found := fate_of(step, flow)) is not None and found[0].what == "delayed":
        yield find(
            "The lab's wire held frame {frame} back, as it was told to: it arrives {after:duration} after it left.",
            evidence=(step.call,), since=step.call, frame=found[1].number, after=step.time - found[1].time,
        )  # fmt: skip


SWAPPED = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 10
   C > S  UDP 20
~ delivered 2
~ swapped 1                # lab.swapped
"""


@rule("lab.swapped", ON_PURPOSE, on="fate", example=SWAPPED, severity=Severity.NOTICE)
def swapped(step: Step, flow: Flow) -> Iterator[Finding]:
    """The lab's wire let another packet overtake this one, as it was told to.

    Packets of one conversation may take different routes or queues; IP promises no order. TCP puts the octets in order
    again by their numbers; UDP hands datagrams over as they come.
    """
    if (found := fate_of(step, flow)) is not None and found[0].what == "swapped":
        yield find(
            "The lab's wire let a later packet overtake frame {frame}, as it was told to: it arrives"
            " {after:duration} after it left.",
            evidence=(step.call,), since=step.call, frame=found[1].number, after=step.time - found[1].time,
        )  # fmt: skip


DOUBLED = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 10
~ doubled 1
~ doubled 1 again          # lab.doubled
"""


@rule("lab.doubled", ON_PURPOSE, on="fate", example=DOUBLED, severity=Severity.NOTICE)
def doubled(step: Step, flow: Flow) -> Iterator[Finding]:
    """The lab's wire delivered this packet twice, as it was told to.

    Nobody sent it again: one packet left, two arrive. TCP recognises the second by its numbers and throws it away; UDP
    hands both to the program.
    """
    if (found := fate_of(step, flow)) is not None and found[0].what == "doubled" and len(found[0].delivered) > 1:
        yield find(
            "The lab's wire delivered frame {frame} twice, as it was told to: this is the second copy of what left"
            " once.",
            evidence=(step.call,), since=step.call, frame=found[1].number,
        )  # fmt: skip


DAMAGED = """
   C > S  SYN
~ damaged                  # lab.damaged
"""


@rule("lab.damaged", ON_PURPOSE, on="fate", example=DAMAGED, severity=Severity.NOTICE)
def damaged(step: Step, flow: Flow) -> Iterator[Finding]:
    """The lab's wire changed an octet of this packet, as it was told to.

    It arrives, but its checksum does not fit any more, so the receiving kernel throws it away without a word (RFC 9293
    section 3.1, RFC 1122 section 3.2.1.2). For the sender that is the same as if it had been lost.
    """
    if (found := fate_of(step, flow)) is not None and found[0].what == "damaged":
        yield find(
            "The lab's wire damaged frame {frame}, as it was told to: it arrives with a checksum that does not fit, and"
            " the receiving kernel has to throw it away.",
            evidence=(step.call,), since=step.call, frame=found[1].number,
        )  # fmt: skip


RULES: tuple[Rule, ...] = (dropped, delayed, swapped, doubled, damaged)
