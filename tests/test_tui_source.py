"""The program's own line behind each packet and call, in the recordings of the demos; and folds laid out anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from pktscope.capture.store import Store
from pktscope.model import Call, Frame
from pktscope.tui.feed import Feed
from pktscope.tui.source import numbered, own_lines, program

CAPTURES = Path(__file__).parent.parent / "captures"
DEMOS = ("fragmentation", "handshake", "nagle.nagle", "teardown", "udp-echo")


def followed(name: str) -> tuple[Store, Feed]:
    """A recording, wholly read."""
    store = Store.open(str(CAPTURES / f"{name}.pcapng"))
    assert store.wait(30)
    feed = Feed(store.reader(None), None)
    while not feed.done:
        feed.pump()
    return store, feed


@pytest.mark.parametrize("name", DEMOS)
def test_every_packet_with_data_has_the_line_that_sent_it(name: str) -> None:
    """Data, SYN and FIN lead to a line of the demo that makes such a call; every call leads to its own."""
    store, feed = followed(name)
    assert store.exchange is not None
    ((_, text),) = store.exchange.sources
    code = text.split("\n")
    for step in feed.flow.steps:
        seen = step.observation
        lines = [line for _, line in own_lines(step, feed.flow.steps)]
        assert len(lines) == len(set(lines))
        if isinstance(seen, Frame) and seen.length:
            assert lines, f"packet {seen.number}"
            assert all("send" in code[line - 1] for line in lines)
        if isinstance(seen, Call) and seen.line:
            assert lines == [seen.line]
            assert seen.name in code[seen.line - 1]


def test_a_program_in_part_keeps_its_numbers() -> None:
    """The line that is meant, its neighbours, and a gap where lines are left out; what is long goes on below."""
    text = "\n".join(f"line_{number}()" for number in range(1, 41))
    part = program("/somewhere/demo.py", text, (("demo.py", 10), ("other.py", 1), ("demo.py", 30)), 60, around=2)
    shown = ["".join(run for run, _ in line) for line in part.lines]

    assert part.title == "demo.py, lines 10 and 30"
    assert [line.split()[-1] for line in shown if line] == [
        *(f"line_{number}()" for number in range(8, 13)),
        *(f"line_{number}()" for number in range(28, 33)),
    ]
    assert [shown[line] for line in sorted(part.marked)] == ["▶  10  line_10()", "▶  30  line_30()"]
    assert len(numbered(3, "    call(" + "argument, " * 20 + ")", 60, True, True)) > 1


def test_folds_are_laid_out_anew_in_slices() -> None:
    """The same rows come out, however small the slices are."""
    _, feed = followed("nagle.nagle")
    rows = list(feed.timeline.rows)
    feed.refold(True)
    assert not feed.done
    while not feed.done:
        feed.pump(0.001)

    assert feed.timeline.rows == rows
