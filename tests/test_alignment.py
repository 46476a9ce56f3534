"""Two timelines row beside row: laws that hold for any two, and what a reader expects of runs that differ."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as some

from pktscope import alignment
from pktscope.alignment import Feature, Pair, align

KINDS = some.sampled_from(["call", "data", "ack", "state"])
FEATURES = some.lists(some.builds(Feature, KINDS, some.integers(0, 3)), max_size=40)


def sides(pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    """The rows of each side in the order they come."""
    return [one for one, _ in pairs if one is not None], [other for _, other in pairs if other is not None]


@given(FEATURES, FEATURES)
def test_every_row_comes_once_and_in_order(left: list[Feature], right: list[Feature]) -> None:
    """Nothing is left out, doubled or moved, and no pair is empty."""
    pairs = align(left, right)

    assert sides(pairs) == (list(range(len(left))), list(range(len(right))))
    assert (None, None) not in pairs


@given(FEATURES, FEATURES)
def test_only_like_stands_beside_like(left: list[Feature], right: list[Feature]) -> None:
    """A pair's rows are of one kind."""
    for one, other in align(left, right):
        assert one is None or other is None or left[one].kind == right[other].kind


@given(FEATURES)
def test_the_same_run_stands_beside_itself(rows: list[Feature]) -> None:
    """Two equal runs have every row beside its twin."""
    assert align(rows, rows) == [(at, at) for at in range(len(rows))]


@given(FEATURES, FEATURES, FEATURES)
def test_what_is_inserted_stands_alone(before: list[Feature], after: list[Feature], more: list[Feature]) -> None:
    """Rows of a kind the other run has not are alone; the others stay together."""
    strangers = [Feature("stranger", each.detail) for each in more]
    pairs = align([*before, *after], [*before, *strangers, *after])

    alone = [other for one, other in pairs if one is None]
    assert alone == list(range(len(before), len(before) + len(strangers)))


def test_long_stretches_without_an_anchor_are_searched_in_pieces(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """However long they are, no more than the bound is looked at in one piece, and the law holds."""
    monkeypatch.setattr(alignment, "CELLS", 100)
    left = [Feature("data", at % 3) for at in range(120)]
    right = [Feature("data", (at + 1) % 3) for at in range(90)]
    pairs = align(left, right)

    assert sides(pairs) == (list(range(120)), list(range(90)))


def test_five_writes_with_nagle_and_without() -> None:
    """Each write stands beside the same write; the first segment beside the first; the rest has its own place."""

    def send(number: int) -> Feature:
        return Feature("send", number)

    def data(seq: int, size: int) -> Feature:
        return Feature("data", (seq, size))

    ack = [Feature("ack", number) for number in (11, 51)]
    nagle = [send(1), data(1, 10), send(2), send(3), send(4), send(5), ack[0], data(11, 40), ack[1]]
    nodelay = [feature for at in range(5) for feature in (send(at + 1), data(1 + 10 * at, 10))] + [ack[1]]
    pairs = align(nagle, nodelay)

    together = [
        (nagle[one].detail, nodelay[other].detail) for one, other in pairs if one is not None and other is not None
    ]
    assert all((number, number) in together for number in range(1, 6))
    assert ((1, 10), (1, 10)) in together
    assert (51, 51) in together
