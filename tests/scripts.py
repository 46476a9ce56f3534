"""Conversations in notation that the laws are held against, and Hypothesis strategies that make more of them."""

from __future__ import annotations

from hypothesis import strategies as st

from pktscope import notation
from pktscope.model import Observation
from pktscope.rules import RULES

OPENED = """
C: socket() = 3
S: socket() = 3
S: bind(8000) = 0
S: listen(5) = 0
S: accept()
C: connect(8000)
   C > S  SYN mss 1460 wscale 7 sack ts 1 0
   S > C  SYN ACK mss 1460 wscale 7 sack ts 9 1
   C > S  ACK
C: = 0
S: = socket
"""

SCRIPTS: dict[str, str] = {
    "one direction only": """
   C > S  SYN mss 1460
   C > S  ACK 1
   C > S  PSH ACK 1:11 1
   C > S  FIN ACK 50
end
""",
    "four segments": OPENED
    + """
C: close()
   C > S  FIN ACK
   S > C  ACK
S: close()
   S > C  FIN ACK
   C > S  ACK
end
""",
    "three segments": OPENED
    + """
   C > S  FIN ACK
   S > C  FIN ACK
   C > S  ACK
end
""",
    "server first": OPENED
    + """
   S > C  FIN ACK
+200ms
   S > C  FIN ACK seq 1
   C > S  ACK
+200ms
   S > C  FIN ACK seq 1
   C > S  FIN ACK
+200ms
   C > S  FIN ACK seq 1
   S > C  ACK
+200ms
   C > S  FIN ACK seq 1
""",
    "data both ways": OPENED
    + """
C: send(10)
   C > S  PSH ACK 1:11
C: = 10
   S > C  ACK
S: recv(1024) = 10
S: send(5) = 5
   S > C  PSH ACK 1:6
   C > S  ACK
""",
    "simultaneous open": """
   C > S  SYN
   S > C  SYN
   C > S  SYN ACK
   S > C  SYN ACK seq 0
   C > S  ACK
   C > S  PSH ACK 1:5
""",
    "simultaneous open, answered by ACKs": """
   C > S  SYN
   S > C  SYN
   C > S  SYN ACK
   S > C  ACK 1
""",
    "simultaneous close": OPENED
    + """
   C > S  FIN ACK
   S > C  FIN ACK 1
   C > S  ACK
   S > C  ACK
+200ms
   C > S  FIN ACK 2 seq 1
""",
    "crossing FINs sent again": OPENED
    + """
   C > S  FIN ACK
   S > C  FIN ACK 1
+200ms
   C > S  FIN ACK 2 seq 1
+200ms
   S > C  FIN ACK 1 seq 1
""",
    "refused": """
C: socket() = 3
C: connect(8000)
   C > S  SYN
   S > C  RST ACK
C: = ECONNREFUSED
""",
    "SYNs that nobody answers": """
C: socket() = 3
S: socket() = 3
C: connect(8000)
   C > S  SYN
+1s
   C > S  SYN seq 0
+2s
C: = ETIMEDOUT
C: close() = 0
""",
    "given up while asking": """
C: socket() = 3
C: connect(8000)
   C > S  SYN
C: = timeout
C: close() = 0
""",
    "a listener nobody came to": """
S: socket() = 3
S: listen(1) = 0
S: close() = 0
""",
    "reset by the client": OPENED + "   C > S  RST ACK\n   S > C  PSH ACK 1:5\n   C > S  RST\n",
    "reset from nowhere": "   C > S  PSH ACK 1:11\n   S > C  RST\n",
    "reset to an end not seen": "   C > S  RST ACK\n   S > C  RST ACK\n   C > S  RST ACK\n",
    "a knock at a closed and at a listening end": """
C: socket() = 3
S: socket() = 3
   C > S  SYN
   S > C  RST ACK
   S > C  RST ACK
""",
    "a stray segment to a listener": """
S: socket() = 3
S: listen(1) = 0
   C > S  ACK
   S > C  RST
   C > S  RST
""",
    "SYN to a listener twice, SYN,ACK twice": """
S: socket() = 3
S: listen(1) = 0
   C > S  SYN
   S > C  SYN ACK
   C > S  SYN seq 0
   S > C  SYN ACK seq 0
   C > S  ACK
   S > C  SYN ACK seq 0
   C > S  SYN seq 0
""",
    "a listener without socket()": "S: listen(1) = 0\n   C > S  SYN\n   S > C  SYN ACK\n   C > S  ACK\n",
    "only the SYN,ACK": "   S > C  SYN ACK\n   C > S  ACK\n   C > S  PSH ACK 1:4\n",
    "only FINs": "   C > S  FIN ACK\n   S > C  ACK\n",
    "mid-stream": "   C > S  PSH ACK 1:101\n   S > C  ACK\n   C > S  PSH ACK 201:301\n   S > C  ACK 301\n",
    "closed before it stood": "   C > S  SYN\n   S > C  SYN ACK\n   S > C  FIN ACK\n",
    "FIN before it stood": "   C > S  SYN\n   S > C  SYN ACK\n   C > S  FIN seq 1\n",
    "the kernel gives up": OPENED
    + "C: send(5) = 5\n   C > S  PSH ACK 1:6\n+1s\n   C > S  PSH ACK 1:6\nC: recv(10) = ETIMEDOUT\n",
    "gives up after FIN": OPENED + "C: recv(9)\n   C > S  FIN ACK\nC: = ETIMEDOUT\n",
    "gives up half closed": OPENED + "C: recv(9)\n   C > S  FIN ACK\n   S > C  ACK\nC: = ETIMEDOUT\n",
    "gives up after the other's FIN": OPENED + "S: send(9)\n   C > S  FIN ACK\nS: = ETIMEDOUT\n",
    "gives up in LAST_ACK": OPENED
    + "S: send(9)\n   C > S  FIN ACK\n   S > C  FIN ACK\n+200ms\n   S > C  FIN ACK seq 1\nS: = ETIMEDOUT\n",
    "gives up in CLOSING": OPENED + "S: send(9)\n   C > S  FIN ACK\n   S > C  FIN ACK 1\nS: = ETIMEDOUT\n",
    "gives up in CLOSING, heard by both": OPENED
    + "C: send(9)\n   C > S  FIN ACK\n   S > C  FIN ACK 1\nC: = ETIMEDOUT\n",
    "the same FIN in LAST_ACK": OPENED + "   C > S  FIN ACK\n   S > C  FIN ACK\n+200ms\n   C > S  FIN ACK 1 seq 1\n",
    "an answer from an end thought closed": "S: socket() = 3\n   C > S  SYN\n   S > C  SYN ACK\n",
    "loss": OPENED
    + """
   C > S  PSH ACK 1:101
   C > S  PSH ACK 201:301
   S > C  ACK 101 sack 201:301
   S > C  ACK 101 sack 201:301
   S > C  ACK 101 sack 201:301
   C > S  PSH ACK 101:201
   S > C  ACK 301
+250ms
   C > S  PSH ACK 201:301
   S > C  ACK 301 win 0
   C > S  ACK seq 300
   S > C  ACK 301
   S > C  ACK 301 win 700
""",
    "udp": """
udp 10.0.0.1:5000 > 10.0.0.2:53
C: sendto(10)
   C > S  UDP 10
C: = 10
   S > C  UDP 20
end dropped 0
""",
    "fragments": """
udp 127.0.0.1:5000 > 127.0.0.1:8000
   C > S  FRAGMENT 0:1480 id 7
   C > S  FRAGMENT 1480:2960 id 7
   C > S  FRAGMENT 2960:4008 id 7 last UDP 4000
   S > C  ICMP 3/3
   C > S  ICMP 8/0 echo 7 1
   C > S  OTHER ARP "whohas"
   C > S  FRAGMENT 1480:2960 id 8
end cut
""",
}

for _state, _segments in {
    "SYN_SENT": "   C > S  SYN\n",
    "SYN_RECEIVED": "   S > C  SYN\n   C > S  SYN ACK\n",
    "ESTABLISHED": OPENED,
    "FIN_WAIT_1": OPENED + "   C > S  FIN ACK\n",
    "FIN_WAIT_2": OPENED + "   C > S  FIN ACK\n   S > C  ACK\n",
    "CLOSE_WAIT": OPENED + "   S > C  FIN ACK\n",
    "CLOSING": OPENED + "   C > S  FIN ACK\n   S > C  FIN ACK 1\n",
    "LAST_ACK": OPENED + "   S > C  FIN ACK\n   C > S  FIN ACK\n",
    "TIME_WAIT": OPENED + "   C > S  FIN ACK\n   S > C  FIN ACK\n   C > S  ACK\n",
}.items():
    SCRIPTS[f"RST sent in {_state}"] = _segments + "   C > S  RST ACK\n"
    SCRIPTS[f"RST got in {_state}"] = _segments + "   S > C  RST ACK\n"

for _rule in RULES:
    SCRIPTS[f"example of {_rule.id}"] = _rule.example


def observations(name: str) -> tuple[Observation, ...]:
    """One of the scripts, read."""
    return notation.read(SCRIPTS[name]).observations


FLAG_SETS = (
    "SYN",
    "SYN ACK",
    "ACK",
    "PSH ACK",
    "FIN ACK",
    "RST",
    "RST ACK",
    "FIN PSH ACK",
    "SYN FIN",
    "URG ACK",
    "PSH",
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """One line of notation: mostly plausible, sometimes absurd."""
    side = draw(st.sampled_from(("C > S", "S > C")))
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return f"+{draw(st.integers(0, 3000))}ms"
    if kind == 1:
        name = draw(st.sampled_from(("send(10)", "recv(10)", "close()", "listen(1)", "connect(8000)", "socket()")))
        return f"{side[0]}: {name} = {draw(st.sampled_from(('0', '10', 'ECONNRESET', 'ETIMEDOUT')))}"
    words = [side, "", draw(st.sampled_from(FLAG_SETS))]
    seq = draw(st.integers(-20, 300))
    if kind < 7:
        words.append(f"{seq}:{seq + draw(st.integers(1, 200))}")
    elif kind == 7:
        words.append(f"seq {seq}")
    if draw(st.integers(0, 4)) == 0:
        words.append(f"win {draw(st.sampled_from((0, 1, 512, 65535)))}")
    if draw(st.integers(0, 6)) == 0:
        words.append(f"sack {seq}:{seq + 50}")
    text = "   " + " ".join(words)
    if "ACK" in words[2] and draw(st.booleans()):
        text = text.replace("ACK", f"ACK {draw(st.integers(-5, 400))}", 1)
    return text


scripts = st.lists(lines(), min_size=1, max_size=25).map("\n".join)
