"""Spans beside the lifelines: which rail each one runs on, and which of them pass a row."""

from __future__ import annotations

from itertools import count

from pktscope.rows import Role, Span

BUCKET = 64
"""Rows per entry of the index: a span over a million rows costs thousands of entries, not a million."""


class Rails:
    """All spans of a timeline. They come in order of their last row."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._ends: tuple[dict[int, int], dict[int, int]] = ({}, {})
        """By lane: the last row taken on each rail."""
        self._buckets: dict[int, list[Span]] = {}

    def lay(self, first: int, last: int, lane: int, text: str, role: Role) -> Span:
        """Book a span on the lowest rail that is free over all its rows."""
        ends = self._ends[lane]
        rail = next(rail for rail in count() if ends.get(rail, -1) < first)
        ends[rail] = last
        span = Span(first, last, lane, rail, text, role)
        self.spans.append(span)
        for bucket in range(first // BUCKET, last // BUCKET + 1):
            self._buckets.setdefault(bucket, []).append(span)
        return span

    def at(self, row: int) -> tuple[Span, ...]:
        """The spans a row is part of."""
        return tuple(span for span in self._buckets.get(row // BUCKET, ()) if span.first <= row <= span.last)
