"""Every renderer draws every kind of row, exactly as wide as it was asked to."""

from __future__ import annotations

import difflib
import itertools
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from pktscope.model import Endpoint, Exchange, Note, Severity, Side, State
from pktscope.render import cells, text
from pktscope.render.cells import Columns, Options, columns, height, paint, paint_header
from pktscope.render.columns import clock, state_text, time_text
from pktscope.render.json import document
from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Role, Row, StateChange, Stroke
from pktscope.text import safe_text, width
from pktscope.theme import ASCII, DARK, PALETTES, UNICODE, contrast, depth, sgr
from pktscope.timeline import Timeline
from tests.scenes import EPOCH, Scene, bulk, connection, datagrams

GOLDEN = Path(__file__).parent / "golden"


def shown(line: list[cells.Run]) -> str:
    """A painted line without its roles."""
    return "".join(part for part, _ in line)


def everything(timeline: Timeline, layout: Columns, options: Options) -> list[list[cells.Run]]:
    """All cell lines of a timeline."""
    return [line for row in range(len(timeline.rows)) for line in paint(timeline, row, layout, options)]


def check(name: str, made: str) -> None:
    """Hold `made` against a golden file; PKTSCOPE_GOLDEN=write refreshes it."""
    path = GOLDEN / name
    if os.environ.get("PKTSCOPE_GOLDEN") == "write":
        path.write_text(made, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    diff = "\n".join(difflib.unified_diff(kept.splitlines(), made.splitlines(), name, "now", lineterm=""))

    assert made == kept, f"\n{diff}\n(PKTSCOPE_GOLDEN=write refreshes the file)"


@pytest.mark.parametrize("cells_wide", [60, 80, 120])
@pytest.mark.parametrize("story", [connection, datagrams])
def test_text_is_golden(story: Callable[[], Scene], cells_wide: int) -> None:
    """The printed timeline of a TCP and a UDP conversation, narrow, normal and wide."""
    lines = text.text(story().timeline(), ["A heading"], width=cells_wide)

    check(f"{story.__name__}-{cells_wide}.txt", "\n".join(lines) + "\n")


def test_ascii_text_is_golden() -> None:
    """The same for a terminal without box drawing; its goldens are ASCII files."""
    made = "\n".join(text.text(connection().timeline(), ["Überschrift"], width=80, options=Options(ascii=True))) + "\n"

    check("connection-80.ascii.txt", made)
    assert made.isascii()


def test_sloped_text_is_golden() -> None:
    """Arrows that take their time, as stairs."""
    made = text.text(connection().timeline(), width=80, options=Options(sloped=True))

    check("connection-80.sloped.txt", "\n".join(list(made)[:24]) + "\n")


def test_json_is_golden() -> None:
    """One document, versioned; a reader that knows nothing else can parse it."""
    tell = datagrams()
    made = "".join(document(tell.steps, client=tell.client, server=tell.server))

    check("datagrams.json", made)
    assert json.loads(made)["schema"] == "pktscope.timeline/1"


def test_json_has_what_a_script_wants() -> None:
    """Relative and raw numbers, verdicts by name, states, notes with the numbers of the frames that prove them."""
    tell = connection()
    tell.steps[5] = (
        tell.steps[5][0],
        (Note("a.rule", "Two of them.", (), 5, 4, (4, 5), Severity.NOTICE, "RFC 1", "x"),),
    )
    found = json.loads("".join(document(tell.steps, exchange=Exchange("title", "demo"))))
    steps = found["steps"]
    again = next(step for step in steps if "retransmission" in step.get("segment", {}).get("verdicts", ()))

    assert [step["step"] for step in steps] == list(range(len(steps)))
    assert (again["segment"]["seq"], again["frame"]["tcp"]["seq"]) == (2, 1002)
    assert again["frame"]["payload"] == {"hex": "656c6c6f", "text": "ello"}
    assert steps[5]["notes"][0]["frames"] == [1, 2]
    assert steps[5]["notes"][0]["sentence"] == "Two of them."
    assert found["exchange"]["demo"] == "demo"


def test_every_kind_of_row_is_painted() -> None:
    """No kind of row is left out of these tests, and none of them paints nothing."""
    kinds = set()
    for story in (connection(), datagrams(), bulk()):
        timeline = story.timeline()
        kinds |= {type(row) for row in timeline.rows}
        for row in range(len(timeline.rows)):
            assert any(shown(line).strip() for line in paint(timeline, row, columns(80), Options()))

    assert kinds == set(get_args(Row))


hostile = st.text(st.sampled_from("ab 三次握手，。\x1b\u202e\u0301=\\:"), max_size=40).map(safe_text)
numbers = st.integers(0, 2**31)
times = st.integers(EPOCH - 10**15, EPOCH + 10**17)
parts = st.lists(hostile, max_size=6).map(tuple)
lanes = st.integers(0, 1)
roles = st.sampled_from(list(Role))
rows: st.SearchStrategy[Row] = st.one_of(
    st.builds(
        lambda time, lane, number, label, role, stroke: Arrow(
            0, time, lane, 1 - lane, number, label, label, role, stroke
        ),
        times, lanes, numbers, parts, roles, st.sampled_from(list(Stroke)),
    ),
    st.builds(lambda time, lane, label: Mark(0, time, lane, label), times, lanes, parts),
    st.builds(
        lambda time, one, two: StateChange(0, time, (one, two)),
        times, st.sampled_from(["", *State]), st.sampled_from(["", *State]),
    ),
    st.builds(lambda time, lasting: Gap(0, time, lasting), times, st.integers(0, 10**18)),
    st.builds(
        lambda time, lane, number, count, label, role: Fold(
            0, time, lane, 1 - lane, 0, (number, number + count), count, label, role
        ),
        times, lanes, numbers, numbers, parts, roles,
    ),
    st.builds(lambda time, words: Banner(0, time, words), times, hostile),
)  # fmt: skip
options = st.builds(
    Options,
    ascii=st.booleans(),
    time_format=st.sampled_from(["absolute", "relative", "delta"]),
    raw_numbers=st.booleans(),
    sloped=st.booleans(),
    whole_notes=st.booleans(),
)
hidden = st.frozensets(st.sampled_from(["time", "left", "right", "notes"]))


class Painted(Timeline):
    """A timeline of rows, notes and spans nobody would make."""

    def __init__(self, made: list[Row], notes: list[str], spans: list[tuple[int, int, int, str]]) -> None:
        super().__init__()
        self.rows = made
        self.start = EPOCH
        for index, sentence in enumerate(notes):
            step = index % len(made)
            message = sentence.replace("{", "").replace("}", "")
            self._notes.setdefault(step, []).append(
                Note("r", message, (), step, step, (step,), list(Severity)[index % 4], "RFC 9293")
            )
        for first, last, lane, words in sorted(spans, key=lambda span: span[1]):
            self._span(min(first, last), last, lane, words, Role.CALL)


def spans_in(count: int) -> st.SearchStrategy[list[tuple[int, int, int, str]]]:
    """Spans over this many rows."""
    place = st.integers(0, count - 1)
    return st.lists(st.tuples(place, place, lanes, hostile), max_size=4)


timelines = st.lists(rows, min_size=1, max_size=6).flatmap(
    lambda made: st.builds(Painted, st.just(made), st.lists(hostile, max_size=4), spans_in(len(made)))
)


@settings(max_examples=400, deadline=None)
@given(timelines, st.integers(40, 240), st.sampled_from([None, 20, 40]), options, hidden, st.floats(0, 1))
def test_every_line_is_exactly_as_wide_as_its_columns(
    timeline: Timeline, wide: int, tall: int | None, chosen: Options, without: frozenset[str], progress: float
) -> None:
    """Whatever the rows, the payloads, the notes and the screen; by our measure and by the screen library's."""
    layout = columns(wide, tall, hidden=without, time_format=chosen.time_format)
    assert layout.width == layout.time + layout.left + layout.wire + layout.right + layout.notes + 2

    for row in range(len(timeline.rows)):
        lines = paint(timeline, row, layout, chosen, progress=progress)
        assert {width(shown(line)) for line in lines} == {layout.width}
        assert {cell_len(shown(line)) for line in lines} == {layout.width}
        assert height(timeline, row, layout, chosen) == len(lines)
        assert not chosen.ascii or all(shown(line).isascii() for line in lines)
        assert not any(part == "" for line in lines for part, _ in line)


@settings(max_examples=200, deadline=None)
@given(timelines, st.integers(40, 240), st.booleans())
def test_labels_are_whole_or_absent(timeline: Timeline, wide: int, above: bool) -> None:
    """A part of a label stands there from its first character to its last, or not at all; the number always does."""
    layout = columns(wide, dense=not above)
    for index, row in enumerate(timeline.rows):
        if not isinstance(row, Arrow):
            continue
        painted = " ".join(shown(line) for line in paint(timeline, index, layout, Options()))
        assert f" {row.number} " in painted


@pytest.mark.parametrize("wide", range(60, 241, 6))
def test_payload_parts_are_never_cut(wide: int) -> None:
    """The parts shown are the first ones of the label, whole."""
    timeline = connection().timeline()
    for index, row in enumerate(timeline.rows):
        if not isinstance(row, Arrow):
            continue
        painted = " ".join(shown(line) for line in paint(timeline, index, columns(wide), Options()))
        words = f"{row.number} " + " ".join(row.label)
        beginnings = [f"{row.number} " + " ".join(row.label[: count + 1]) for count in range(len(row.label))]
        assert any(f" {one} " in painted for one in beginnings), words


@given(st.integers(-(10**18), 10**18), st.sampled_from([5, 8, 18]))
def test_times_are_whole(nanoseconds: int, room: int) -> None:
    """A time fits its column or names a larger unit; its digits are never cut."""
    made = time_text(nanoseconds, room)

    assert len(made) <= room or "d" in made or "h" in made or "min" in made
    if made.lstrip("-").replace(".", "").isdigit():
        assert abs(float(made) * 1e6 - nanoseconds) <= (500 if room >= 8 else 50_000)


def test_times_at_their_edges() -> None:
    """Milliseconds while they fit, then seconds, then the two largest units."""
    assert time_text(45_000, 8) == "0.045"
    assert time_text(9_999_999_000, 8) == "9999.999"
    assert time_text(10_000_000_000, 8) == "10.000 s"
    assert time_text(60_450_600_000, 5) == "60 s"
    assert clock(EPOCH + 123_456_789) == "22:13:20.123456789"


def test_a_time_too_long_for_its_column_is_not_cut() -> None:
    """It takes the room of the empty gutter beside it, or a line of its own."""
    tell = Scene()
    tell.tcp(Side.CLIENT, "A", 1, 1)
    tell.after(400 * 86400 * 10**6).tcp(Side.CLIENT, "A", 1, 1)
    for wide in (40, 60, 80, 120):
        painted = " ".join(shown(line) for line in everything(tell.timeline(), columns(wide), Options()))
        assert "400 d" in painted


def test_states_have_forms_for_every_gutter() -> None:
    """All eleven are distinct and whole at every width."""
    for room in (7, 10, 11):
        forms = [state_text(state, room) for state in State if state is not State.UNKNOWN]
        assert len(set(forms)) == 11
        assert all(forms)


@pytest.mark.parametrize("wide", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("port", [None, 65535])
def test_headers_never_cut_an_endpoint(wide: int, port: int | None) -> None:
    """Long IPv6 addresses take more lines, never fewer characters."""
    timeline = Timeline()
    long = Endpoint("fe80:1111:2222:3333:4444:5555:6666:7777", port)
    timeline._name_lanes(long, replace(long, address="2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))
    layout = columns(wide)
    lines = paint_header(timeline, layout, (State.ESTABLISHED, State.SYN_RECEIVED), Options())
    whole = "".join(shown(line).strip() for line in lines)

    assert {width(shown(line)) for line in lines} == {layout.width}
    assert all(lane.endpoint in whole for lane in timeline.lanes)
    assert "client" in whole
    assert "server" in whole


def test_the_arrow_grows_with_progress() -> None:
    """Nothing at 0, its head on the way, all of it at 1; a lost frame stops at six tenths."""
    timeline = datagrams().timeline()
    layout = columns(80)
    lengths = [
        shown(paint(timeline, 0, layout, Options(), progress=progress)[0]).count(UNICODE.solid)
        for progress in (0.0, 0.2, 0.8, 1.0)
    ]
    lost = next(
        index for index, row in enumerate(timeline.rows) if isinstance(row, Arrow) and row.stroke is Stroke.LOST
    )
    line = shown(paint(timeline, lost, layout, Options())[-1])

    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert line.index(UNICODE.lost) - layout.lifelines[0] == round(layout.wire * 0.6)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_every_role_can_be_read(palette: object) -> None:
    """At least 6.9 to 1 on its own background, in every palette; no bold on a reversed badge."""
    assert isinstance(palette, type(DARK))
    assert set(palette.inks) == set(Role)
    for role, ink in palette.inks.items():
        assert contrast(ink.foreground, ink.background or palette.background) >= 6.9, role
        assert not (ink.background and ink.bold)


def test_kinds_stay_apart_without_colour() -> None:
    """Shafts, heads and the mark of a loss are different characters in both sets; all take one cell."""
    for glyphs in (UNICODE, ASCII):
        made = [getattr(glyphs, name) for name in glyphs.__slots__]
        assert all(cell_len(one) == 1 for one in made)
        shafts = {glyphs.solid, glyphs.double, glyphs.broken}
        assert len(shafts | {glyphs.to_left, glyphs.to_right, glyphs.lost}) == 6
    assert all(getattr(ASCII, name).isascii() for name in ASCII.__slots__)


def test_colours_follow_the_terminal() -> None:
    """True colour, 256, 16 or none, by what the terminal says of itself."""
    assert depth("xterm-256color", "truecolor") == 16777216
    assert (depth("xterm-256color", ""), depth("xterm", ""), depth("dumb", "")) == (256, 16, 0)
    ink = DARK.inks[Role.STATE]

    assert sgr(ink, 16777216) == "\x1b[38;2;18;18;18;48;2;135;175;255m"
    assert sgr(ink, 256) == "\x1b[38;5;233;48;5;111m"
    assert sgr(ink, 16) == "\x1b[30;104m"
    assert sgr(ink, 0) == ""


@pytest.mark.parametrize("colours", [0, 16, 256, 16777216])
def test_coloured_text_says_the_same(colours: int) -> None:
    """Colour adds escape sequences and nothing else, and no blanks stand at the ends of lines."""
    timeline = connection().timeline()
    plain = list(text.text(timeline, width=100))
    coloured = text.text(timeline, width=100, colours=colours)  # type: ignore[arg-type]

    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == plain
    assert all(line == line.rstrip() for line in plain)


def test_no_payload_reaches_the_terminal_raw() -> None:
    """Escape codes in a payload, in a program's arguments and in an address are text when they are painted."""
    tell = Scene(client=Endpoint("\x1b[2Jevil", 1))
    tell.udp(Side.CLIENT, b"\x1b]52;c;aGk=\x07\r\n")
    tell.call(Side.CLIENT, "send", "'\x1b[31m'")
    made = "".join(itertools.chain.from_iterable(text.text(tell.timeline(), ["\x1b[2J"], width=100)))

    assert made.isprintable()
