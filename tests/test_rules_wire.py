"""What rules say of times on a wire, where a packet is seen leaving and arrives later."""

from __future__ import annotations

from dataclasses import replace

from pktscope import notation
from pktscope.flow import Flow
from pktscope.model import Call
from pktscope.words import say

UDP = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
S: recvfrom(1024)
+10ms
   C > S  UDP 10
+20ms
~ delivered
S: = 10
"""
LATE = """
udp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  UDP 10
S: recvfrom(1024)
+20ms
~ delivered
S: = 10
"""
REFUSED = """
tcp 10.0.0.1:40000 > 10.0.0.2:8000
   C > S  SYN
+5ms
~ delivered
   S > C  RST ACK 1
+5ms
~ delivered
"""
PING = """
icmp 10.0.0.1 > 10.0.0.2
   C > S  ICMP 8/0 echo 7 1 length 56
+5ms
~ delivered
   S > C  ICMP 0/0 echo 7 1 length 56
+5ms
~ delivered
"""
LOST = """
   C > S  SYN
~ delivered
   S > C  SYN ACK
~ delivered
   C > S  ACK
~ delivered
   C > S  PSH ACK 1:11
~ dropped
+200ms
   C > S  PSH ACK 1:11
"""
KERNEL = """
icmp 10.0.0.1 > 10.0.0.2
S: pause()
   C > S  ICMP 8/0 echo 7 1 length 56
   S > C  ICMP 0/0 echo 7 1 length 56
"""


def told(script: str, rule: str) -> list[str]:
    """What a rule says of a conversation."""
    read = notation.read(script)
    flow = Flow(wire=read.wire)
    notes = [note for seen in read.observations for note in flow.feed(seen)[1]]
    return [say(note.message, note.values) for note in notes if note.rule == rule]


def test_a_datagram_was_waited_for_until_it_arrived() -> None:
    """Not until it left; and one that left before the call and came after it was waited for, too."""
    assert told(UDP, "udp.blocked")[0].startswith("recvfrom(1024) slept for 30 ms:")
    assert told(LATE, "udp.blocked")[0].startswith("recvfrom(1024) slept for 20 ms:")


def test_no_round_trip_is_told_of_an_answer_that_is_only_leaving() -> None:
    """Half of a round trip is none."""
    assert told(REFUSED, "tcp.refused")[0].startswith("RST,ACK answers the SYN (frame 1): ")
    assert told(PING, "icmp.echo")[1] == "Echo reply to sequence 1 (frame 1)."


def test_what_has_not_arrived_may_have_been_seen() -> None:
    """The relay sees an ACK that its sender still waits for."""
    assert told(LOST, "tcp.retransmission")[0].endswith("No ACK of them has arrived.")


def test_a_program_that_only_pauses_is_watched() -> None:
    """So it is known that no program of that host sent the answer."""
    read = notation.read(KERNEL)
    flow = Flow()
    seen = [replace(each, socket=0) if isinstance(each, Call) else each for each in read.observations]
    notes = [note.rule for each in seen for note in flow.feed(each)[1]]
    assert "icmp.kernel-answers" in notes
