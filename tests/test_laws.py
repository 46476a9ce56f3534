"""The laws of the fold: prefixes, wrap-around, sides, strangers, the TCP table, notation."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pktscope import notation, tcp
from pktscope.flow import Flow
from pktscope.model import Call, Conversation, End, Frame, Icmp, Note, Observation, Return, Side, State, Step, Tcp
from pktscope.notation import Cursor
from pktscope.seq import MODULUS, Line, distance
from pktscope.words import say
from tests.scripts import SCRIPTS, observations, scripts


def fold(seen: tuple[Observation, ...]) -> Flow:
    """A flow that has seen all of it."""
    flow = Flow()
    for each in seen:
        flow.feed(each)
    return flow


def sentences(notes: list[Note]) -> list[tuple[str, str, int]]:
    """What is said, by which rule, where."""
    return [(note.rule, say(note.message, note.values), note.step) for note in notes]


@given(scripts, st.integers(0, 30))
def test_notes_never_change_their_mind(text: str, cut: int) -> None:
    """Law 1: steps and notes of a prefix are a prefix of the steps and notes of the whole."""
    seen = notation.read(text).observations
    part, whole = fold(seen[:cut]), fold(seen)

    assert whole.steps[: len(part.steps)] == part.steps
    assert whole.notes[: len(part.notes)] == part.notes


@given(scripts)
def test_notes_look_back_only(text: str) -> None:
    """Law 1: a note cites steps that are there, none later than where it lands."""
    for note in fold(notation.read(text).observations).notes:
        assert note.step in note.evidence
        assert 0 <= note.since <= note.step
        assert all(0 <= step <= note.step for step in note.evidence)


def shuffled(seen: tuple[Observation, ...], order: list[int], cut: int | None) -> tuple[Observation, ...]:
    """Frames moved, doubled and cut, as a bad capture has them."""
    taken = [seen[place % len(seen)] for place in order]
    return tuple(
        dataclasses.replace(each, payload=each.payload[:cut], number=number) if isinstance(each, Frame) else each
        for number, each in enumerate(taken, 1)
    )


@settings(max_examples=200)
@given(scripts, st.lists(st.integers(0, 40), max_size=40), st.none() | st.integers(0, 5))
def test_bystander_never_crashes(text: str, order: list[int], cut: int | None) -> None:
    """Law 3: whatever comes in whatever order, every observation is one step and every sentence can be said."""
    seen = notation.read(text).observations
    if not seen:
        return
    flow = fold(shuffled(seen, order, cut))

    assert [step.index for step in flow.steps] == list(range(len(order)))
    assert all(sentence for _, sentence, _ in sentences(flow.notes))


def at_isn(text: str, client: int, server: int) -> tuple[Observation, ...]:
    """The same script with other initial sequence numbers."""
    return notation.read(f"isn {client} {server}\n{text}").observations


def numberless(flow: Flow) -> list[object]:
    """Steps and notes without the raw numbers."""
    steps = [(step.before, step.after, step.segment, step.octets, step.call) for step in flow.steps]
    return [*steps, *((note.rule, note.step, note.evidence) for note in flow.notes)]


@given(scripts, st.integers(0, MODULUS - 1), st.integers(0, MODULUS - 1))
def test_numbers_do_not_matter(text: str, client: int, server: int) -> None:
    """Law 4: shifting both initial sequence numbers, across the wrap too, changes nothing but the raw numbers."""
    assert numberless(fold(at_isn(text, client, server))) == numberless(fold(at_isn(text, 100_000, 200_000)))


def mirrored(seen: Observation) -> Observation:
    """The same with the ends swapped."""
    if isinstance(seen, Frame):
        transport = seen.transport
        if isinstance(transport, Icmp) and transport.quoted is not None:
            quoted = dataclasses.replace(
                transport.quoted, source=transport.quoted.target, target=transport.quoted.source
            )
            transport = dataclasses.replace(transport, quoted=quoted)
        return dataclasses.replace(seen, source=seen.target, target=seen.source, transport=transport)
    if isinstance(seen, Call | Return):
        return dataclasses.replace(seen, side=seen.side.other)
    return seen


def plain_step(step: Step, *, mirror: bool) -> tuple[object, ...]:
    """A step's numbers and states, as seen in a mirror if asked. The capture's end is nobody's doing."""
    turn = -1 if mirror else 1
    side = None if isinstance(step.observation, End) else step.side.other if mirror else step.side
    return step.index, side, step.before[::turn], step.after[::turn], step.segment, step.octets, step.call


def ends_of(seen: tuple[Observation, ...]) -> tuple[Conversation, Conversation]:
    """The conversation a script is, and its mirror image."""
    first = next((each for each in seen if isinstance(each, Frame)), None)
    protocol = "udp" if first is not None and not isinstance(first.transport, Tcp) else "tcp"
    ends = Cursor().client, Cursor().server
    if first is not None and first.source not in ends:
        ends = first.source, first.target
    return Conversation(protocol, 0, *ends), Conversation(protocol, 0, *ends)


@pytest.mark.parametrize("name", [name for name in SCRIPTS if "example" not in name])
def test_sides_do_not_matter(name: str) -> None:
    """Law 5: swapping the ends mirrors the steps: same numbers, same states on the other side."""
    seen = observations(name)
    one, other = ends_of(seen)
    straight, mirror = Flow(one), Flow(other)
    for each in seen:
        straight.feed(each)
        mirror.feed(mirrored(each))

    assert [plain_step(step, mirror=True) for step in straight.steps] == [
        plain_step(step, mirror=False) for step in mirror.steps
    ]


def test_every_row_of_the_table_is_reached() -> None:
    """Law 6: some script takes each row of the TCP table."""
    taken: set[tuple[State, tcp.Input]] = set()
    original = tcp.move

    def watching(state: State, event: tcp.Input):  # type: ignore[no-untyped-def]
        taken.add((state, event))
        return original(state, event)

    tcp.move = watching
    try:
        for name in SCRIPTS:
            fold(observations(name))
    finally:
        tcp.move = original

    assert sorted(f"{state} {event}" for state, event in set(tcp.TABLE) - taken) == []


@given(scripts)
def test_notation_round_trips(text: str) -> None:
    """Law 10: what was written reads as what was written from."""
    seen = notation.read(text).observations

    assert notation.read(notation.write(seen)).observations == seen


@pytest.mark.parametrize("name", list(SCRIPTS))
def test_scripts_round_trip(name: str) -> None:
    """Law 10, on the scripts of this folder and the rules' examples, whatever their endpoints and numbers."""
    text = SCRIPTS[name]
    seen = notation.read(text).observations
    heading = Cursor()
    for line in text.splitlines():
        if line.strip().startswith(("tcp ", "udp ", "icmp ", "isn ")):
            notation.read_line(notation.unmark(line)[0], heading)

    assert notation.read(notation.write(seen, heading)).observations == seen


def test_bad_notation_names_its_line() -> None:
    """A line that cannot be read is named by number."""
    with pytest.raises(notation.BadNotation, match="line 2"):
        notation.read("   C > S  SYN\n   C > S  SYNN\n")


@given(st.integers(0, MODULUS - 1), st.integers(-(2**31), 2**31 - 1))
def test_distance_is_the_way_round(start: int, ahead: int) -> None:
    """The distance to a number so far ahead is just that, across the wrap too."""
    assert distance(start, (start + ahead) % MODULUS) == ahead


@given(st.integers(0, MODULUS - 1), st.lists(st.integers(0, 2**30), max_size=20))
def test_line_counts_beyond_the_wrap(base: int, jumps: list[int]) -> None:
    """A line laid straight adds up however often the raw numbers wrap."""
    line, total = Line(base), 0
    for jump in jumps:
        total += jump
        assert line.place((base + total) % MODULUS) == total


def test_client_sent_the_syn() -> None:
    """The client is the SYN's sender, or the SYN,ACK's receiver, whoever is captured first."""
    for name in ("four segments", "only the SYN,ACK"):
        flow = fold(observations(name))

        assert flow.client == Cursor().client, name
        assert Side.CLIENT in flow.ends
