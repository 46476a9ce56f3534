"""What the examples of the rules of data, Nagle, datagrams, fragments and ICMP leave open."""

from __future__ import annotations

import pytest

from pktscope import notation
from pktscope.ends import Pieces
from pktscope.flow import Flow
from pktscope.model import Side
from pktscope.rules.phrases import frames
from pktscope.words import say

OPEN = """
   C > S  SYN mss 1460
   S > C  SYN ACK mss 1460
   C > S  ACK
"""


def said(script: str, prefix: str = "") -> list[tuple[str, str]]:
    """(rule, sentence) of every note on a script whose rule begins with a prefix."""
    flow = Flow()
    for seen in notation.read(script).observations:
        flow.feed(seen)
    return [(note.rule, say(note.message, note.values)) for note in flow.notes if note.rule.startswith(prefix)]


def rules_of(script: str, prefix: str = "") -> list[str]:
    """The rules that spoke."""
    return [rule for rule, _ in said(script, prefix)]


def test_long_way_is_no_delayed_ack() -> None:
    """An ACK that is as late as the handshake was slow was on its way, not held back."""
    script = """
   C > S  SYN mss 1460
+50ms
   S > C  SYN ACK mss 1460
   C > S  ACK
   C > S  PSH ACK 1:11
+51ms
   S > C  ACK 11
"""

    assert "tcp.delayed-ack" not in rules_of(script)


def test_ack_of_repaired_loss_is_no_delayed_ack() -> None:
    """Where a segment was sent again, nobody knows for which copy the ACK was late."""
    script = OPEN + "   C > S  PSH ACK 1:11\n+300ms\n   C > S  PSH ACK 1:11\n+40ms\n   S > C  ACK 11\n"

    assert "tcp.delayed-ack" not in rules_of(script)


def test_closed_window_is_not_nagle() -> None:
    """Bytes that the receiver has no room for are not held by Nagle's algorithm."""
    script = (
        OPEN
        + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
   S > C  ACK 1 win 10
C: send(10)
C: = 10
"""
    )

    assert rules_of(script, "tcp.nagle") == []


def test_full_segments_under_way_are_not_nagle() -> None:
    """Linux holds a small write only while a small segment is unacknowledged."""
    script = (
        OPEN.replace("mss 1460", "mss 1000")
        + """
C: send(2000)
   C > S  ACK 1:1001 win 9000
   C > S  PSH ACK 1001:2001
C: = 2000
C: send(10)
C: = 10
"""
    )

    assert rules_of(script, "tcp.nagle") == []


def test_held_writes_released_by_option() -> None:
    """Setting TCP_NODELAY lets held bytes go, and the sentence does not blame an ACK."""
    script = (
        OPEN
        + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(10)
C: = 10
C: send(10)
C: = 10
C: setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
   C > S  PSH ACK 11:31
C: = 0
"""
    )
    coalesced = dict(said(script))["tcp.nagle-coalesced"]

    assert "TCP_NODELAY" in coalesced
    assert "ACK in frame" not in coalesced


def test_more_then_nagle() -> None:
    """A last write without MSG_MORE that Nagle's algorithm holds: the ACK, not the write, lets all of them go."""
    script = (
        OPEN
        + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
C: send(10, MSG_MORE)
C: = 10
C: send(10, MSG_MORE)
C: = 10
C: send(10)
C: = 10
+40ms
   S > C  ACK 11
   C > S  PSH ACK 11:41
"""
    )
    spoken = rules_of(script)

    assert "tcp.nagle-coalesced" in spoken
    assert "tcp.uncorked" not in spoken


def test_flag_in_data_is_no_flag() -> None:
    """The text MSG_MORE in what is sent does not make the kernel wait."""
    script = OPEN + "C: send(8, b'MSG_MORE')\nC: = 8\n"

    assert rules_of(script, "tcp.held") == []


def test_peek_leaves_the_datagram() -> None:
    """MSG_PEEK returns a datagram that the next call returns again; nothing is thrown away."""
    script = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: recvfrom(4, MSG_PEEK)
   C > S  UDP 10
S: = 4
S: recvfrom(1024) = 10
"""

    assert rules_of(script, "udp.d")[-1] == "udp.delivered"
    assert "udp.truncated" not in rules_of(script)


def test_lost_datagram_is_not_the_one_delivered() -> None:
    """A recvfrom() is matched with the datagram that fits it, not with one that never arrived."""
    script = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
S: recvfrom(1024)
   C > S  UDP 10
   C > S  UDP 20
S: = 20
"""

    assert any("frame 2" in sentence for rule, sentence in said(script) if rule == "udp.delivered")


def test_error_about_one_of_several_names_none() -> None:
    """Where several packets fit what an ICMP error quotes, it names no frame."""
    script = "udp 10.0.0.1:40000 > 10.0.0.2:8000\n   C > S  UDP 10\n   C > S  UDP 10\n   S > C  ICMP 3/3\n"

    assert "frame" not in dict(said(script))["icmp.port-unreachable"]


def test_copies_of_fragments_are_not_told_twice() -> None:
    """A capture that saw every fragment twice gives each sentence once, and nothing is incomplete."""
    script = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 1480:1488 id 7 last UDP 1480
   C > S  FRAGMENT 1480:1488 id 7 last
end
"""

    assert rules_of(script, "ip.") == ["ip.fragmented", "ip.fragment", "ip.reassembled"]


def test_identification_used_again_hides_no_loss() -> None:
    """A datagram that never was complete is told at the end, though its identification came again for another."""
    script = """
udp 127.0.0.1:40000 > 127.0.0.1:8000
   C > S  FRAGMENT 0:1480 id 7
+200s
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 1480:1488 id 7 last UDP 1480
end
"""

    assert rules_of(script, "ip.incomplete") == ["ip.incomplete"]


def test_pieces_know_what_is_missing() -> None:
    """Stretches join whatever their order, and the end is unknown until the last fragment came."""
    pieces = Pieces(Side.CLIENT, 7, 0)
    for first, end in ((1480, 2960), (4440, 5000), (0, 1480)):
        pieces.put(first, end, 0, 0)

    assert pieces.missing() == [(2960, 4440), (5000, None)]
    assert not pieces.overlap


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((4,), "frame 4"), ((6, 4), "frames 4 and 6"), ((4, 5, 6), "frames 4 to 6"),
     ((4, 6, 9), "frames 4, 6 and 9"), ((4, 6, 9, 20), "4 frames from 4 to 20"), ((0, 4), "frame 4")],
)  # fmt: skip
def test_frames_in_words(numbers: tuple[int, ...], text: str) -> None:
    """Lists of frames stay short, and steps that were no frames are left out."""
    assert str(frames(numbers)) == text
