"""What every segment is said to be: each bit where it holds and where not, then the corpus and the wire's own log."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pktscope.verdicts as verdicts
from pktscope.capture.store import Store
from pktscope.model import ACK, FIN, PSH, RST, SYN, Frame, Tcp
from pktscope.verdicts import NAMES, WIRESHARK, Machine, Verdict

MS = 1_000_000
MASK = (1 << 32) - 1


def named(bits: int) -> list[str]:
    return [name for bit, name in NAMES.items() if bits & bit]


class Talk:
    """A conversation written with relative numbers; each call is one segment and gives its verdict."""

    def __init__(self, client_isn: int = 1000, server_isn: int = 5000) -> None:
        self.machine = Machine()
        self.isns = (client_isn, server_isn)
        self.time = 10**18

    def say(
        self, side: str, seq: int, ack: int | None, length: int = 0, flags: int = ACK, *, after: int = MS,
        window: int = 500, scale: int | None = None, sack: tuple[tuple[int, int], ...] = (), ident: int | None = None,
        stamp: int | None = None,
    ) -> int:  # fmt: skip
        way = "CS".index(side)
        own, peer = self.isns[way], self.isns[1 - way]
        self.time += after
        return self.machine.feed(
            way, self.time, (own + seq) & MASK, 0 if ack is None else (peer + ack) & MASK, length, flags, window, scale,
            tuple(((peer + left) & MASK, (peer + right) & MASK) for left, right in sack), ident,
            None if stamp is None else (stamp, 0),
        )  # fmt: skip

    def open(self, rtt: int = 10 * MS) -> Talk:
        """The handshake, both windows scaled by 7."""
        assert self.say("C", 0, None, 0, SYN, window=64240, scale=7) == 0
        assert self.say("S", 0, 1, 0, SYN | ACK, after=rtt, window=65160, scale=7) == 0
        assert self.say("C", 1, 1) == 0
        return self

    def send(self, count: int, size: int = 100) -> Talk:
        """`count` segments of the client, from octet 1."""
        for number in range(count):
            assert self.say("C", 1 + number * size, 1, size) == 0
        return self


def test_clean_conversation_has_no_verdicts() -> None:
    """Data both ways, FINs and their acknowledgements: nothing to say."""
    talk = Talk().open().send(3)

    assert talk.say("S", 1, 301) == 0
    assert talk.say("S", 1, 301, 50) == 0
    assert talk.say("C", 301, 51, 0, FIN | ACK) == 0
    assert talk.say("S", 51, 302, 0, FIN | ACK) == 0
    assert talk.say("C", 302, 52) == 0


def test_retransmission_by_timeout() -> None:
    """The first unacknowledged segment again after a long silence: a retransmission of no quicker kind."""
    talk = Talk().open().send(2)

    assert talk.say("C", 1, 1, 100, after=300 * MS) == Verdict.RETRANSMISSION


def test_fast_retransmission_needs_duplicate_acks_or_sack() -> None:
    """Three duplicate ACKs ask; two do not, and neither do three that were long ago."""
    for count, after, kind in ((3, MS, Verdict.FAST), (2, MS, 0), (3, 400 * MS, 0)):
        talk = Talk().open().send(5)
        talk.say("S", 1, 101)
        for _ in range(count):
            assert talk.say("S", 1, 101) == Verdict.DUPLICATE_ACK

        assert talk.say("C", 101, 1, 100, after=after) == Verdict.RETRANSMISSION | kind


def test_sack_asks_for_what_lies_below_it() -> None:
    """A block above the segment asks for it; a block below it, or the segment itself, does not."""
    for block, kind in (((301, 401), Verdict.FAST), ((201, 301), 0)):
        talk = Talk().open().send(5)
        talk.say("S", 1, 101)
        talk.say("S", 1, 101, sack=(block,))

        assert talk.say("C", 201, 1, 100) & (Verdict.RETRANSMISSION | Verdict.FAST) == Verdict.RETRANSMISSION | kind


def test_recovery_after_a_timeout_is_not_fast() -> None:
    """What follows a timeout goes out again because of the timeout, SACK or not."""
    talk = Talk().open().send(5)
    talk.say("S", 1, 1, sack=((401, 501),))
    assert talk.say("C", 1, 1, 100, after=400 * MS) == Verdict.RETRANSMISSION

    talk.say("S", 1, 101, sack=((401, 501),))

    assert talk.say("C", 101, 1, 100) == Verdict.RETRANSMISSION


def test_spurious_where_it_was_acknowledged() -> None:
    """Acknowledged whole: needless. Acknowledged in part: not."""
    talk = Talk().open().send(2)
    talk.say("S", 1, 101)

    assert talk.say("C", 1, 1, 100, after=250 * MS) == Verdict.RETRANSMISSION | Verdict.SPURIOUS
    assert not talk.say("C", 1, 1, 200, after=250 * MS) & Verdict.SPURIOUS


def test_partial_and_fin_again() -> None:
    """Old octets with new ones behind them are partly new; the same with its FIN again is all old."""
    talk = Talk().open().send(1)

    assert talk.say("C", 1, 1, 150, FIN | ACK, after=300 * MS) == Verdict.RETRANSMISSION | Verdict.PARTIAL
    assert talk.say("C", 1, 1, 150, FIN | ACK, after=300 * MS) == Verdict.RETRANSMISSION | Verdict.FIN_AGAIN


def test_syn_again_and_simultaneous_open() -> None:
    """A repeated SYN is one; the SYN-ACK after an own SYN is not, but a second SYN-ACK is."""
    talk = Talk()
    talk.say("C", 0, None, 0, SYN)
    assert talk.say("C", 0, None, 0, SYN, after=1000 * MS) == Verdict.RETRANSMISSION | Verdict.SYN_AGAIN

    talk = Talk()
    talk.say("C", 0, None, 0, SYN)
    talk.say("S", 0, None, 0, SYN)

    assert talk.say("C", 0, 1, 0, SYN | ACK) == 0
    assert talk.say("S", 0, 1, 0, SYN | ACK) == 0
    assert talk.machine.wireshark() == Verdict.RETRANSMISSION  # Wireshark calls the crossing so
    assert talk.say("S", 0, 1, 0, SYN | ACK, after=1000 * MS) & Verdict.SYN_AGAIN


def test_tail_probe() -> None:
    """The last segment again, before an earlier one that is waiting too; the earlier one is no tail."""
    talk = Talk().open().send(3)

    assert talk.say("C", 201, 1, 100, after=40 * MS) == Verdict.RETRANSMISSION | Verdict.TAIL_PROBE

    talk = Talk().open().send(3)

    assert talk.say("C", 1, 1, 100, after=40 * MS) == Verdict.RETRANSMISSION


def test_gap() -> None:
    """Octets missing below; not for the first segment of a capture begun in the middle, nor for a reset."""
    talk = Talk().open().send(1)
    assert talk.say("C", 301, 1, 100) == Verdict.GAP
    assert talk.say("C", 401, 1, 100) == 0

    assert Talk().say("C", 7000, 1, 100) == 0
    talk = Talk().open().send(1)
    assert talk.say("C", 9001, None, 0, RST) == 0


@pytest.mark.parametrize(
    ("evidence", "after", "verdict", "reason"),
    [
        ({"stamp": 4}, 60 * MS, Verdict.OUT_OF_ORDER, "older timestamp"),
        ({"stamp": 9}, MS, Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN, "newer timestamp"),
        ({"stamp": 5}, MS, Verdict.OUT_OF_ORDER, "too soon for a round trip"),
        ({"ident": 13}, 60 * MS, Verdict.OUT_OF_ORDER, "older identification"),
        ({"ident": 17}, MS, Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN, "newer identification"),
        ({}, MS, Verdict.OUT_OF_ORDER, "too soon for a round trip"),
        ({}, 60 * MS, Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN, "time for a round trip"),
    ],
)
def test_filling_a_hole(evidence: dict[str, int], after: int, verdict: int, reason: str) -> None:
    """Late or sent again: timestamps decide, then IP identifications, then the clock."""
    stamp: int | None = 5 if "stamp" in evidence else None
    talk = Talk().open()
    for number in range(5):
        talk.say("C", 1 + 100 * number, 1, 100, stamp=stamp, ident=8 + number if "ident" in evidence else None)
    ident = 14 if "ident" in evidence else None
    assert talk.say("C", 601, 1, 100, stamp=stamp, ident=ident) == Verdict.GAP

    assert talk.say("C", 501, 1, 100, after=after, **evidence) == verdict  # type: ignore[arg-type]
    assert talk.machine.reason == reason
    assert talk.say("C", 501, 1, 100, after=300 * MS) == Verdict.RETRANSMISSION  # now it was seen


def test_hole_acknowledged_before_it_was_filled() -> None:
    """The other side had the octets, so the copy seen is a second one."""
    talk = Talk().open().send(1)
    talk.say("C", 301, 1, 100)
    assert talk.say("S", 1, 401) == Verdict.ACKED_UNSEEN
    wanted = Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN | Verdict.SPURIOUS

    assert talk.say("C", 101, 1, 200) == wanted
    assert talk.machine.reason == "acknowledged before"


def test_acked_unseen() -> None:
    """Told once for each advance over a hole or past the end; not for a direction of which nothing was seen."""
    talk = Talk().open().send(1)

    assert talk.say("S", 1, 201) == Verdict.ACKED_UNSEEN
    assert talk.say("S", 1, 201, 10) == 0
    assert Talk().say("S", 1, 201) == 0


def test_duplicate_ack() -> None:
    """RFC 5681: outstanding data, none of its own, the same acknowledgement and window; or SACK and any window."""
    talk = Talk().open().send(2)
    talk.say("S", 1, 101)

    assert talk.say("S", 1, 101) == Verdict.DUPLICATE_ACK
    assert talk.say("S", 1, 101, window=600) == Verdict.WINDOW_UPDATE
    assert talk.say("S", 1, 101, window=700, sack=((151, 201),)) == Verdict.DUPLICATE_ACK
    assert talk.say("S", 1, 101, 20, window=700) == 0
    assert talk.say("S", 21, 201, window=700) == 0
    assert talk.say("S", 21, 201, window=700, after=2 * MS) == 0  # nothing outstanding


def test_d_sack() -> None:
    """A first block below the acknowledgement, or inside the second block, reports a duplicate; others do not."""
    talk = Talk().open().send(5)

    assert talk.say("S", 1, 201, sack=((101, 201),)) == Verdict.D_SACK
    assert talk.say("S", 1, 201, sack=((301, 401), (301, 501))) & Verdict.D_SACK
    assert not talk.say("S", 1, 201, sack=((301, 401),)) & Verdict.D_SACK


def test_window_full_counts_the_scale() -> None:
    """The last octet the window allows, by the scale agreed on; unknown scales say nothing."""
    talk = Talk().open()
    talk.say("S", 1, 1, window=1)
    assert talk.say("C", 1, 1, 100) == 0
    assert talk.say("C", 101, 1, 28) == Verdict.WINDOW_FULL

    talk = Talk()
    talk.say("C", 1, 1, 10)
    talk.say("S", 1, 11, window=10)

    assert talk.say("C", 11, 1, 10) == 0


def test_zero_window_and_its_probes() -> None:
    """Linux probes with the number before the next; RFC 9293's way is one octet. Both are answered, then comes room."""
    talk = Talk().open().send(1)
    assert talk.say("S", 1, 101, window=0) == Verdict.ZERO_WINDOW
    assert talk.say("C", 100, 1, after=200 * MS) == Verdict.ZERO_WINDOW_PROBE
    assert talk.machine.wireshark() == Verdict.KEEP_ALIVE
    answer = Verdict.ZERO_WINDOW | Verdict.ZERO_WINDOW_PROBE_ACK
    assert talk.say("S", 1, 101, window=0) == answer
    assert talk.say("C", 101, 1, 1, after=200 * MS) == Verdict.ZERO_WINDOW_PROBE
    assert talk.say("S", 1, 101, window=0) == answer

    assert talk.say("S", 1, 101, window=500, after=3000 * MS) == Verdict.WINDOW_UPDATE
    assert talk.say("C", 102, 1, 100) == 0


def test_keep_alive_and_its_answer() -> None:
    """An idle connection, all acknowledged. One unacknowledged octet sent again is no keep-alive."""
    talk = Talk().open().send(1)
    talk.say("S", 1, 101)

    assert talk.say("C", 100, 1, after=2000 * MS) == Verdict.KEEP_ALIVE
    assert talk.say("S", 1, 101) == Verdict.KEEP_ALIVE_ACK
    assert talk.say("C", 100, 1, 1, after=2000 * MS) == Verdict.KEEP_ALIVE
    assert talk.say("C", 101, 1, 1) == 0
    assert talk.say("C", 101, 1, 1, after=250 * MS) == Verdict.RETRANSMISSION


def test_captured_twice() -> None:
    """The same header within a millisecond; not later, not with another identification, not a second call for data."""
    for after, ident, wanted in ((1000, 7, Verdict.CAPTURED_TWICE), (1000, 8, Verdict.RETRANSMISSION),
                                 (2 * MS, 7, Verdict.RETRANSMISSION)):  # fmt: skip
        talk = Talk().open()
        talk.say("C", 1, 1, 100, ident=7)
        assert talk.say("C", 1, 1, 100, after=after, ident=ident) == wanted

    talk = Talk().open().send(2)
    talk.say("S", 1, 101)

    assert talk.say("S", 1, 101, after=1000) == Verdict.DUPLICATE_ACK


def test_new_syn_begins_anew() -> None:
    """A SYN-ACK with another number starts its direction over: no hole, and Wireshark says the ports are reused."""
    talk = Talk()
    talk.say("C", 0, None, 0, SYN)
    talk.say("S", 900_000, 1, 0, RST | ACK)

    assert talk.say("S", 0, 1, 0, SYN | ACK) == 0
    assert talk.machine.wireshark() == Verdict.REUSED_PORTS
    assert talk.say("C", 1, 1) == 0


def test_every_bit_has_its_name() -> None:
    """The names cover the class, each once, and Wireshark's names are of known bits."""
    bits = {value for name, value in vars(Verdict).items() if name.isupper()}

    assert set(NAMES) == bits
    assert len(set(NAMES.values())) == len(bits)
    assert set(WIRESHARK) < bits
    assert all(bit & (bit - 1) == 0 for bit in bits)


NUMBERS = st.one_of(st.integers(0, MASK), st.integers(0, 40), st.integers(MASK - 40, MASK))
NEAR = st.integers(-3, 40)
SEGMENTS = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(-10 * MS, 400 * MS), NEAR, NEAR, st.sampled_from((0, 0, 1, 2, 5)),
        st.sampled_from((ACK, ACK, ACK, ACK | PSH, SYN, SYN | ACK, FIN | ACK, RST, RST | ACK, 0, 511)),
        st.sampled_from((0, 1, 5, 500)), st.sampled_from((None, 0, 7, 255)),
        st.lists(st.tuples(NEAR, NEAR), max_size=3), st.sampled_from((None, 0, 1, 2, 3, 65535)),
        st.sampled_from((None, 1, 2, 3)),
    ),
    max_size=60,
)  # fmt: skip


def run(segments: list[Any], isns: tuple[int, int]) -> list[tuple[int, int]]:
    machine = Machine()
    time = 0
    found = []
    for way, after, seq, ack, length, flags, window, scale, sack, ident, stamp in segments:
        time += after
        own, peer = isns[way], isns[1 - way]
        blocks = tuple(((peer + left) & MASK, (peer + right) & MASK) for left, right in sack)
        bits = machine.feed(
            way, time, (own + seq) & MASK, (peer + ack) & MASK, length, flags, window, scale, blocks, ident,
            None if stamp is None else (stamp, 0),
        )  # fmt: skip
        found.append((bits, machine.wireshark()))
    return found


@given(SEGMENTS, NUMBERS, NUMBERS)
@settings(max_examples=150, deadline=None)
def test_numbers_do_not_matter(segments: list[Any], client: int, server: int) -> None:
    """Shifting both initial numbers by anything, across the wrap too, changes no verdict."""
    plain = [bits for bits, _ in run(segments, (1 << 20, 1 << 25))]

    assert [bits for bits, _ in run(segments, (client, server))] == plain


@given(SEGMENTS)
@settings(max_examples=150, deadline=None)
def test_the_short_way_says_the_same(segments: list[Any]) -> None:
    """Segments in order take a short way through the machine; without it nothing is said differently."""
    short = run(segments, (1 << 20, 1 << 25))
    original = verdicts._smooth
    try:
        verdicts._smooth = lambda *_: False
        long = run(segments, (1 << 20, 1 << 25))
    finally:
        verdicts._smooth = original

    assert short == long


@given(st.lists(st.tuples(
    st.integers(0, 1), st.integers(-(2**62), 2**62), NUMBERS, NUMBERS, st.integers(0, 65535), st.integers(0, 511),
    st.integers(0, 65535), st.one_of(st.none(), st.integers(0, 255)),
    st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4).map(tuple), st.one_of(st.none(), st.integers(0, 65535)),
    st.one_of(st.none(), st.tuples(NUMBERS, NUMBERS)),
), max_size=40))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_never_raises_on_anything(segments: list[Any]) -> None:
    """Any header fields in any order give bits that have names."""
    machine = Machine()
    for segment in segments:
        assert machine.feed(*segment) & ~sum(NAMES) == 0
        assert machine.wireshark() & ~sum(WIRESHARK) == 0


def test_memory_is_bounded() -> None:
    """Ten thousand holes are not remembered one by one."""
    machine = Machine()
    for number in range(10_000):
        machine.feed(0, number * MS, number * 200, 1, 100, ACK, 500)

    assert all(len(half.holes) <= 2 * verdicts.HOLES for half in machine._halves)


FIELDS = {
    "retransmission": Verdict.RETRANSMISSION, "fast_retransmission": Verdict.FAST,
    "spurious_retransmission": Verdict.SPURIOUS, "out_of_order": Verdict.OUT_OF_ORDER, "lost_segment": Verdict.GAP,
    "ack_lost_segment": Verdict.ACKED_UNSEEN, "window_update": Verdict.WINDOW_UPDATE,
    "window_full": Verdict.WINDOW_FULL, "keep_alive": Verdict.KEEP_ALIVE, "keep_alive_ack": Verdict.KEEP_ALIVE_ACK,
    "duplicate_ack": Verdict.DUPLICATE_ACK, "zero_window_probe": Verdict.ZERO_WINDOW_PROBE,
    "zero_window": Verdict.ZERO_WINDOW, "zero_window_probe_ack": Verdict.ZERO_WINDOW_PROBE_ACK,
}  # fmt: skip


def oracle(path: Path) -> Any:
    with gzip.open(path) as stream:
        return json.load(stream)


def judged(conversation: Any) -> list[tuple[int, set[str], set[str], int, int]]:
    """Each row of the oracle: frame, tshark's names, the facts, our bits, our bits for Wireshark."""
    machine = Machine()
    rows = []
    for row in conversation["p"]:
        frame, way, time, seq, ack, length, flags, _, window, analysis, facts = row[:11]
        extras = row[11] if len(row) > 11 else {}
        sack = tuple((left & MASK, right & MASK) for left, right in extras.get("sack", ()))
        bits = machine.feed(
            way, round(time * 1e9), seq & MASK, ack & MASK, length, flags, window, extras.get("ws"), sack
        )
        shark = machine.wireshark() & ~Verdict.REUSED_PORTS
        rows.append((frame, set(analysis) & set(FIELDS), set(facts), bits, shark))
    return rows


@pytest.fixture(scope="module")
def rows(corpus: Path) -> dict[tuple[str, int, int], tuple[set[str], set[str], int, int]]:
    found = {}
    for path in sorted((corpus / "oracle").iterdir()):
        for conversation in oracle(path)["tcp"]:
            for frame, analysis, facts, bits, shark in judged(conversation):
                found[path.name.removesuffix(".json.gz"), conversation["id"], frame] = (analysis, facts, bits, shark)
    return found


def test_wireshark_names_equal_tshark(rows: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """On every frame of the corpus, what we say Wireshark prints is what tshark printed."""
    causes: Counter[str] = Counter()
    flagged = sum(1 for analysis, *_ in rows.values() if analysis)
    for analysis, _, _, shark in rows.values():
        wanted = sum(FIELDS[name] for name in analysis)
        if shark != wanted:
            causes[f"tshark {named(wanted)}, we {named(shark)}"] += 1
    with capsys.disabled():
        print(f"\n  {flagged} flagged of {len(rows)} frames, {causes.total()} differ {dict(causes)}")

    assert flagged > 1000
    assert not causes


DEFINED = {
    "part": Verdict.PARTIAL, "gap": Verdict.GAP, "da": Verdict.DUPLICATE_ACK, "zp": Verdict.ZERO_WINDOW_PROBE,
    "zw": Verdict.ZERO_WINDOW,
}  # fmt: skip
CROSSINGS = {
    ("lab__sim_open.C.pcap", 0, 3),
    ("lab__sim_open.C.pcap", 0, 4),
    ("suricata-ver__tcp-split-handshake-01-4whs__split-handshake-4whs.pcap", 0, 3),
}
"""SYN-ACKs of simultaneous and split opens: their SYN is the same, but nothing is sent again for want of an answer."""


def test_facts_are_our_bits(rows: Any) -> None:
    """What needs no judgement is said of exactly the frames it is true of."""
    wrong = []
    for where, (_, facts, bits, _) in rows.items():
        old = Verdict.RETRANSMISSION | Verdict.CAPTURED_TWICE | Verdict.KEEP_ALIVE
        for fact, bit in DEFINED.items():
            if fact in facts and not bits & bit:
                wrong.append((where, fact, named(bits)))
        if "dup" in facts and not bits & old and where not in CROSSINGS:
            wrong.append((where, "dup", named(bits)))
        if bits & Verdict.RETRANSMISSION and not bits & Verdict.FIRST_UNSEEN and not facts & {"dup", "part"}:
            wrong.append((where, "not dup", named(bits)))
        if bits & Verdict.GAP and "gap" not in facts:
            wrong.append((where, "no gap", named(bits)))
        if "fill" in facts and not bits & (Verdict.OUT_OF_ORDER | Verdict.FIRST_UNSEEN) and "acked" not in facts:
            wrong.append((where, "fill", named(bits)))

    assert not wrong


def lab(corpus: Path, name: str) -> tuple[list[Frame], list[int], Machine]:
    """Frames and verdicts of a lab capture with one TCP conversation, the client as direction 0."""
    with_everything = Store.open(str(corpus / "captures" / name))
    with_everything.wait()
    reader = with_everything.reader(None)
    machine = Machine()
    frames: list[Frame] = []
    found = []
    while not reader.done:
        for frame in reader.more():
            if not isinstance(frame, Frame) or not isinstance(frame.transport, Tcp):
                continue
            tcp = frame.transport
            frames.append(frame)
            found.append(
                machine.feed(
                    int(frame.source != frames[0].source), frame.time, tcp.seq, tcp.ack, frame.length, tcp.flags,
                    tcp.window, tcp.options.window_scale, tcp.options.sack,
                    frame.ip.identification if frame.ip else None, tcp.options.timestamp,
                )
            )  # fmt: skip
    return frames, found, machine


def truth(corpus: Path, name: str) -> set[int]:
    """The raw numbers of the client's segments with which the wire did something."""
    log = json.loads((corpus / "lab-truth" / f"{name}.truth.json").read_text())["wire_log"]
    return {entry["seq"] for entry in log if entry["dir"] == "C>S"}


@pytest.mark.parametrize("name", ["loss_fast", "loss_two", "snap96", "rto_backoff", "syn_lost", "syn_blackhole"])
def test_what_the_wire_dropped_is_sent_again(corpus: Path, name: str) -> None:
    """At the sender: every number the wire dropped is in a retransmission; in a clean recovery nothing else is."""
    frames, found, _ = lab(corpus, f"lab__{name}.C.pcap")
    again = set()
    for frame, bits in zip(frames, found, strict=True):
        if bits & Verdict.RETRANSMISSION and isinstance(frame.transport, Tcp):
            again.add(frame.transport.seq)

    assert truth(corpus, name) <= again
    if name in ("loss_fast", "snap96", "rto_backoff", "syn_lost", "syn_blackhole"):
        assert truth(corpus, name) == again


def test_loss_before_the_capture_is_sent_again(corpus: Path) -> None:
    """At the receiver the first copy is missing: a gap, then a fast retransmission of what was never seen."""
    frames, found, _ = lab(corpus, "lab__loss_fast.S.pcap")
    wanted = Verdict.RETRANSMISSION | Verdict.FIRST_UNSEEN | Verdict.FAST
    filling = [i for i, bits in enumerate(found) if bits & (Verdict.FIRST_UNSEEN | Verdict.OUT_OF_ORDER)]

    assert [found[i] for i in filling] == [wanted]
    assert {frames[i].transport.seq for i in filling} == truth(corpus, "loss_fast")  # type: ignore[union-attr]
    assert sum(1 for bits in found if bits & Verdict.GAP) == 1


def test_delay_is_not_loss(corpus: Path) -> None:
    """Of the four segments the wire delayed three were overtaken (the first was the last of its flight): those are out
    of order, and no others; what went out again for them was needless.
    """
    frames, found, _ = lab(corpus, "lab__reorder.S.pcap")
    delayed = truth(corpus, "reorder")
    late = {
        frame.transport.seq
        for frame, bits in zip(frames, found, strict=True)
        if bits & Verdict.OUT_OF_ORDER and isinstance(frame.transport, Tcp)
    }

    assert late == delayed - {min(delayed)}
    assert all(bits & Verdict.SPURIOUS for bits in found if bits & Verdict.RETRANSMISSION)


def test_probes_of_a_closed_window(corpus: Path) -> None:
    """Linux's zero-window probes are probes, though Wireshark calls all four keep-alives."""
    _, found, _ = lab(corpus, "lab__zero_window.C.pcap")

    assert sum(1 for bits in found if bits & Verdict.ZERO_WINDOW_PROBE) == 4
    assert not any(bits & Verdict.KEEP_ALIVE for bits in found)


@pytest.mark.parametrize("name", ["clean_v4", "half_close", "rst_linger", "midstream"])
def test_clean_captures_have_no_losses(corpus: Path, name: str) -> None:
    """Where the wire did nothing, nothing is said to be lost, late or sent again."""
    _, found, _ = lab(corpus, f"lab__{name}.C.pcap")
    losses = Verdict.RETRANSMISSION | Verdict.OUT_OF_ORDER | Verdict.GAP | Verdict.ACKED_UNSEEN | Verdict.DUPLICATE_ACK

    assert not any(bits & losses for bits in found)
