"""The store: who talks to whom, who is the client, and which calls belong to which conversation."""

from __future__ import annotations

import gzip
import io
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from pktscope.capture.recording import Writer
from pktscope.capture.store import Store
from pktscope.model import Call, Conversation, End, Endpoint, Exchange, Fate, Frame, Return, Sample, Side, State
from tests.capturing import PATIENCE, START, ether, everything, frames, ip4, ip6, opened, pcap, read, tcp, udp

SYN, ACK, FIN = 2, 16, 1
HERE, THERE = "10.0.0.1", "10.0.0.2"


def out(flags: int, seq: int, ack: int = 0, data: bytes = b"", port: int = 1000) -> bytes:
    """A segment from the client."""
    return ether(ip4(tcp(port, 80, flags, seq=seq, ack=ack, data=data), 6, HERE, THERE))


def back(flags: int, seq: int, ack: int = 0, data: bytes = b"", port: int = 1000) -> bytes:
    """A segment from the server."""
    return ether(ip4(tcp(80, port, flags, seq=seq, ack=ack, data=data), 6, THERE, HERE))


OPENING = [out(SYN, 100), back(SYN | ACK, 500, 101), out(ACK, 101, 501)]


def test_a_tcp_conversation() -> None:
    """Frames and octets each way, first and last time."""
    store = read(pcap([*OPENING, out(ACK, 101, 501, b"abc"), back(ACK, 501, 104, b"defgh")]))

    assert store.conversations == (
        Conversation("tcp", 0, Endpoint(HERE, 1000), Endpoint(THERE, 80), (3, 2), (3, 5), START, START + 4_000_000),
    )


def test_ports_used_again_start_another_conversation() -> None:
    """A SYN with another initial sequence number does; the same SYN again, or another SYN-ACK, does not."""
    again = [out(SYN, 100), out(SYN, 900), back(SYN | ACK, 700, 901), back(SYN | ACK, 701, 901), out(SYN, 900)]
    store = read(pcap([*OPENING, *again]))

    assert [(one.name, one.frames) for one in store.conversations] == [("tcp:0", (3, 1)), ("tcp:1", (2, 2))]


def test_the_client_is_who_sent_the_syn() -> None:
    """Also where its SYN was not captured but the answer was; with neither, it is who sent first."""
    for packets, client in (
        ([OPENING[1], OPENING[2]], HERE),
        ([OPENING[2], OPENING[1]], HERE),
        ([back(ACK, 5, 6), out(ACK, 6, 5)], THERE),
        ([out(ACK, 6, 5), back(ACK, 5, 6)], HERE),
        ([back(ACK, 5, 101, b"late"), *OPENING], HERE),
    ):
        assert read(pcap(packets)).conversations[0].client.address == client


def test_both_ends_of_a_loopback_conversation() -> None:
    """On loopback the addresses are equal; the ports tell the ends apart. Even equal ports are one conversation."""
    there = ether(ip4(udp(1, 2, b"ping"), 17, "127.0.0.1", "127.0.0.1"))
    here = ether(ip4(udp(2, 1, b"po"), 17, "127.0.0.1", "127.0.0.1"))
    same = ether(ip4(udp(9, 9, b"self"), 17, "127.0.0.1", "127.0.0.1"))
    store = read(pcap([there, here, same, same]))

    assert [(one.name, one.frames, one.octets) for one in store.conversations] == [
        ("udp:0", (1, 1), (4, 2)),
        ("udp:1", (2, 0), (8, 0)),
    ]


def test_vlans_do_not_part_a_conversation() -> None:
    """As in Wireshark, the same ends on two VLANs are one conversation."""
    plain = out(SYN, 1)
    tagged = plain[:12] + b"\x81\0\0\7" + plain[12:]
    twice = plain[:12] + b"\x88\xa8\0\7\x81\0\0\7" + plain[12:]

    assert [one.frames for one in read(pcap([plain, tagged, twice])).conversations] == [(3, 0)]


def icmp_error(quoted: bytes, source: str = "10.0.0.9") -> bytes:
    return ether(ip4(struct.pack(">BBHI", 3, 1, 0, 0) + quoted[14:42], 1, source, HERE))


def test_icmp_errors_belong_to_what_they_quote() -> None:
    """An error stands in the conversation it quotes, uncounted; where that was not seen, in one of its own."""
    query = ether(ip4(udp(1, 2, b"abc"), 17, HERE, THERE))
    store = read(pcap([query, icmp_error(query), icmp_error(out(SYN, 1))]))
    one, two = store.conversations

    assert (one.name, one.frames, one.octets) == ("udp:0", (1, 0), (3, 0))
    assert [frame.number for frame in frames(store, one)] == [1, 2]
    assert (two.name, two.client, two.server) == ("icmp:0", Endpoint("10.0.0.9"), Endpoint(HERE))


def test_everything_else_by_name_and_ends() -> None:
    """Every frame is in exactly one conversation, whatever it is."""
    arp = bytes.fromhex("0001080006040001 020000000001 0a000001 000000000000 0a000002")
    answer = bytes.fromhex("0001080006040002 020000000002 0a000002 020000000001 0a000001")
    other = [ether(ip4(bytes(8), 47)), ether(ip6(bytes(8), 89)), b"", b"abc"]
    packets = [ether(arp, 0x0806), ether(answer, 0x0806), *other]
    store = read(pcap(packets))

    assert [one.name for one in store.conversations] == ["arp:0", "gre:0", "ospf:0", "ethernet:0"]
    assert store.conversations[0].frames == (1, 1)
    assert sum(len(frames(store, one)) for one in store.conversations) == len(packets)


def test_pages_of_any_size_join() -> None:
    """A reader delivers the same whatever the limit is, and is done only with the End delivered."""
    store = read(pcap([*OPENING, *OPENING]))
    for page in (1, 2, 3, 200):
        assert [*map(type, everything(store, None, page))] == [Frame] * 6 + [End]
    reader = store.reader(None)

    assert len(reader.more(6)) == 6
    assert not reader.done
    assert [type(one) for one in reader.more(1)] == [End]
    assert reader.done
    assert reader.more() == []


@pytest.mark.parametrize("packed", [False, True])
def test_streams_are_copied_as_they_come(tmp_path: Path, packed: bool) -> None:
    """A pipe, spooled and copied octet for octet; compressed or not; no temporary file is left with a name."""
    octets = pcap(OPENING * 100)
    sent = gzip.compress(octets) if packed else octets
    receive, send = os.pipe()
    copy = tmp_path / "copy"
    with os.fdopen(receive, "rb", buffering=0) as source, os.fdopen(send, "wb") as target, copy.open("wb") as out_file:
        store = Store.from_stream(source, out_file)
        target.write(sent)
        target.close()
        assert store.wait(PATIENCE)

    assert copy.read_bytes() == sent
    assert everything(store) == everything(read(octets))
    assert [one.name for one in tmp_path.iterdir()] == ["copy"]


def test_a_copy_that_cannot_be_written() -> None:
    """The capture is read on, and the complaint says that the copy is not whole."""

    class Full(io.BytesIO):
        """A full disk."""

        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    store = Store.from_stream(io.BytesIO(pcap(OPENING)), Full())
    assert store.wait(PATIENCE)

    assert store.frame_count == 3
    assert store.complaints == ("the copy stops here: No space left on device",)
    assert store.copy_lost == store.complaints[0]


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    """What is gone is told of, frame by frame; nothing crashes."""
    path = tmp_path / "shrinking.pcap"
    path.write_bytes(pcap([out(ACK, 1, 1, bytes(1000))] * 1000))
    store = opened(path)
    os.truncate(path, 5000)
    seen = frames(store)

    assert len(seen) == 1000
    assert seen[0].oddities == ()
    assert "the file changed while it was being read" in seen[-1].oddities


def test_progress(tmp_path: Path) -> None:
    """Octets read, and of how many where that is known."""
    path = tmp_path / "one.pcap"
    octets = pcap(OPENING)
    path.write_bytes(octets)

    assert opened(path).progress == (len(octets), len(octets))
    assert read(octets).progress == (len(octets), None)


# --- calls -----------------------------------------------------------------------------------------------------------

CLIENT, OTHER, SERVER = Endpoint("127.0.0.1", 1000), Endpoint("127.0.0.1", 1001), Endpoint("127.0.0.1", 80)


class Script:
    """Writes a recording line by line, a nanosecond each."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.writer = Writer(self.stream)
        self.writer.exchange(Exchange("a test"), START)
        self.time = START
        self.serial = 0

    def call(self, side: Side, name: str, socket: int, returned: dict[str, Any] | None = None, **known: Any) -> None:
        """A call and its return."""
        self.serial += 1
        self.time += 2
        self.writer.observe(Call(self.time, side, 1, self.serial, name, socket=socket, **known))
        values = {**({"local": known["local"]} if "local" in known else {}), **(returned or {})}
        self.writer.observe(Return(self.time + 1, side, 1, self.serial, name, socket, **values))

    def frame(self, source: Endpoint, target: Endpoint, flags: int = SYN, protocol: int = 6) -> None:
        self.time += 1
        ports = (source.port or 0, target.port or 0)
        upper = tcp(*ports, flags, seq=source.port or 0) if protocol == 6 else udp(*ports, b"x")
        self.writer.frame(self.time, ether(ip4(upper, protocol, source.address, target.address)))

    def store(self) -> Store:
        self.writer.observe(End(self.time + 1))
        return read(self.stream.getvalue())


def names(store: Store, conversation: Conversation) -> list[str]:
    """What a conversation's reader delivers, without returns."""
    shown = []
    for one in everything(store, conversation):
        if isinstance(one, Call):
            shown.append(f"{one.side} {one.name} {one.socket}")
        elif not isinstance(one, Return):
            shown.append(type(one).__name__)
    return shown


def test_calls_go_with_their_connection() -> None:
    """Two clients, one server: connect, accept, send and close each with their own connection; listen with both."""
    script = Script()
    listening = Endpoint("0.0.0.0", 80)
    script.call(Side.SERVER, "listen", 1, local=listening, protocol="tcp")
    for number, end in ((10, CLIENT), (20, OTHER)):
        script.call(Side.CLIENT, "connect", number, {"local": end, "peer": SERVER}, peer=SERVER, protocol="tcp")
        script.frame(end, SERVER)
        script.call(Side.SERVER, "accept", 1, {"local": SERVER, "peer": end, "new_socket": number + 1}, local=listening)
        script.call(Side.SERVER, "recv", number + 1, local=SERVER, peer=end)
        script.writer.observe(Sample(script.time, script.time, Side.CLIENT, State.ESTABLISHED, number, end, SERVER))
    script.call(Side.CLIENT, "pause", 0)
    store = script.store()
    one, two = store.conversations

    for conversation, own in ((one, 10), (two, 20)):
        assert names(store, conversation) == [
            "server listen 1", f"client connect {own}", "Frame", "server accept 1", f"server recv {own + 1}", "Sample",
            "client pause 0", "End",
        ]  # fmt: skip


def test_datagrams_of_one_socket_go_with_their_peer() -> None:
    """An unconnected UDP server talks to several: each recvfrom and sendto stands with whom it was with."""
    script = Script()
    bound = Endpoint("0.0.0.0", 80)
    script.call(Side.SERVER, "bind", 1, local=bound, protocol="udp")
    for end in (CLIENT, OTHER):
        script.frame(end, SERVER, protocol=17)
        script.call(Side.SERVER, "recvfrom", 1, {"peer": end}, local=bound, protocol="udp")
        script.call(Side.SERVER, "sendto", 1, local=bound, peer=end, protocol="udp")
    store = script.store()

    for conversation in store.conversations:
        assert names(store, conversation) == [
            "server bind 1", "Frame", "server recvfrom 1", "server sendto 1", "End",
        ]  # fmt: skip


def test_the_traced_client_is_the_client() -> None:
    """Where the server's datagram comes first, the calls still say who is who."""
    script = Script()
    script.call(Side.CLIENT, "bind", 1, local=Endpoint("0.0.0.0", 1000), protocol="udp")
    script.frame(SERVER, CLIENT, protocol=17)
    (conversation,) = script.store().conversations

    assert (conversation.client, conversation.server, conversation.frames) == (CLIENT, SERVER, (0, 1))


def test_fates_go_with_their_frame() -> None:
    """What the wire did to a frame is told in the frame's conversation only."""
    script = Script()
    script.frame(CLIENT, SERVER)
    script.frame(OTHER, SERVER)
    script.writer.observe(Fate(script.time, 2, "dropped"))
    store = script.store()

    assert [names(store, one) for one in store.conversations] == [["Frame", "End"], ["Frame", "Fate", "End"]]
