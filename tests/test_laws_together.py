"""The laws where several conversations go on at once, over wires and routers: prefixes, strangers, sides, notation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pktscope import notation
from pktscope.capture.decode import decode
from pktscope.capture.reassembly import Reassembler
from pktscope.capture.records import Record
from pktscope.flows import Flows
from pktscope.model import Arp, Call, End, Endpoint, Exchange, Fate, Frame, Igmp, Observation, Return, Sample, Step
from pktscope.render.columns import Options
from pktscope.render.text import text as painted
from pktscope.theme import PALETTES
from pktscope.timeline import lay_out
from pktscope.words import say
from tests.scripts import lines

PATH = ("client", "R1", "R2", "server")
ROOMS = (
    Exchange(),
    Exchange(topology="wire", settings=(("client", "127.0.0.1"), ("server", "10.0.0.2"))),
    Exchange(topology="routers", path=PATH, settings=(("client", "127.0.0.1"), ("R1", "10.0.1.1 10.0.2.1"))),
)
LINKS = ("", " via client-R1", " via R1-R2", " via R2-server")
MAC = "02:00:00:00:00:01"


@st.composite
def wire_lines(draw: st.DrawFn) -> str:
    """A line of notation, among them what only wires and routers have: fates, links, ARP, IGMP, what a kernel says."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        what = draw(st.sampled_from(("dropped", "delivered", "delayed", "doubled", "damaged", "swapped")))
        which = draw(st.sampled_from(("", " 1", " 2", " 7", " 99")))
        return f"   ~ {what}{which}{' again' if which and what == 'doubled' and draw(st.booleans()) else ''}"
    side, link = draw(st.sampled_from(("C > S", "S > C"))), draw(st.sampled_from(LINKS))
    if kind == 1:
        answer = draw(st.integers(1, 2))
        return f"   {side}  ARP {answer} 127.0.0.1 {MAC} 10.0.0.2 00:00:00:00:00:00{link}"
    if kind == 2:
        return (
            f"   {side}  IGMP {draw(st.sampled_from(('34 127.0.0.1 4 239.1.2.3', '22 127.0.0.1 0 239.1.2.3')))}{link}"
        )
    if kind == 3:
        return f"{side[0]}? ESTABLISHED rtt 40000 snd_cwnd {draw(st.integers(1, 40))}"
    line = draw(lines())
    return line + link if line.startswith("   ") else line


wire_scripts = st.lists(wire_lines(), min_size=1, max_size=20).map("\n".join)


def moved(seen: Observation, number: int) -> Observation:
    """The same in conversation `number` of several: another port, other sockets and serials."""
    if isinstance(seen, Frame):
        ends = {end: Endpoint(end.address, 40000 + number) for end in (seen.source, seen.target) if end.port == 40000}
        return replace(seen, source=ends.get(seen.source, seen.source), target=ends.get(seen.target, seen.target))
    if isinstance(seen, Call | Return):
        return replace(seen, socket=seen.socket + 10 * number, serial=seen.serial + 1000 * number)
    if isinstance(seen, Sample):
        return replace(seen, socket=seen.socket + 10 * number)
    return seen


def together(scripts: list[str], order: list[int]) -> list[Observation]:
    """Several scripts at once: each in its own order, one at a time as `order` picks them; frames counted through."""
    waiting = [
        [moved(seen, number) for seen in notation.read(script).observations] for number, script in enumerate(scripts)
    ]
    merged: list[Observation] = []
    picks = iter(order)
    while any(waiting):
        able = [each for each in waiting if each]
        merged.append(able[next(picks, 0) % len(able)].pop(0))
    frames = 0
    for place, seen in enumerate(merged):
        if isinstance(seen, Frame):
            frames += 1
            merged[place] = replace(seen, number=frames)
    return merged


def follow(seen: list[Observation], room: Exchange) -> tuple[Flows, list[tuple[Step, tuple[object, ...]]]]:
    """All of it followed, and each step with its notes as they were said."""
    flows = Flows(room)
    return flows, [flows.feed(each) for each in seen]


conversations = st.lists(wire_scripts, min_size=1, max_size=3)
orders = st.lists(st.integers(0, 2), max_size=60)


@settings(max_examples=60)
@given(conversations, orders, st.sampled_from(ROOMS), st.integers(0, 40))
def test_no_step_and_no_note_ever_changes(scripts: list[str], order: list[int], room: Exchange, cut: int) -> None:
    """Law 1, of several conversations: steps and notes of a prefix are a prefix of those of the whole."""
    seen = together(scripts, order)
    part, whole = follow(seen[:cut], room)[0], follow(seen, room)[0]

    assert whole.steps[: len(part.steps)] == part.steps
    assert whole.notes[: len(part.notes)] == part.notes


@settings(max_examples=80)
@given(conversations, st.lists(st.integers(0, 80), max_size=50), st.sampled_from(ROOMS), st.none() | st.integers(0, 5))
def test_whatever_comes_in_whatever_order(
    scripts: list[str], order: list[int], room: Exchange, cut: int | None
) -> None:
    """Law 3, of several conversations: every observation is one step, notes look back, all of it can be painted."""
    every = together(scripts, [])
    seen = [every[place % len(every)] for place in order] if every else []
    seen = [
        replace(each, payload=each.payload[:cut], number=number) if isinstance(each, Frame) else each
        for number, each in enumerate(seen, 1)
    ]
    flows, steps = follow(seen, room)

    assert [step.index for step in flows.steps] == list(range(len(seen)))
    for note in flows.notes:
        assert note.step in note.evidence
        assert all(0 <= step <= note.step for step in note.evidence)
        assert say(note.message, note.values)
    timeline = lay_out(steps, flows.client, flows.server, path=room.path)  # type: ignore[arg-type]
    assert list(painted(timeline, (), width=80, options=Options(), palette=PALETTES["dark"], colours=0))


@settings(max_examples=60)
@given(wire_scripts)
def test_notation_of_wires_round_trips(script: str) -> None:
    """Law 10, with fates, links, ARP, IGMP and what a kernel says."""
    seen = notation.read(script).observations

    assert notation.read(notation.write(seen)).observations == seen


def mirrored(seen: Observation) -> Observation:
    """The same on a wire whose ends are swapped."""
    if isinstance(seen, Frame):
        return replace(seen, source=seen.target, target=seen.source)
    if isinstance(seen, Call | Return | Sample):
        return replace(seen, side=seen.side.other)
    return seen


WIRES = {
    "a lost segment": """
   C > S  SYN mss 1460
~ delivered
   S > C  SYN ACK mss 1460
~ delivered
   C > S  ACK
~ delivered
   C > S  PSH ACK 1:101
~ dropped
+200ms
   C > S  PSH ACK 1:101
~ delivered
   S > C  ACK 101
~ delivered
""",
    "crossing FINs": """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ delivered
   C > S  ACK
~ delivered
   C > S  FIN ACK
   S > C  FIN ACK
~ delivered 4
~ delivered 5
   C > S  ACK
   S > C  ACK
~ delivered 6
~ delivered 7
""",
    "a doubled segment": """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ delivered
   C > S  ACK
~ delivered
   C > S  PSH ACK 1:11
~ doubled
~ doubled 4 again
   S > C  ACK 11
~ delivered
""",
}


@pytest.mark.parametrize("name", list(WIRES))
def test_sides_do_not_matter_on_a_wire(name: str) -> None:
    """Law 5 on a wire: with the ends swapped, and settled on their sides, everything is the other side's."""
    seen = list(notation.read(WIRES[name]).observations)
    room = Exchange(topology="wire", settings=(("client", "10.0.0.1"), ("server", "10.0.0.2")))
    near, far = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 8000)
    first = next(each for each in seen if isinstance(each, Frame)).source
    for place, each in enumerate(seen):
        if isinstance(each, Frame):
            source, target = (near, far) if each.source == first else (far, near)
            seen[place] = replace(each, source=source, target=target)
    straight = follow(seen, room)[0]
    mirror = follow([mirrored(each) for each in seen], room)[0]

    assert [(step.side.other, step.before[::-1], step.after[::-1], step.segment) for step in straight.steps] == [
        (step.side, step.before, step.after, step.segment) for step in mirror.steps
    ]


ETHERNET_LINK = 1
ETHERNET = bytes.fromhex("020000000002 020000000001")
HEADS = {
    "ARP": ETHERNET + bytes.fromhex("0806"),
    "IGMP": ETHERNET + bytes.fromhex("0800 46c00028 00004000 01020000 0a000001 e0000016 94040000"),
    "DNS": ETHERNET + bytes.fromhex("0800 45000200 00004000 40110000 0a000001 0a000002 9c400035 01ec0000"),
    "DHCP": ETHERNET + bytes.fromhex("0800 45000200 00004000 40110000 00000000 ffffffff 00440043 01ec0000"),
}


@pytest.mark.parametrize("kind", list(HEADS))
@settings(max_examples=60)
@given(octets=st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_octets_off_the_wire_are_told_whatever_they_are(kind: str, octets: list[bytes]) -> None:
    """Law 3, from the octets on: whatever stands behind such a header is decoded, followed and painted."""
    fragments = Reassembler()
    seen: list[Observation] = [
        decode(Record(number, number * 1000, ETHERNET_LINK, HEADS[kind] + each, len(HEADS[kind] + each)), fragments)
        for number, each in enumerate(octets, 1)
    ]
    flows, steps = follow([*seen, End(10_000)], ROOMS[0])
    timeline = lay_out(steps, flows.client, flows.server)  # type: ignore[arg-type]

    assert len(flows.steps) == len(seen) + 1
    assert list(painted(timeline, (), width=80, options=Options(), palette=PALETTES["dark"], colours=0))


def test_the_strategies_make_what_they_are_for() -> None:
    """Each kind that only wires have comes out of the notation as itself."""
    arp_line = f"   C > S  ARP 1 127.0.0.1 {MAC} 10.0.0.2 00:00:00:00:00:00"
    fate, arp, igmp = notation.read(f"~ dropped 7\n{arp_line}\n   C > S  IGMP 22 127.0.0.1 0 239.1.2.3").observations

    assert isinstance(fate, Fate)
    assert isinstance(getattr(arp, "transport", None), Arp)
    assert isinstance(getattr(igmp, "transport", None), Igmp)
