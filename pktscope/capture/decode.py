"""The octets of one captured frame -> model.Frame. Bounded, and never an exception, whatever the octets are.

`Frame.layers` stays empty here, because the fold has no use for it and it would cost every frame; `layers(frame)` says
where each header lies for the one frame being looked at. `checksum_state(frame)` works the same way.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import Literal, TypeAlias

from pktscope.capture import link as links
from pktscope.capture import linktypes, network, transport
from pktscope.capture.reassembly import Datagram, Key, Reassembler
from pktscope.capture.records import Record
from pktscope.model import Arp, Endpoint, Frame, Icmp, Igmp, Ip, Layer, Other, Tcp, Transport, Udp, Whole
from pktscope.words import N_, _, say

ChecksumState: TypeAlias = Literal["good", "bad", "unfilled", "not checked"]


def decode(record: Record, fragments: Reassembler | None = None) -> Frame:
    """The frame of a record. `fragments` keeps what is known of datagrams: one for all frames of a capture."""
    data = record.data
    header = linktypes.read_link(record.link, data)
    if header.kind == links.IPV4:
        packet = network.read_ipv4(data, header.start, record.wire_length)
    elif header.kind == links.IPV6:
        packet = network.read_ipv6(data, header.start, record.wire_length)
    else:
        return without_ip(record, header)
    if packet is None:
        return broken_ip(record, header)
    if packet.ip.is_fragment:
        return fragment(record, header, packet, fragments)
    upper = transport.read_transport(packet.ip.protocol, data, packet.start, packet.end, packet.wire_end)
    oddities = packet.oddities + upper.oddities
    if header.oddity or record.oddity:
        oddities = tuple(text for text in (record.oddity, header.oddity) if text) + oddities
    return Frame(
        record.number, record.time, data, record.wire_length,
        network.endpoint(packet.source, upper.source_port), network.endpoint(packet.target, upper.target_port),
        packet.ip, upper.transport, data[upper.start : upper.end], upper.length, header.name, header.vlans, (), None,
        unfilled(packet, upper.transport, packet.wire_end - packet.start, data[packet.start : packet.end]), oddities,
        record.interface, record.comment,
    )  # fmt: skip


def odd(record: Record, header: links.Header, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(text for text in (record.oddity, header.oddity) if text) + more


def without_ip(record: Record, header: links.Header) -> Frame:
    """A frame whose link header announces no IP: ARP, or named."""
    source, target = header.source, header.target
    upper: Transport = Other("ARP" if header.kind == links.ARP else header.inner)
    rest = record.data[header.start :]
    if header.kind == links.ARP and (found := arp(rest)) is not None:
        source, target, upper = Endpoint(found.sender), Endpoint(found.target), found
    return Frame(
        record.number, record.time, record.data, record.wire_length, source, target, None, upper,
        rest, max(record.wire_length - header.start, len(rest)), header.name, header.vlans,
        oddities=odd(record, header), interface=record.interface, comment=record.comment,
    )  # fmt: skip


def arp(octets: bytes) -> Arp | None:
    """An ARP packet for IPv4 on Ethernet; None for any other kind, and where the capture cut it."""
    if len(octets) < 28 or octets[:6] != b"\0\1\x08\x00\x06\x04":
        return None
    sender, target = (network.endpoint(octets[at : at + 4]).address for at in (14, 24))
    return Arp(octets[6] << 8 | octets[7], sender, octets[8:14].hex(":"), target, octets[18:24].hex(":"))


def broken_ip(record: Record, header: links.Header) -> Frame:
    """IP was announced, but there is no IP header to read."""
    name = "IPv4" if header.kind == links.IPV4 else "IPv6"
    size = 20 if header.kind == links.IPV4 else 40
    short = len(record.data) - header.start < size
    said = N_("the frame ends inside its {name} header") if short else N_("what should be an {name} header is none")
    what = say(said, {"name": name})
    rest = record.data[header.start :]
    return Frame(
        record.number, record.time, record.data, record.wire_length, header.source, header.target, None,
        Other(name, what), rest, max(record.wire_length - header.start, len(rest)), header.name, header.vlans,
        oddities=odd(record, header, (what,)), interface=record.interface, comment=record.comment,
    )  # fmt: skip


# --- fragments -----------------------------------------------------------------------------------------------------


def fragment_key(packet: network.Packet) -> Key:
    """What the fragments of one datagram share (RFC 791: with the protocol; RFC 8200: without)."""
    ip = packet.ip
    return ip.version, packet.source, packet.target, ip.protocol if ip.version == 4 else 0, ip.identification or 0


def fragment(record: Record, header: links.Header, packet: network.Packet, fragments: Reassembler | None) -> Frame:
    """A fragment: with the transport of the whole where it completes its datagram, else with none."""
    ip, data = packet.ip, record.data
    key = fragment_key(packet)
    head = first_head(packet, data) if ip.fragment_offset == 0 else None
    ports = None if head is None else (head.source_port, head.target_port)
    whole = None
    oddities = packet.oddities
    if fragments is not None:
        length = packet.wire_end - packet.start
        if ip.fragment_offset + length > 65_535:
            oddities += (_("the fragment reaches beyond the largest possible datagram"),)
        whole = fragments.add(
            key, record.number, record.time, ip.fragment_offset, length,
            data[packet.start : packet.end], ip.more_fragments, ports,
        )  # fmt: skip
        ports = ports or fragments.ports(key, record.time)
    if whole is not None:
        return completed(record, header, packet, whole, oddities)
    source, target = ports or (None, None)
    return Frame(
        record.number, record.time, data, record.wire_length,
        network.endpoint(packet.source, source), network.endpoint(packet.target, target), ip,
        link=header.name, vlans=header.vlans, oddities=odd(record, header, oddities),
        interface=record.interface, comment=record.comment,
    )  # fmt: skip


def first_head(packet: network.Packet, data: bytes) -> transport.Upper | None:
    """The transport header at the start of a first fragment, where enough of it is there for the ports."""
    chain = network.extensions(data, packet.start, packet.end, packet.ip.protocol) if packet.ip.version == 6 else None
    protocol, start = (chain.protocol, chain.start) if chain else (packet.ip.protocol, packet.start)
    upper = transport.read_transport(protocol, data, start, packet.end, packet.wire_end)
    return None if upper.source_port is None else upper


def completed(
    record: Record, header: links.Header, packet: network.Packet, whole: Datagram, oddities: tuple[str, ...]
) -> Frame:
    """The frame whose fragment completed a datagram delivers the transport of the whole."""
    protocol, start = packet.ip.protocol, 0
    if packet.ip.version == 6:
        chain = network.extensions(whole.data, 0, len(whole.data), protocol)
        protocol, start, oddities = chain.protocol, chain.start, oddities + chain.oddities
    upper = transport.read_transport(protocol, whole.data, start, len(whole.data), whole.length)
    return Frame(
        record.number, record.time, record.data, record.wire_length,
        network.endpoint(packet.source, upper.source_port), network.endpoint(packet.target, upper.target_port),
        packet.ip, upper.transport, whole.data[upper.start : upper.end], upper.length, header.name, header.vlans, (),
        Whole(whole.frames, whole.length, whole.overlap, whole.conflict),
        unfilled(packet, upper.transport, whole.length - start, whole.data[start:]),
        odd(record, header, oddities + upper.oddities), record.interface, record.comment,
    )  # fmt: skip


# --- checksums -----------------------------------------------------------------------------------------------------
#
# A ones' complement sum of 16-bit words (RFC 1071) is the number read as one big integer, modulo 65535.

PROTOCOL_NUMBERS = {Tcp: 6, Udp: 17}
SUMMED = 2048
"""Octets summed up to tell a checksum that is right by chance from one that is not filled in."""


def pseudo_sum(addresses: bytes, protocol: int, length: int) -> int:
    return (int.from_bytes(addresses, "big") + protocol + (length >> 16) + length) % 65_535


def unfilled(packet: network.Packet, upper: Transport, length: int, octets: bytes) -> bool:
    """The checksum field holds just the pseudo-header's sum, which the network card was to complete.

    One right checksum in 65,535 is that number, too. So what has it is summed up, unless it is longer than a link
    carries: then a card was to cut it, and to fill in the checksums as well. Of what the capture cut, nobody knows.
    """
    protocol = PROTOCOL_NUMBERS.get(type(upper))
    if protocol is None or packet.rerouted:
        return False
    checksum: int = upper.checksum  # type: ignore[union-attr]
    pseudo = pseudo_sum(packet.source + packet.target, protocol, length)
    if checksum == 0 or checksum % 65_535 != pseudo:
        return False
    if length > SUMMED:
        return True
    total = pseudo + int.from_bytes(octets + bytes(length % 2), "big")
    return len(octets) == length and total % 65_535 != 0


def checksum_state(frame: Frame) -> ChecksumState:
    """Whether the transport checksum is right, as far as the captured octets can tell.

    'not checked': the capture cut the packet, the sender left it out (UDP over IPv4), or there is none.
    """
    upper, ip = frame.transport, frame.ip
    if frame.unfilled_checksum:
        return "unfilled"
    if ip is None or upper is None or isinstance(upper, Arp | Other) or len(frame.payload) < frame.length:
        return "not checked"
    if isinstance(upper, Udp) and upper.checksum == 0:
        return "not checked"
    octets = header_octets(frame)
    if octets is None:
        return "not checked"
    total = int.from_bytes(octets + bytes(len(octets) % 2), "big")
    if not (isinstance(upper, Igmp) or (isinstance(upper, Icmp) and upper.version == 4)):
        if "routing" in ip.options:
            return "not checked"
        protocol = PROTOCOL_NUMBERS.get(type(upper), 58)
        total += pseudo_sum(packed(frame.source) + packed(frame.target), protocol, len(octets))
    return "good" if total % 65_535 == 0 else "bad"


def header_octets(frame: Frame) -> bytes | None:
    """The octets the transport checksum covers, header first; None where the header is in another frame."""
    if frame.whole is not None:
        upper = frame.transport
        if not isinstance(upper, Udp) or frame.source.port is None or frame.target.port is None:
            return None
        fields = (frame.source.port, frame.target.port, upper.length, upper.checksum)
        return b"".join(field.to_bytes(2, "big") for field in fields) + frame.payload
    packet = read_packet(frame)
    return None if packet is None else frame.data[packet.start : packet.end]


def packed(end: Endpoint) -> bytes:
    return inet_pton(AF_INET6 if ":" in end.address else AF_INET, end.address)


def read_packet(frame: Frame) -> network.Packet | None:
    """The IP header of a decoded frame, with its offsets."""
    if frame.ip is None:
        return None
    start = linktypes.read_link(linktypes.NUMBERS.get(frame.link, -1), frame.data).start
    reader = network.read_ipv4 if frame.ip.version == 4 else network.read_ipv6
    return reader(frame.data, start, frame.wire_length)


# --- where the headers lie -----------------------------------------------------------------------------------------


def layers(frame: Frame) -> tuple[Layer, ...]:
    """Where each header of a frame lies in `frame.data`, outermost first, no overlaps; for the inspector."""
    data = frame.data
    header = linktypes.read_link(linktypes.NUMBERS.get(frame.link, -1), data)
    found = [Layer(*place) for place in header.layers] or []
    packet = read_packet(frame)
    if packet is None:
        name = "ARP" if isinstance(frame.transport, Arp) else getattr(frame.transport, "name", "data")
        return clipped([*found, Layer(name, header.start, len(data))], len(data))
    found += ip_layers(packet.ip, data, header.start, packet)
    if packet.ip.is_fragment:
        return clipped([*found, Layer("fragment", packet.start, packet.end)], len(data))
    upper = transport.read_transport(packet.ip.protocol, data, packet.start, packet.end, packet.wire_end)
    if upper.start > packet.start:
        found.append(Layer(transport.named(packet.ip.protocol), packet.start, upper.start))
    name = upper.transport.name if isinstance(upper.transport, Other) else "payload"
    found += [Layer(name, upper.start, upper.end), Layer("trailer", max(upper.end, upper.start), len(data))]
    return clipped(found, len(data))


def ip_layers(ip: Ip, data: bytes, start: int, packet: network.Packet) -> list[Layer]:
    if ip.version == 4:
        return [Layer("IPv4", start, packet.start)]
    chain = network.extensions(data, start + 40, packet.end, data[start + 6])
    found = [Layer("IPv6", start, start + 40)]
    ends = (*chain.starts[1:], chain.start)
    for name, begin, end in zip(chain.names, chain.starts, ends, strict=False):
        found.append(Layer(f"IPv6 {name}", begin, end))
    return found


def clipped(found: list[Layer], size: int) -> tuple[Layer, ...]:
    """Within the captured octets, empty ones left out."""
    kept = (Layer(layer.name, min(layer.start, size), min(layer.end, size)) for layer in found)
    return tuple(layer for layer in kept if layer.end > layer.start)
