"""Routers: two hosts, two routers, a switch with a neighbour; every link is captured."""

from __future__ import annotations

import pytest

from tests.labtools import Recording, record

pytestmark = pytest.mark.usefixtures("private_room")


@pytest.fixture(scope="module")
def hops(private_room: None) -> Recording:
    return record("ttl")


def test_it_runs_and_says_where(hops: Recording) -> None:
    assert (hops.status, hops.refusal, hops.end.dropped) == (0, "", 0)
    assert (hops.exchange.topology, hops.exchange.path) == ("routers", ("client", "R1", "R2", "server"))
    assert "two routers" in hops.exchange.room
    assert dict(hops.exchange.settings)["mtu R1-R2"] == "1500"


def test_a_packet_goes_from_link_to_link_and_loses_a_hop_each_time(hops: Recording) -> None:
    sent = [
        (link, data[22])
        for link, (_, data) in zip(hops.links, hops.frames, strict=True)
        if data[23] == 17 and data[26:30] == bytes((10, 0, 1, 2))
    ]
    assert sent == [(0, 1), (0, 2), (1, 1), (0, 3), (1, 2), (2, 1)]


def test_each_router_complains_by_its_own_name(hops: Recording) -> None:
    complaints = [
        (link, ".".join(map(str, data[26:30])))
        for link, (_, data) in zip(hops.links, hops.frames, strict=True)
        if data[23] == 1
    ]
    assert complaints == [(0, "10.0.1.1"), (1, "10.0.2.2"), (0, "10.0.2.2")]


def test_the_order_is_the_order_of_happening(hops: Recording) -> None:
    times = [at for at, _ in hops.order[1:]]
    assert times == sorted(times)


def test_a_narrow_link_cuts_what_may_be_cut() -> None:
    run = record("pmtu")
    dict_of = dict(run.exchange.settings)
    assert dict_of["mtu R1-R2"] == "1000"
    first = [(link, len(data)) for link, (_, data) in zip(run.links, run.frames, strict=True)][:5]
    assert first == [(0, 1514), (1, 1010), (1, 538), (2, 1010), (2, 538)]


def test_a_host_outside_is_reached_by_way_of_the_router() -> None:
    run = record("routing")
    asked = [
        (link, ".".join(map(str, data[38:42])))
        for link, (_, data) in zip(run.links, run.frames, strict=True)
        if data[12:14] == b"\x08\x06" and data[21] == 1
    ]
    assert asked[:3] == [(0, "10.0.1.1"), (1, "10.0.2.2"), (2, "10.0.3.2")]
    assert set(asked[3:]) == {(0, "10.0.1.3")}
