"""The wire: two hosts and our relay, live; and what can be wished of it."""

from __future__ import annotations

import os
import signal
from itertools import pairwise

import pytest

from pktscope import demos
from pktscope.lab import impair, runner, wishes
from pktscope.lab.wishes import Impossible, Wishes
from pktscope.model import Fate, Sample, Side, State
from tests.labtools import Recording, descendants, parents, record, until

pytestmark = pytest.mark.usefixtures("private_room")

DELAY = 0.02


@pytest.fixture(scope="module")
def slow(private_room: None) -> Recording:
    """A demo of the loopback, over the wire."""
    return record("handshake", wire=DELAY)


def test_it_runs_and_says_where(slow: Recording) -> None:
    assert (slow.status, slow.refusal, slow.end.reason, slow.end.dropped) == (0, "", "finished", 0)
    assert slow.exchange.topology == "wire"
    assert slow.exchange.room.startswith("private wire, 20 ms each way, MTU 1500, Linux ")
    settings = dict(slow.exchange.settings)
    assert (settings["wire delay"], settings["wire mtu"], settings["wire spacing"]) == ("20 ms", "1500", "1 ms")
    assert settings["net.ipv4.tcp_congestion_control"] == "reno"


def test_every_frame_has_its_fate_and_arrives_when_it_should(slow: Recording) -> None:
    assert [fate.frame for fate in sorted(slow.fates, key=lambda fate: fate.frame)] == list(
        range(1, len(slow.frames) + 1)
    )
    for fate in slow.fates:
        sent = slow.frames[fate.frame - 1][0]
        assert fate.what == "delivered"
        assert fate.delivered == (fate.time,)
        assert 0.0199e9 <= fate.time - sent < 0.5e9


def test_frames_of_one_direction_arrive_apart(slow: Recording) -> None:
    for port in (8000, None):
        of_side = {
            number
            for number, (_, data) in enumerate(slow.frames, 1)
            if (int.from_bytes(data[34:36], "big") == 8000) == (port == 8000)
        }
        arrivals = [fate.time for fate in slow.fates if fate.frame in of_side]
        assert all(later - earlier >= 800_000 for earlier, later in pairwise(arrivals))


def test_the_order_is_the_order_of_happening(slow: Recording) -> None:
    times = [at for at, _ in slow.order[1:]]
    assert times == sorted(times)
    seen = 0
    for _, told in slow.order:
        seen += isinstance(told, bytes)
        if isinstance(told, Fate):
            assert told.frame <= seen


def test_states_are_those_of_each_host(slow: Recording) -> None:
    assert State.TIME_WAIT in {sample.state for sample in slow.samples(Side.CLIENT)}
    assert State.TIME_WAIT not in {sample.state for sample in slow.samples(Side.SERVER)}
    local = {sample.local.address for _, sample in slow.order if isinstance(sample, Sample) and sample.local}
    assert {"10.0.0.1", "10.0.0.2"} <= local


def test_nobody_says_anything_unasked(slow: Recording) -> None:
    assert {data[12:14] for _, data in slow.frames} == {b"\x08\x00"}
    assert len(slow.frames) == len(record("handshake").frames)


def test_over_ipv6_too(private_room: None) -> None:
    six = record("handshake", wire=0.005, six=True)
    assert six.status == 0
    assert {data[12:14] for _, data in six.frames} == {b"\x86\xdd"}
    assert len(six.frames) == 11
    (source,) = six.exchange.sources
    assert "AF_INET6" in source[1]
    assert not wishes._FAMILY.search(source[1])


@pytest.mark.parametrize(
    ("rule", "what", "arrivals"),
    [
        ("drop data 1 from client", "dropped", 0),
        ("damage data 1 from client", "damaged", 1),
        ("double data 1 from client", "doubled", 2),
        ("delay data 1 from client by 60 ms", "delayed", 1),
    ],
)
def test_what_was_done_to_a_frame_is_told(rule: str, what: str, arrivals: int) -> None:
    run = record("handshake", impair=(rule,))
    assert run.status == 0
    assert rule in run.exchange.room
    done = [fate for fate in run.fates if fate.what != "delivered"]
    assert {fate.what for fate in done} == {what}
    (frame,) = {fate.frame for fate in done}
    assert len(done) == max(1, arrivals)
    assert len(done[-1].delivered) == arrivals
    assert frame == 4
    again = len(run.frames) > 11
    assert again == (what in ("dropped", "damaged", "doubled"))


def test_a_swapped_frame_comes_after_the_next_one() -> None:
    run = record("udp-loss", variant="reordered")
    assert run.status == 0
    (swapped,) = (fate for fate in run.fates if fate.what == "swapped")
    after = next(fate for fate in run.fates if fate.frame > swapped.frame)
    assert after.time < swapped.time


def test_a_frame_is_dropped_by_its_number() -> None:
    run = record("udp-echo", drops=(2,))
    assert [(fate.frame, fate.what) for fate in run.fates if fate.what == "dropped"] == [(2, "dropped")]


def test_chance_is_the_same_with_the_same_seed() -> None:
    lost = []
    for _ in range(2):
        run = record("handshake", loss=0.25, seed=7)
        assert dict(run.exchange.settings)["seed"] == "7"
        lost.append([fate.frame for fate in run.fates if fate.what == "dropped" and fate.frame < 8])
    assert lost[0] == lost[1] != []


def test_hosts_find_each_other_by_arp_where_they_have_to() -> None:
    run = record("arp")
    assert run.status == 0
    kinds = [data[12:14] for _, data in run.frames]
    assert kinds[:3] == [b"\x08\x06", b"\x08\x06", b"\x08\x00"]


def test_a_program_keeps_the_right_to_raw_sockets_and_no_other() -> None:
    assert record("ping").status == 0


# --- wishes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wished"),
    [
        ("handshake", Wishes(host=True, wire=0.01)),
        ("handshake", Wishes(host=True, drops=(1,))),
        ("nagle", Wishes(host=True)),
        ("pmtu", Wishes(wire=0.01)),
        ("pmtu", Wishes(six=True)),
        ("handshake", Wishes(seed=3)),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(name: str, wished: Wishes) -> None:
    with pytest.raises(Impossible) as refused:
        wishes.needs_of(demos.load(name), wished)
    assert str(refused.value).isprintable()


def test_wishes_survive_the_way_to_the_worker() -> None:
    wished = Wishes("way", six=True, wire=0.5, drops=(1, 2), impair=("drop syn from client",), loss=0.1, says=("hi",))
    assert wishes.from_text(wishes.to_text(wished)) == wished
    assert Wishes(**wished.named()) == wished


def test_options_are_understood_or_refused() -> None:
    assert wishes.understood(wire="20ms", loss="10%", drop=(3,)) == Wishes(wire=0.02, loss=0.1, drops=(3,))
    for options in ({"wire": "20"}, {"wire": "30s"}, {"loss": "much"}, {"rules": ("drop it",)}):
        with pytest.raises(impair.BadRule):
            wishes.understood(**options)


# --- the end ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["retransmission", "ttl"])
@pytest.mark.parametrize("victim", ["worker", "last"])
def test_nothing_is_left_behind(name: str, victim: str) -> None:
    """SIGKILL of the outermost process or of the one started last ends a run of several hosts: processes and all."""
    with runner.start(name) as run:
        assert run.stream.read(1)
        assert until(lambda: len(descendants(run.pid)) >= 5)
        tree = sorted({run.pid} | descendants(run.pid))
        os.kill(tree[0] if victim == "worker" else tree[-1], signal.SIGKILL)
        run.stream.read()

        assert until(lambda: not set(tree[1:]) & set(parents()))
