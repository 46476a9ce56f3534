"""Several conversations together: one is as if it were alone, two do not disturb each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pktscope.flow import Flow
from pktscope.flows import Flows
from pktscope.model import Call, Endpoint, Exchange, Fate, Frame, Observation, Return, Side, State
from pktscope.notation import read
from pktscope.rules import RULES
from pktscope.strands import key_of

HELLO = """
S: socket() = None
S: bind() = None
S: listen() = None
S: accept()
C: socket() = None
C: connect()
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
C: = None
S: = None
C: send(5) = 5
   C > S  PSH ACK 1:6
   S > C  ACK
S: recv(1024) = 5
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_one_conversation_is_as_if_it_were_followed_alone(rule: object) -> None:
    script = read(rule.example)  # type: ignore[attr-defined]
    frames = [seen for seen in script.observations if isinstance(seen, Frame)]
    if len({frozenset((frame.source, frame.target)) for frame in frames}) > 1:
        pytest.skip("its example has frames between other ends")
    if frames and not any(key_of(frame) for frame in frames):
        pytest.skip("its example has only frames that are no conversation's own, which name no ends here")
    alone, together = Flow(), Flows()
    for seen in script.observations:
        step, notes = alone.feed(seen)
        whole, said = together.feed(seen)
        assert replace(whole, conversation=0) == step
        assert said == notes


def shifted(seen: Observation, port: int, socket: int, serial: int) -> Observation:
    """The same from another client port, on other sockets, with other serials."""
    if isinstance(seen, Frame):
        moved = {Endpoint("127.0.0.1", 40000): Endpoint("127.0.0.1", port)}
        return replace(seen, source=moved.get(seen.source, seen.source), target=moved.get(seen.target, seen.target))
    if isinstance(seen, Call | Return):
        return replace(seen, socket=seen.socket + socket, serial=seen.serial + serial)
    return seen


SERVER, ONE, TWO = Endpoint("127.0.0.1", 8000), Endpoint("127.0.0.1", 40000), Endpoint("127.0.0.1", 40001)


def two_clients() -> list[Observation]:
    """A listener that accepts two connections, which then talk at the same time."""
    seen: list[Observation] = []
    for number, end in enumerate((ONE, TWO)):
        for each in read(HELLO).observations:
            if number and isinstance(each, Call | Return) and each.name in ("bind", "listen"):
                continue
            if number and isinstance(each, Call | Return) and each.side is Side.SERVER and each.name == "socket":
                continue
            told = shifted(each, end.port or 0, 0, 100 * number)
            if isinstance(told, Call | Return) and told.side is Side.CLIENT:
                told = replace(told, socket=10 + number)
                if isinstance(told, Call) and told.name == "connect":
                    told = replace(told, peer=SERVER)
                if isinstance(told, Return) and told.name == "connect":
                    told = replace(told, local=end, peer=SERVER)
            if isinstance(told, Call | Return) and told.side is Side.SERVER:
                if told.name == "recv":
                    told = replace(told, socket=20 + number)
                elif isinstance(told, Call):
                    told = replace(told, local=SERVER if told.name in ("listen", "accept") else None)
                elif told.name == "accept":
                    told = replace(told, local=SERVER, peer=end, new_socket=20 + number)
            seen.append(replace(told, time=told.time + number * 10**9))
    return [replace(each, number=at) if isinstance(each, Frame) else each for at, each in enumerate(seen, 1)]


def test_two_connections_of_one_listener_are_two_conversations() -> None:
    flows = Flows()
    for seen in two_clients():
        flows.feed(seen)
    assert len(flows.strands) == 2
    assert [strand.flow.states for strand in flows.strands] == [(State.ESTABLISHED, State.ESTABLISHED)] * 2
    assert [strand.accepted for strand in flows.strands] == [True, True]
    for strand, end in zip(flows.strands, (ONE, TWO), strict=True):
        assert (strand.flow.client, strand.flow.server) == (end, SERVER)
    delivered = [note for note in flows.notes if note.rule == "tcp.bytes-delivered"]
    assert [flows.steps[note.step].conversation for note in delivered] == [0, 1]
    assert flows.client == Endpoint("127.0.0.1")
    assert flows.server == SERVER


def test_steps_are_numbered_through_and_notes_cite_them() -> None:
    flows = Flows()
    for place, seen in enumerate(two_clients()):
        step, notes = flows.feed(seen)
        assert step.index == place
        assert step.observation is seen
        for note in notes:
            assert note.step <= place
            assert all(0 <= cited <= place for cited in note.evidence)
        if step.call is not None and isinstance(seen, Return):
            called = flows.steps[step.call].observation
            assert isinstance(called, Call)
            assert called.serial == seen.serial


CROSSING = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  SYN
   S > C  SYN ACK
   C > S  ACK
   C > S  FIN ACK
   S > C  FIN ACK 1
   C > S  ACK
   S > C  ACK
"""


def test_on_a_wire_an_end_moves_when_a_segment_arrives() -> None:
    frames = [seen for seen in read(CROSSING).observations if isinstance(seen, Frame)]
    flows = Flows(Exchange(topology="wire"))
    states = []

    def leaves(frame: Frame) -> None:
        step, _ = flows.feed(frame)
        states.append(step.after)

    def arrives(frame: Frame) -> None:
        step, _ = flows.feed(Fate(frame.time + 50, frame.number, "delivered", (frame.time + 50,)))
        assert flows.steps[step.call or 0].observation is frame
        states.append(step.after)

    for frame in frames[:3]:
        leaves(frame)
        arrives(frame)
    assert states[-1] == (State.ESTABLISHED, State.ESTABLISHED)
    leaves(frames[3])
    assert states[-1] == (State.FIN_WAIT_1, State.ESTABLISHED)
    leaves(frames[4])
    assert states[-1] == (State.FIN_WAIT_1, State.FIN_WAIT_1)
    arrives(frames[3])
    assert states[-1] == (State.FIN_WAIT_1, State.CLOSING)
    arrives(frames[4])
    assert states[-1] == (State.CLOSING, State.CLOSING)
    leaves(frames[5])
    leaves(frames[6])
    arrives(frames[5])
    arrives(frames[6])
    assert states[-1] == (State.TIME_WAIT, State.TIME_WAIT)


def test_a_frame_on_a_further_link_moves_nobody() -> None:
    path = Exchange(topology="routers", path=("client", "R1", "server"))
    syn = read("   C > S  SYN").observations[0]
    assert isinstance(syn, Frame)
    flows = Flows(path)
    first, _ = flows.feed(replace(syn, interface="client-R1"))
    second, _ = flows.feed(replace(syn, interface="R1-server", number=2))
    assert (first.link, second.link) == (0, 1)
    assert second.before == second.after == first.after
    assert len(flows.strands) == 1
