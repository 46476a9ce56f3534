"""Where rows, spans and notes go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pktscope.model import Endpoint, Fate, Icmp, Side, State
from pktscope.rows import Arrow, Banner, Fold, Gap, Mark, Role, StateChange, Stroke
from pktscope.timeline import Timeline
from pktscope.verdicts import Verdict
from tests.scenes import CLIENT, LESSON, SERVER, C, S, Scene, bulk, connection, datagrams


def marks(timeline: Timeline) -> list[str]:
    """The longest text of every call's row."""
    return [row.text[0] for row in timeline.rows if isinstance(row, Mark)]


def test_a_call_and_its_return_share_a_row_where_nothing_came_between() -> None:
    """send(b'hello') = 5; but a frame between them puts the return on a row of its own."""
    tell = Scene()
    quick = tell.call(C, "send", "b'hello'", length=5)
    tell.after(3).back(C, quick, "send", "5", length=5)
    slow = tell.after(3).call(C, "send", "b'world'", length=5)
    tell.tcp(C, "PA", 6, 1, b"world")
    tell.after(3).back(C, slow, "send", "5", length=5)

    assert marks(tell.timeline()) == ["send(b'hello') = 5", "send(b'world')", "send() = 5"]


def test_a_call_that_waited_long_returns_where_it_returned() -> None:
    """Nothing came between, and still half a second did: its own row, the silence before it."""
    tell = Scene()
    serial = tell.call(S, "recv", "1024")
    tell.after(500_000).back(S, serial, "recv", error="timeout")
    rows = tell.timeline().rows

    assert [type(row) for row in rows] == [Mark, Gap, Mark]
    assert rows[2].time - rows[0].time == 500_000_000


def test_a_send_that_slept_returns_where_it_returned() -> None:
    """sendall() comes back with None, which says nothing, but two seconds later, which does."""
    tell = Scene()
    serial = tell.call(C, "sendall", "b'much'", length=4)
    tell.tcp(C, "A", 1, 1, b"mu")
    tell.after(2_000_000).back(C, serial, "sendall", "None")
    last = tell.timeline().rows[-1]

    assert isinstance(last, Mark)
    assert last.text == ("sendall() returns", "returns")


def test_a_call_that_changes_a_state_still_takes_its_return() -> None:
    """listen() moves its end to LISTEN; its None says nothing more."""
    tell = Scene()
    serial = tell.call(S, "listen", "1", states=(None, State.LISTEN))
    tell.after(3).back(S, serial, "listen", "None")

    assert [type(row) for row in tell.timeline().rows] == [Mark, StateChange]


def test_addresses_read_as_people_write_them() -> None:
    """Python's tuples become address:port, and only the port where that is too long."""
    tell = Scene()
    tell.call(S, "bind", "('127.0.0.1', 8000)")
    tell.call(C, "sendto", "b'x', ('::1', 9, 0, 0)")
    rows = [row for row in tell.timeline().rows if isinstance(row, Mark)]

    assert rows[0].text == ("bind(127.0.0.1:8000)", "bind(:8000)", "bind()", "bind")
    assert rows[1].text[:2] == ("sendto(b'x', ::1:9)", "sendto(b'x', :9)")


def test_a_failed_call_says_how() -> None:
    """The error's name stands in the row, in the role of a failure, in every variant."""
    tell = Scene()
    serial = tell.call(C, "connect", "", peer=SERVER)
    tell.after(3).back(C, serial, "connect", error="ECONNREFUSED")
    row = tell.timeline().rows[0]

    assert isinstance(row, Mark)
    assert row.role is Role.FAILURE
    assert all("ECONNREFUSED" in text for text in row.text)


def test_a_blocking_call_runs_beside_what_it_waits_for() -> None:
    """accept() and connect() overlap on different lanes; two calls overlapping on one lane take two rails."""
    tell = Scene()
    outer = tell.call(C, "select")
    inner = tell.after(5).call(C, "recv", "1024", length=1024)
    tell.tcp(S, "PA", 1, 1, b"x")
    tell.after(40_000).back(C, inner, "recv", "b'x'", length=1)
    tell.tcp(C, "A", 1, 2)
    tell.back(C, outer, "select", "[...]")
    spans = tell.timeline().spans

    assert [(span.first, span.last, span.rail, span.text) for span in spans] == [
        (1, 4, 0, "blocked 40 ms"),
        (0, 6, 1, "blocked 40 ms"),
    ]


def test_writes_that_left_together_are_braced() -> None:
    """Four writes, one segment; the write that left alone stands alone."""
    spans = connection().timeline().spans

    assert [span.text for span in spans if span.role is Role.DATA] == ["4 writes, 1 segment"]


def test_a_silence_gets_a_row_before_the_step_that_ends_it() -> None:
    """More than 30 ms; a sample in the middle does not break it."""
    tell = Scene()
    tell.tcp(C, "A", 1, 1)
    tell.after(30_000).tcp(S, "A", 1, 1)
    tell.after(30_001).tcp(C, "A", 1, 1)
    gaps = [row for row in tell.timeline().rows if isinstance(row, Gap)]

    assert [(gap.step, gap.duration) for gap in gaps] == [(2, 30_001_000)]


def test_states_stand_behind_what_changed_them() -> None:
    """Both ends in one row where one frame changes both; nothing for an end nobody knows."""
    rows = connection().timeline().rows
    changes = [(index, row.states) for index, row in enumerate(rows) if isinstance(row, StateChange)]

    assert [states for _, states in changes[1:4]] == [("SYN_SENT", ""), ("", "SYN_RECEIVED"), ("ESTABLISHED",) * 2]
    assert all(rows[index - 1].step == rows[index].step for index, _ in changes)


def test_long_runs_fold_behind_the_first_six() -> None:
    """A bulk transfer is seven rows however long; every frame is counted once."""
    rows = bulk(1000).timeline().rows

    assert len(rows) == 7
    assert isinstance(rows[6], Fold)
    assert (rows[6].count, rows[6].answers, rows[6].numbers) == (1494, 498, (7, 1500))
    assert rows[6].label == ("996 segments", "1,454,160 bytes", "498 ACKs")
    assert len(bulk(1000).timeline(fold=False).rows) == 1500


def test_a_run_of_seven_does_not_fold() -> None:
    """One frame is not a run."""
    tell = Scene()
    for index in range(7):
        tell.after(1).tcp(C, "A", 1 + index, 1, b"x")

    assert all(isinstance(row, Arrow) for row in tell.timeline().rows)


def test_what_is_remarkable_is_never_folded() -> None:
    """A note, a verdict or a change of direction ends a run; the row with the note is an arrow."""
    tell = Scene()
    for index in range(40):
        notes = [("Look here.", LESSON, "")] if index == 20 else []
        tell.after(1).tcp(C, "A", 1 + index, 1, b"x", *notes, verdict=Verdict.RETRANSMISSION if index == 30 else 0)
    timeline = tell.timeline()

    assert isinstance(timeline.rows[timeline.row_of(20)], Arrow)
    assert timeline.notes_at(timeline.row_of(20))[0].message == "Look here."
    assert isinstance(timeline.rows[timeline.row_of(30)], Arrow)
    assert timeline.row_of(19) == timeline.row_of(10)


def test_requests_and_answers_are_not_a_bulk_transfer() -> None:
    """Data that goes both ways is a conversation; each line of it is shown."""
    tell = Scene()
    for index in range(20):
        tell.after(1).tcp(C, "PA", 1 + index, 1 + index, b"x")
        tell.after(1).tcp(S, "PA", 1 + index, 2 + index, b"y")

    assert not any(isinstance(row, Fold) for row in tell.timeline().rows)


def test_labels_say_the_most_important_first() -> None:
    """Flags, numbers, length, payload; a verdict before all; raw numbers on request."""
    rows = connection().timeline().rows
    arrows = {row.number: row for row in rows if isinstance(row, Arrow)}

    assert arrows[1].label == ("SYN", "seq=0", "mss=65495", "wscale=7", "sack", "ts", "win=65535")
    assert arrows[6].label == ("PSH ACK", "seq=2", "ack=1", "len=4", '"ello"')
    assert arrows[6].raw_label[1:3] == ("seq=1002", "ack=5001")
    assert arrows[7].label[0] == "retransmission"
    assert (arrows[7].stroke, arrows[7].role) == (Stroke.BROKEN, Role.AGAIN)
    assert (arrows[9].stroke, arrows[9].role) == (Stroke.DOUBLE, Role.FIN)


def test_fragments_say_where_they_belong() -> None:
    """The first is solid, those behind it light, and the one that completes the datagram says so."""
    rows = datagrams().timeline().rows
    arrows = {row.number: row for row in rows if isinstance(row, Arrow)}

    assert arrows[3].label == ("fragment", "offset=0", "len=1480", "more", "id=0x1c46")
    assert (arrows[3].stroke, arrows[4].stroke) == (Stroke.SOLID, Stroke.LIGHT)
    assert arrows[15].label[1:5] == ("offset=17760", "len=248", "last", "completes UDP, 18,000 bytes")


def test_an_error_from_the_way_names_its_sender() -> None:
    """A router's ICMP error is drawn on the side it comes from, with the router's address."""
    tell = Scene()
    tell.other(S, Icmp(4, 11, 0))
    frame = tell.steps[0][0]
    moved = replace(frame, observation=replace(frame.observation, source=Endpoint("10.0.0.254")))  # type: ignore[arg-type]
    timeline = Timeline()
    timeline.add(moved, (), CLIENT, SERVER)

    assert timeline.rows[0].label == ("ICMP TTL exceeded", "from 10.0.0.254")  # type: ignore[union-attr]


def test_a_loss_learnt_later_is_drawn_and_announced() -> None:
    """Only the lab knows; the painter is told that an old row changed."""
    tell = Scene()
    tell.tcp(C, "A", 1, 1)
    tell.after(1).tcp(S, "A", 1, 1)
    timeline = tell.timeline()
    before = timeline.revision
    tell.step(Fate(tell.now, 1, "dropped"), C)
    timeline.add(tell.steps[2][0], (), CLIENT, SERVER)

    assert timeline.rows[0].stroke is Stroke.LOST  # type: ignore[union-attr]
    assert timeline.revision == before + 1
    assert timeline.row_of(2) == 0


def test_it_works_before_anybody_is_known() -> None:
    """No ends, no states, no calls: a stranger's capture from its first frame."""
    tell = Scene(client=None, server=None)
    tell.udp(C, b"hello")
    timeline = tell.timeline()
    assert timeline.lanes[0].endpoint == ""

    tell.udp(S, b"hello")
    timeline.add(tell.steps[1][0], (), CLIENT, SERVER)

    assert timeline.lanes[0].endpoint == "127.0.0.1:40680"
    assert len(timeline.rows) == 2


def test_the_end_is_a_banner() -> None:
    """And what the kernel lost is said in it."""
    assert isinstance(connection().timeline().rows[-1], Banner)


actions = st.lists(
    st.tuples(
        st.sampled_from(["syn", "data", "ack", "fin", "udp", "fragment", "call", "back", "gap", "fate", "pause"]),
        st.sampled_from([C, S]),
        st.booleans(),
    ),
    max_size=60,
)


def play(script: list[tuple[str, Side, bool]]) -> Scene:
    """Any sequence of things, sensible or not."""
    tell = Scene()
    opened: list[int] = []
    for what, side, noted in script:
        notes = [("A note.", LESSON, "RFC 9293")] if noted else []
        tell.after(7)
        if what in {"syn", "data", "ack", "fin"}:
            flags = {"syn": "S", "data": "PA", "ack": "A", "fin": "FA"}[what]
            after = (State.SYN_SENT, None) if what == "syn" else (None, None)
            tell.tcp(side, flags, 5, 6, b"xyz" if what == "data" else b"", *notes, states=after)
        elif what == "udp":
            tell.udp(side, b"x", *notes)
        elif what == "fragment":
            tell.fragment(side, 1480, 1480, more=True)
        elif what in {"call", "pause"}:
            name = "pause" if what == "pause" else "send" if noted else "recv"
            opened.append(tell.call(side, name, "b'x'", length=1, octets=(1, 2)))
        elif what == "back" and opened:
            tell.back(side, opened.pop(), "recv", "b'x'", length=1)
        elif what == "gap":
            tell.after(50_000)
        elif what == "fate":
            tell.step(Fate(tell.now, max(1, tell.frames - 2), "dropped"), side)
    return tell


@settings(max_examples=150, deadline=None)
@given(actions, st.booleans())
def test_rows_are_only_appended(script: list[tuple[str, Side, bool]], fold: bool) -> None:
    """A row but the last never changes without a new revision; every step and every note finds its row."""
    tell = play(script)
    timeline = Timeline(fold=fold)
    for step, notes in tell.steps:
        before, revision = list(timeline.rows), timeline.revision
        timeline.add(step, notes, tell.client, tell.server)
        assert len(timeline.rows) >= len(before)
        assert timeline.revision != revision or timeline.rows[: len(before)][:-1] == before[:-1]

    assert all(0 <= timeline.row_of(step.index) < max(1, len(timeline.rows)) for step, _ in tell.steps)
    assert len(timeline.anchored) == sum(len(notes) for _, notes in tell.steps)
    for span in timeline.spans:
        assert all(span in timeline.spans_at(row) for row in range(span.first, span.last + 1))


@settings(max_examples=100, deadline=None)
@given(actions)
def test_spans_never_share_a_rail(script: list[tuple[str, Side, bool]]) -> None:
    """At any row and lane, one span a rail."""
    timeline = play(script).timeline()

    for row in range(len(timeline.rows)):
        taken = [(span.lane, span.rail) for span in timeline.spans_at(row)]
        assert len(taken) == len(set(taken))


def test_an_end_of_stream_is_never_a_number() -> None:
    """recv() returning b'' is the peer's FIN: its shortest form still says b''."""
    tell = Scene()
    serial = tell.call(C, "recv", "1024", length=1024)
    tell.tcp(S, "FA", 1, 1)
    tell.after(1).back(C, serial, "recv", "b''", length=0)
    row = tell.timeline().rows[-1]

    assert isinstance(row, Mark)
    assert row.text == ("recv() = b''", "= b''", "b''")


def test_socket_options_are_named_first() -> None:
    """What is set matters, not at which level; it survives a narrow gutter."""
    tell = Scene()
    tell.call(C, "setsockopt", "IPPROTO_TCP, TCP_NODELAY, 1")
    row = tell.timeline().rows[0]

    assert isinstance(row, Mark)
    assert row.text[1:4] == ("setsockopt(TCP_NODELAY, 1)", "TCP_NODELAY = 1", "TCP_NODELAY")
