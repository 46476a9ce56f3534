"""DNS and DHCP read from datagrams: whatever the octets, a message or None, and never an exception."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pktscope import dhcp, dns

QUESTION = b"\x03www\x07example\x03org\x00\x00\x01\x00\x01"
HEAD = bytes.fromhex("1234 8580 0001 0001 0000 0000")
ANSWER = HEAD + QUESTION + b"\xc0\x0c" + bytes.fromhex("0001 0001 0000012c 0004 c0000250")
DISCOVER = b"\1\1\6\0\x12\x34\x56\x78" + bytes(20) + b"\2\0\0\0\0\1" + bytes(202) + dhcp.COOKIE + b"\x35\1\1\xff"


def test_dns_answer() -> None:
    """A compressed name, an address, its time to live."""
    message = dns.parse(ANSWER)
    assert message is not None

    assert message.questions == (("www.example.org", "A"),)
    assert message.answers == (dns.Record("www.example.org", "A", 300, "192.0.2.80"),)
    assert (message.identifier, message.response, message.code, message.count) == (0x1234, True, "NOERROR", 1)


def test_dns_pointers_in_a_circle() -> None:
    """A name that points at itself ends the reading."""
    assert dns.parse(HEAD + b"\xc0\x0c\x00\x01\x00\x01") is None
    assert dns.parse(HEAD + b"\xc0\x0e\xc0\x0c\x00\x01\x00\x01") is None


def test_dns_cut() -> None:
    """What is there of a cut message: its question, then its answers, never half of one."""
    seen = [dns.parse(ANSWER[:size]) for size in range(len(ANSWER))]

    assert all(message is None for message in seen[: len(HEAD + QUESTION)])
    assert all(message is not None and message.answers == () for message in seen[len(HEAD + QUESTION) :])


def test_dhcp_discover() -> None:
    """Type, transaction and hardware address."""
    message = dhcp.parse(DISCOVER)

    assert message == dhcp.Dhcp("DISCOVER", 0x12345678, "02:00:00:00:00:01", "0.0.0.0")


@given(st.binary(max_size=80), st.integers(0, 60))
def test_no_octets_raise(octets: bytes, at: int) -> None:
    """Octets of any kind, also in the middle of a message that begins well."""
    for whole in (octets, ANSWER[:at] + octets, ANSWER + octets, DISCOVER[: 240 + at % 4] + octets):
        for parse in (dns.parse, dhcp.parse):
            message = parse(whole)

            assert message is None or isinstance(message, dns.Dns | dhcp.Dhcp)
