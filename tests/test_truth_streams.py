"""What the notes of one row say together: nothing twice, nothing that the rows do not show."""

from __future__ import annotations

import pytest

from pktscope import notation
from pktscope.flow import Flow
from pktscope.words import say

OPENED = """
   C > S  SYN mss 1460 ts 1 0
   S > C  SYN ACK mss 1460 ts 1 1
   C > S  ACK
"""
THREE = "C: send(6)\n   C > S  PSH ACK 1:7\nC: = 6\nC: send(6)\n   C > S  PSH ACK 7:13\nC: = 6\n   S > C  ACK 13\n"
FRAMED = 'C: send(9)\n   C > S  PSH ACK 1:10 "\\x00\\x00\\x00\\x05hello"\nC: = 9\n'


def told(script: str) -> list[tuple[str, str]]:
    """Rule and sentence of every note of a script."""
    flow = Flow()
    for seen in notation.read(script).observations:
        flow.feed(seen)
    return [(note.rule, say(note.message, note.values)) for note in flow.notes]


def test_joined_bytes_are_told_once() -> None:
    """Which bytes came out, one note says; which write each of them is from, the other."""
    said = dict(told(OPENED + THREE + "S: recv(1024) = 12\n"))

    assert said["tcp.bytes-delivered"].endswith("written by 2 calls of send() and carried by frames 4 and 5.")
    assert said["stream.joined"].startswith("The stream has no boundaries")
    assert "returned" not in said["stream.joined"]


def test_a_length_in_front_is_the_better_word_for_crumbs() -> None:
    """A message read behind its length is no crumb."""
    rules = [rule for rule, _ in told(OPENED + FRAMED + "S: recv(4) = 4\nS: recv(5) = 5\n")]

    assert "stream.length-prefix" in rules
    assert "stream.crumbs" not in rules


def test_a_time_limit_says_how_long_recv_waited() -> None:
    """Two notes with two durations of one wait would be one too many."""
    script = "S: settimeout(5.0) = None\nS: recv(1024)\n+2s\n   C > S  PSH ACK 1:7\nS: = 6\n"
    rules = [rule for rule, _ in told(OPENED + script)]

    assert "call.in-time" in rules
    assert "tcp.blocked" not in rules


@pytest.mark.parametrize(("again", "frames"), [("", "frame 1"), ("+1s\n   C > S  SYN mss 1460\n", "frames 1 and 2")])
def test_a_syn_ack_answers_every_copy_of_the_syn(again: str, frames: str) -> None:
    """Which copy arrived is not known, so none alone is named; and such a connect() may have waited for accept()."""
    script = f"C: connect(8000)\n   C > S  SYN mss 1460\n{again}   S > C  SYN ACK mss 1460\n   C > S  ACK\nC: = 0\n"
    said = dict(told(script))

    assert f"the SYN ({frames}) is here" in said["tcp.syn-ack"]
    assert ("did not wait for accept()" in said["tcp.connect-returned"]) == (not again)


def test_a_slow_ack_between_near_ends_makes_no_flight() -> None:
    """Where the handshake took no time, 40 ms are a delayed ACK and no round trip."""
    starts = range(1, 14001, 1000)
    burst = [f"   C > S  ACK {each}:{each + 1000}\n" for each in starts]
    script = OPENED + "".join(burst[:6]) + "+40ms\n   S > C  ACK 6001\n" + "".join(burst[6:])

    assert not [rule for rule, _ in told(script) if rule.startswith("growth.")]
