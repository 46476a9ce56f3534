"""Parts of sentences that several rules need: stretches of bytes, lists of frames, a call as its reader wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pktscope.model import Call, Side, Step
from pktscope.words import Phrase, Words, phrase

if TYPE_CHECKING:
    from pktscope.ends import Sent
    from pktscope.flow import Flow

LONGEST_CALL = 36
"""Characters of a call that is spelled out in a sentence; a longer one is named without its arguments."""
SMALLEST_MSS = 536
"""What a sender may assume where the other end's SYN has no MSS option (RFC 9293 section 3.7.1)."""
TIMESTAMPS = 12
"""Octets of every segment that the timestamp option takes from the data (RFC 7323 appendix A)."""


def stretch(first: int, end: int) -> Phrase:
    """'byte 7', 'bytes 1 to 10' for the numbers [first, end)."""
    if end - first == 1:
        return phrase("byte {first:,}", first=first)
    return phrase("bytes {first:,} to {last:,}", first=first, last=end - 1)


def frames(numbers: Sequence[int]) -> Words:
    """'frame 4', 'frames 4 and 6', 'frames 4 to 12', '9 frames from 4 to 20'; '' for none."""
    known = sorted({number for number in numbers if number})
    if not known:
        return ""
    if len(known) == 1:
        return phrase("frame {frame}", frame=known[0])
    if len(known) > 2 and known[-1] - known[0] == len(known) - 1:
        return phrase("frames {first} to {last}", first=known[0], last=known[-1])
    if len(known) <= 3:
        return phrase("frames {frames:list}", frames=tuple(known))
    return phrase("{count:frames} from {first} to {last}", count=len(known), first=known[0], last=known[-1])


def carriers(flow: Flow, pieces: Sequence[Sent]) -> Words:
    """The frames that first carried some pieces, in words."""
    return frames([flow.frame_number(piece.step) for piece in pieces])


def reached(flow: Flow, step: int) -> int | None:
    """When the frame of a step reached the other end, whole: on loopback, and where nobody knows, when it was seen;
    None where the lab's wire lost or damaged it, or has not delivered it yet."""
    if not flow.wire:
        return flow.steps[step].time
    fate = flow.fates.get(step)
    return fate.delivered[0] if fate is not None and fate.delivered and fate.what != "damaged" else None


def brought(flow: Flow, piece: Sent) -> int:
    """The step of the copy of a piece that reached the other end first; of its first copy, where nobody knows."""
    arrivals = ((reached(flow, copy), copy) for copy in (piece.step, *piece.again))
    return min(((at, copy) for at, copy in arrivals if at is not None), default=(0, piece.step))[1]


def bringers(flow: Flow, pieces: Sequence[Sent]) -> Phrase | str:
    """The frames that brought some pieces to the other end, in words."""
    found = frames([flow.frame_number(brought(flow, piece)) for piece in pieces])
    if not flow.wire and any(piece.again for piece in pieces):
        return phrase("{frames} (sent more than once)", frames=found)
    return found


def spelled(call: Call) -> str:
    """'recv(1024)', 'send(b'hello')'; 'send()' where the arguments are long."""
    inside = call.arguments
    if not (inside.startswith("(") and inside.endswith(")")):
        inside = f"({inside})"
    text = f"{call.name}{inside}"
    return text if len(text) <= LONGEST_CALL else f"{call.name}()"


def placed(call: Call) -> Words:
    """A call with the line of the program it stands in, where that is known: 'send(b'hello') (line 12)'."""
    return phrase("{call} (line {line})", call=spelled(call), line=call.line) if call.line else spelled(call)


def call_at(flow: Flow, step: int | None) -> Call | None:
    """The call that was seen at a step."""
    seen = flow.observed(step) if step is not None else None
    return seen if isinstance(seen, Call) else None


def fresh_data(step: Step, flow: Flow) -> tuple[int, int] | None:
    """The bytes of a segment that no segment carried before; None for none."""
    if step.octets is None or not flow.now.fresh:
        return None
    first = max(step.octets[0], flow.now.fresh[0][0])
    end = min(step.octets[1], flow.now.fresh[-1][1])
    return (first, end) if end > first else None


def acked_data(step: Step, flow: Flow) -> tuple[int, int] | None:
    """The bytes of the other end that a segment is the first to acknowledge, without its SYN and FIN."""
    segment = step.segment
    if segment is None or segment.ack is None or not segment.acked:
        return None
    fin_end = flow.ends[step.side.other].fin_end
    first = max(1, segment.ack - segment.acked)
    end = segment.ack - (1 if fin_end is not None and segment.ack >= fin_end else 0)
    return (first, end) if end > first else None


def largest_segment(flow: Flow, side: Side) -> int:
    """Bytes of data that one segment of an end may carry: the other's MSS, less what timestamps take."""
    mine, yours = flow.ends[side].options, flow.ends[side.other].options
    stamped = mine.timestamp is not None and yours.timestamp is not None
    return (yours.mss or SMALLEST_MSS) - (TIMESTAMPS if stamped else 0)
