"""DHCP: how a host that has no address gets one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pktscope import dhcp
from pktscope.model import Frame, Severity, Step
from pktscope.rules.base import Finding, Rule, find, rule
from pktscope.words import phrase

if TYPE_CHECKING:
    from pktscope.flow import Flow


def example(kind: int, yours: str = r"\x00\x00\x00\x00", more: str = "", op: int = 1) -> str:
    """A DHCP message in notation: its type, the address given, and further options."""
    head = rf"\x{op:02x}\x01\x06\x00\x12\x34\x56\x78" + r"\x00" * 8 + yours + r"\x00" * 8
    body = r"\x02\x00\x00\x00\x00\x01" + r"\x00" * 202
    return f'"{head}{body}' + r"\x63\x82\x53\x63\x35\x01" + rf"\x{kind:02x}{more}" + r'\xff"'


GIVEN = r"\x0a\x00\x00\x64"
WANTED = r"\x32\x04\x0a\x00\x00\x64\x36\x04\x0a\x00\x00\x02"
TERMS = r"\x36\x04\x0a\x00\x00\x02\x33\x04\x00\x00\x0e\x10\x01\x04\xff\xff\xff\x00\x03\x04\x0a\x00\x00\x01"

FOUR = f"""
udp 0.0.0.0:68 > 10.0.0.2:67
   C > S  UDP 244 {example(1)}                                 # dhcp.discover
   S > C  UDP 268 {example(2, GIVEN, TERMS, 2)}  # dhcp.offer
   C > S  UDP 256 {example(3, more=WANTED)}                    # dhcp.request
   S > C  UDP 268 {example(5, GIVEN, TERMS, 2)}  # dhcp.acknowledge
   C > S  UDP 256 {example(3, more=WANTED)}                    # dhcp.request
   S > C  UDP 244 {example(6, op=2)}             # dhcp.refused
   C > S  UDP 10
"""


def message_of(step: Step, kind: str) -> tuple[Frame, dhcp.Dhcp] | None:
    """The DHCP message of a kind that a step carries; None for anything else."""
    frame = step.observation
    if not isinstance(frame, Frame) or not {frame.source.port, frame.target.port} <= dhcp.PORTS:
        return None
    message = dhcp.parse(frame.payload)
    return (frame, message) if message is not None and message.type == kind else None


@rule("dhcp.discover", "RFC 2131 section 3.1", on="datagram", example=FOUR)
def discover(step: Step, flow: Flow) -> Iterator[Finding]:
    """DHCP, first: is there a server?

    A host that has just come up has no address, knows nobody, and can be answered only by hardware address or by
    broadcast. So it sends from 0.0.0.0 to everybody, from port 68 to port 67.
    """
    found = message_of(step, "DISCOVER")
    if found is not None:
        yield find(
            "DHCP discover: {mac} asks everybody on the link who can give it an address{nobody}. Transaction"
            " {transaction} tells its talk from others'.",
            evidence=(step.call,),
            mac=found[1].mac,
            nobody=phrase("; having none, it sends from 0.0.0.0") if found[0].source.address == "0.0.0.0" else "",
            transaction=f"0x{found[1].transaction:08x}",
        )


@rule("dhcp.offer", "RFC 2131 section 3.1", on="datagram", example=FOUR)
def offer(step: Step, flow: Flow) -> Iterator[Finding]:
    """DHCP, second: a server offers an address.

    Several servers may offer. Nothing is agreed yet; with the address come the mask, the router, the name server, and
    for how long all this holds.
    """
    found = message_of(step, "OFFER")
    if found is not None:
        message = found[1]
        yield find(
            "DHCP offer: {server} offers {address}{mask}{router}{resolver}{lease}. Nothing is agreed yet.",
            evidence=(step.call,),
            server=message.server or found[0].source.address,
            address=message.yours,
            mask=phrase(", mask {mask}", mask=message.mask) if message.mask else "",
            router=phrase(", router {router}", router=message.router) if message.router else "",
            resolver=phrase(", name server {resolver}", resolver=message.resolver) if message.resolver else "",
            lease=phrase(", for {lease:,} seconds", lease=message.lease) if message.lease else "",
        )


@rule("dhcp.request", "RFC 2131 section 3.1", on="datagram", example=FOUR)
def request(step: Step, flow: Flow) -> Iterator[Finding]:
    """DHCP, third: the host takes one of the offers.

    Again to everybody, so that the servers whose offers were not taken hear of it. Later, to keep its address longer,
    the host starts with this message, and sends it to its server alone.
    """
    found = message_of(step, "REQUEST")
    if found is not None:
        message = found[1]
        yield find(
            "DHCP request: {mac} asks for {address}{server}.",
            evidence=(step.call,),
            mac=message.mac,
            address=message.requested or phrase("the address it has"),
            server=phrase(
                ", and tells everybody that it takes the offer of {server}, so that others withdraw theirs",
                server=message.server,
            ) if message.server else "",
        )  # fmt: skip


@rule("dhcp.acknowledge", "RFC 2131 section 3.1", on="datagram", example=FOUR)
def acknowledge(step: Step, flow: Flow) -> Iterator[Finding]:
    """DHCP, fourth: the address is the host's, for a time.

    Half-way through the lease the host asks again. A careful host first asks by ARP whether somebody has the address.
    """
    found = message_of(step, "ACK")
    if found is not None:
        message = found[1]
        yield find(
            "DHCP acknowledge: {address} belongs to {mac} now{lease}.",
            evidence=(step.call,),
            address=message.yours,
            mac=message.mac,
            lease=phrase(", for {lease:,} seconds; after half of them it should ask again", lease=message.lease)
            if message.lease else "",
        )  # fmt: skip


@rule("dhcp.refused", "RFC 2131 section 3.1", on="datagram", example=FOUR, severity=Severity.WARNING)
def refused(step: Step, flow: Flow) -> Iterator[Finding]:
    """DHCP: the server says no.

    The address asked for is taken, or belongs to another network; the host must begin again with a discover.
    """
    found = message_of(step, "NAK")
    if found is not None:
        yield find("DHCP: the server refuses; {mac} must begin again.", evidence=(step.call,), mac=found[1].mac)


RULES: tuple[Rule, ...] = (discover, offer, request, acknowledge, refused)
