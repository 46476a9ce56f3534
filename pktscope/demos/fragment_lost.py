"""One piece of a datagram is missing, and all of it is lost.

The client cuts its datagrams itself: scapy writes the IP headers, and a raw socket sends them as they are. The first
datagram goes in three pieces, is put together by the receiving kernel, and recvfrom() returns it. Of the second one
the middle piece is never sent. The kernel keeps the two others and waits; nobody asks for the missing one, for IP has
no acknowledgements. When the time is up, here one second instead of the usual thirty, it throws both away and tells
the sender by ICMP: "fragment reassembly time exceeded" (type 11, code 1). recvfrom() has seen nothing of it all.

To try next: withhold the first piece, and no ICMP comes (it would have to quote ports nobody saw); send the pieces in
another order; send the middle one a second late.
"""

from socket import AF_INET, IPPROTO_RAW, SOCK_DGRAM, SOCK_RAW, socket
from time import sleep

from scapy.layers.inet import IP, UDP, fragment

PROMISE = "a datagram in three pieces arrives whole; with the middle one missing it never does, and ICMP says so"
SHOWS = (
    "raw.own-header", "ip.cut-by-hand", "ip.fragment", "ip.reassembled", "udp.delivered", "icmp.time-exceeded",
    "call.timeout",
)  # fmt: skip
NEEDS = {"topology": "lo", "raw": True, "sysctls": {"net.ipv4.ipfrag_time": "1"}, "wired": False, "six": False}
SECONDS = 3.0


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    sock.recvfrom(65535)
    sock.settimeout(1.5)
    try:
        sock.recvfrom(65535)
    except TimeoutError:
        sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_RAW, IPPROTO_RAW)  # the IP header is ours to write
    host, port = address
    for number, letter in (1, b"a"), (2, b"b"):
        pause(f"Datagram {number}")  # until the server waits in recvfrom()
        packet = IP(src=host, dst=host, id=number) / UDP(sport=5555, dport=port) / (letter * 4000)
        pieces = fragment(packet, 1480)
        if number == 2:
            del pieces[1]  # lost on the way
        for piece in pieces:
            sock.sendto(bytes(piece), (host, 0))
    sleep(1.2)  # the receiving kernel gives up after a second
    sock.close()
