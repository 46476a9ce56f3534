"""Two timelines row beside row: which row of one run is what happened in the other, too. Pure.

Rows are alike by what they show (the call and its arguments, the flags and the octets of a segment), never by when.
What is alike and unique in both holds the rest together, like pages of two editions of a book; between such anchors
the best pairing in order is searched, as long as that is a short search.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from pktscope.model import FIN, RST, SYN, Call, Frame, Return, Step, Tcp
from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Row, StateChange

Pair: TypeAlias = tuple[int | None, int | None]
"""A row of the left timeline and one of the right; None where one has nothing like the other's."""

EXACT, LIKE = 5, 2
"""What a pair is worth whose rows are the same, and one whose rows are of the same kind."""

CELLS = 2_000_000
"""Pairs looked at in one search, at most; a longer stretch without an anchor is searched in pieces of equal part."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What is compared of a row."""

    kind: Hashable
    """Rows of different kinds never stand beside each other as one."""
    detail: Hashable = None
    """Rows of one kind with the same detail are the same."""


def features(rows: Sequence[Row], step_of: Callable[[int], Step | None]) -> list[Feature]:
    """What is compared of each row; `step_of` gives a step by its index."""
    return [feature(row, step_of(row.step)) for row in rows]


def feature(row: Row, step: Step | None) -> Feature:
    """What is compared of one row."""
    match row:
        case Arrow():
            return frame_feature(row, step)
        case Fold():
            return Feature(("fold", row.sender, row.role), row.count)
        case Mark():
            return call_feature(row, step)
        case StateChange():
            return Feature(("state", row.tag, tuple(map(bool, row.states))), row.states)
        case Gap():
            return Feature("gap")
        case Banner():
            return Feature("banner", row.text)
    assert_never(row)


def frame_feature(row: Arrow, step: Step | None) -> Feature:
    """A frame: its direction and flags, then its place in the stream and its length."""
    seen = step.observation if step is not None else None
    if not isinstance(seen, Frame):
        return Feature(("arrow", row.tag, row.sender, row.role), row.label)
    flags = seen.transport.flags & (SYN | FIN | RST) if isinstance(seen.transport, Tcp) else 0
    kind = ("frame", row.tag, row.sender, row.leg, type(seen.transport).__name__, flags, bool(seen.length))
    segment = step.segment if step is not None else None
    if segment is None:
        return Feature(kind, (seen.length, row.label))
    return Feature(kind, (seen.length, segment.seq, None if seen.length else segment.ack, segment.verdict))


def call_feature(row: Mark, step: Step | None) -> Feature:
    """A call: who made which, then its arguments and whether it failed."""
    seen = step.observation if step is not None else None
    if isinstance(seen, Call):
        return Feature(("call", row.tag, row.lane, seen.program, seen.name), (seen.arguments, row.role))
    if isinstance(seen, Return):
        return Feature(("return", row.tag, row.lane, seen.name), (seen.length, seen.error))
    return Feature(("mark", row.tag, row.lane), row.text)


def align(left: Sequence[Feature], right: Sequence[Feature]) -> list[Pair]:
    """Both timelines in order, every row of either exactly once; what is alike stands in one pair."""
    pairs: list[Pair] = []
    here, there = 0, 0
    for one, other in [*anchors(left, right), (len(left), len(right))]:
        pairs += between(left, right, (here, one), (there, other))
        if one < len(left):
            pairs.append((one, other))
        here, there = one + 1, other + 1
    return pairs


def anchors(left: Sequence[Feature], right: Sequence[Feature]) -> list[tuple[int, int]]:
    """The longest rising chain of rows that are the same, and the only ones of their sort in both."""
    once = [Counter(side) for side in (left, right)]
    places = {each: place for place, each in enumerate(right) if once[1][each] == 1}
    found = [(at, places[each]) for at, each in enumerate(left) if once[0][each] == 1 and each in places]
    return rising(found)


def rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence whose second members rise (the first do already)."""
    ends: list[int] = []
    lasts: list[int] = []
    before: list[int] = []
    for index, (_one, other) in enumerate(pairs):
        place = bisect_left(ends, other)
        before.append(lasts[place - 1] if place else -1)
        ends[place : place + 1] = [other]
        lasts[place : place + 1] = [index]
    chain: list[tuple[int, int]] = []
    at = lasts[-1] if lasts else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return chain[::-1]


def between(
    left: Sequence[Feature], right: Sequence[Feature], ours: tuple[int, int], theirs: tuple[int, int]
) -> list[Pair]:
    """The pairs of a stretch of each side."""
    (start, stop), (begin, end) = ours, theirs
    head: list[Pair] = []
    while start < stop and begin < end and left[start] == right[begin]:
        head.append((start, begin))
        start, begin = start + 1, begin + 1
    tail: list[Pair] = []
    while start < stop and begin < end and left[stop - 1] == right[end - 1]:
        stop, end = stop - 1, end - 1
        tail.append((stop, end))
    middle: list[Pair] = []
    rows, columns = stop - start, end - begin
    pieces = max(1, -(-rows * columns // CELLS))
    for piece in range(pieces):
        part = (start + rows * piece // pieces, start + rows * (piece + 1) // pieces)
        other = (begin + columns * piece // pieces, begin + columns * (piece + 1) // pieces)
        middle += best(left, right, part, other)
    return [*head, *middle, *tail[::-1]]


def best(
    left: Sequence[Feature], right: Sequence[Feature], ours: tuple[int, int], theirs: tuple[int, int]
) -> list[Pair]:
    """The pairing in order that is worth most; the earliest of equals, what is alone on the left before the right."""
    (start, stop), (begin, end) = ours, theirs
    size = end - begin
    worth = [[0] * (size + 1)]
    for at in range(stop - 1, start - 1, -1):
        below, mine = worth[-1], left[at]
        row = [0] * (size + 1)
        for other in range(size - 1, -1, -1):
            theirs_too = right[begin + other]
            value = max(below[other], row[other + 1])
            if mine.kind == theirs_too.kind:
                value = max(value, below[other + 1] + (EXACT if mine == theirs_too else LIKE))
            row[other] = value
        worth.append(row)
    worth.reverse()
    pairs: list[Pair] = []
    at, other = start, begin
    while at < stop and other < end:
        row, below = worth[at - start], worth[at - start + 1]
        mine, yours = left[at], right[other]
        gain = (EXACT if mine == yours else LIKE) if mine.kind == yours.kind else -1
        column = other - begin
        if gain > 0 and row[column] == below[column + 1] + gain:
            pairs.append((at, other))
            at, other = at + 1, other + 1
        elif row[column] == below[column]:
            pairs.append((at, None))
            at += 1
        else:
            pairs.append((None, other))
            other += 1
    return [*pairs, *((each, None) for each in range(at, stop)), *((None, each) for each in range(other, end))]
