"""A demo that misses its promise: one more run, then its recording is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pktscope import demos
from pktscope.commands.demo import perform, promised
from pktscope.exits import NOT_SHOWN, OK
from pktscope.lab.wishes import Wishes

LOOK = {
    "plain": True, "as_json": False, "width": 80, "ascii_only": False, "no_color": True, "no_motion": False,
    "no_fold": False, "theme": "dark", "time_format": "relative", "raw_numbers": False,
}  # fmt: skip


@pytest.mark.usefixtures("private_room")
def test_a_missed_promise_is_tried_once_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice in vain: the second run is shown, what the first missed is said, and so is where to see it kept."""
    monkeypatch.setattr("pktscope.commands.opening.lay_down_privileges", lambda: None)
    demo = replace(demos.load("udp-echo"), shows=("tcp.syn",))
    assert perform(demo, None, Wishes(), LOOK) == NOT_SHOWN
    said = capsys.readouterr()
    assert said.err.count("the first run did not show tcp.syn") == 1
    assert "pktscope demo udp-echo --recorded" in said.err
    assert said.out.count("bind(") >= 1


@pytest.mark.usefixtures("private_room")
def test_a_kept_promise_is_shown_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pktscope.commands.opening.lay_down_privileges", lambda: None)
    assert perform(demos.load("udp-echo"), None, Wishes(), LOOK) == OK
    assert "first run" not in capsys.readouterr().err


@pytest.mark.usefixtures("private_room")
def test_a_changed_room_may_miss_the_promise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not show is said, as the room's doing; nothing is run again, and it is no failure."""
    monkeypatch.setattr("pktscope.commands.opening.lay_down_privileges", lambda: None)
    demo = replace(demos.load("udp-echo"), shows=("udp.datagram", "tcp.syn"))
    assert perform(demo, None, Wishes(six=True), LOOK) == OK
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[-1].startswith("Promised of the demo's own room: ")
    assert "This one is another, and does not show tcp.syn" in said.out


@pytest.mark.usefixtures("private_room")
def test_a_changed_room_may_keep_the_promise(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it says so as ever."""
    monkeypatch.setattr("pktscope.commands.opening.lay_down_privileges", lambda: None)
    assert perform(demos.load("udp-echo"), None, Wishes(six=True), LOOK) == OK
    assert capsys.readouterr().out.endswith("Seen: all of it.\n")


@pytest.mark.parametrize(
    "wishes", [Wishes(wire=0.01), Wishes(six=True), Wishes(host=True), Wishes(says=("x",)), Wishes(drops=(3,))]
)
def test_what_is_changed_on_purpose_promises_nothing(wishes: Wishes) -> None:
    demo = demos.load("handshake")
    assert promised(demo, Wishes(variant="", interactive=True)) is demo
    assert promised(demo, wishes).shows == ()
