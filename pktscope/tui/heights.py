"""Which line of a tall picture belongs to which row: exact where looked at, estimated where not, for a million rows.

Rows are counted in blocks. A block's height is exact once one of its lines was wanted; until then it is guessed from
the rows measured so far, so that opening, resizing and jumping never measure everything at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

BLOCK = 512


class Heights:
    """Row <-> line for rows that are appended; `measure` gives the height of one row in lines, at least 0."""

    def __init__(self, measure: Callable[[int], int]) -> None:
        self.measure = measure
        self.count = 0
        self.offsets: dict[int, list[int]] = {}
        """By block measured: first line of each of its rows, within the block, and its height at the end."""
        self.starts: list[int] | None = None
        self.average = 1.0

    def grow(self, count: int) -> None:
        """There are `count` rows now; the last one known before may have changed."""
        for block in range(max(0, self.count - 1) // BLOCK, max(0, count - 1) // BLOCK + 1):
            self.offsets.pop(block, None)
        self.count = count
        self.starts = None

    def changed(self, row: int) -> None:
        """A row's height may have changed (a note came)."""
        if self.offsets.pop(row // BLOCK, None) is not None:
            self.starts = None

    def clear(self) -> None:
        """Every height may have changed (width, mode)."""
        self.offsets.clear()
        self.starts = None

    @property
    def total(self) -> int:
        """Lines of all rows, as far as known."""
        return self._starts()[-1]

    def top(self, row: int) -> int:
        """The first line of a row; of the row behind the last: the line behind the picture."""
        if row >= self.count:
            if self.count:
                self._block((self.count - 1) // BLOCK)
            return self.total
        offsets = self._block(row // BLOCK)
        return self._starts()[row // BLOCK] + offsets[row % BLOCK]

    def height(self, row: int) -> int:
        """Lines of a row."""
        offsets = self._block(row // BLOCK)
        return offsets[row % BLOCK + 1] - offsets[row % BLOCK]

    def find(self, line: int) -> tuple[int, int] | None:
        """The row that owns a line and which of its lines it is; None behind the last row."""
        for _ in range(4):
            starts = self._starts()
            if line < 0 or line >= starts[-1]:
                return None
            block = bisect_right(starts, line) - 1
            if block in self.offsets:
                break
            self._block(block)
        offsets = self._block(block)
        within = line - self._starts()[block]
        if not 0 <= within < offsets[-1]:
            return None
        index = bisect_right(offsets, within) - 1
        return block * BLOCK + index, within - offsets[index]

    def _block(self, block: int) -> list[int]:
        known = self.offsets.get(block)
        if known is None:
            rows = range(block * BLOCK, min((block + 1) * BLOCK, self.count))
            known = [0, *accumulate(self.measure(row) for row in rows)]
            self.offsets[block] = known
            self.average = known[-1] / max(1, len(rows))
            self.starts = None
        return known

    def _starts(self) -> list[int]:
        if self.starts is None:
            sizes = []
            for block in range((self.count + BLOCK - 1) // BLOCK):
                known = self.offsets.get(block)
                rows = min(BLOCK, self.count - block * BLOCK)
                sizes.append(known[-1] if known else max(1, round(rows * self.average)))
            self.starts = [0, *accumulate(sizes)]
        return self.starts
