"""Datagrams too large for the link: IP cuts them up, and one lost piece loses the whole.

The link takes packets of 1,500 bytes. An IPv4 header is 20 of them and a UDP header 8, so 1,472 bytes of data fit,
and one byte more makes a second packet. The pieces carry the same identification, the offset of their data in units
of 8 bytes, and all but the last the flag "more fragments". Only the first has the UDP header, and so the ports. The
receiver's IP puts them together; recvfrom() never learns of it. 65,507 bytes are the most an IPv4 datagram can hold,
65,535 less the two headers: that takes 45 fragments. One byte more, and sendto() fails before anything is sent.

Over IPv6 (-6) the header has 40 bytes, so 1,452 fit one packet, and each piece carries 8 bytes more, the fragment
header. The length field does not count the IP header there: 65,527 bytes are the most. And only the sender may cut.

To try next: send 2,952 bytes and see two full fragments, then 2,953; receive with a buffer of 1,024; do the same over
TCP and see that nothing is ever cut by IP.
"""

from errno import EMSGSIZE
from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "what fills one packet is not cut, one byte more is cut and put together again, and too much is refused"
SHOWS = ("ip.fits", "ip.fragmented", "ip.fragment", "ip.reassembled", "udp.delivered", "udp.too-big")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.5


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    for _ in range(4):
        sock.recvfrom(65535)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    ipv6 = ":" in address[0]
    fits = 1500 - (40 if ipv6 else 20) - 8  # 1,472; over IPv6 1,452
    most = 65535 - (0 if ipv6 else 20) - 8  # 65,507; over IPv6 65,527
    for size in (fits, fits + 1, 4000, most):
        pause()  # until the last datagram has been received, and the server waits for the next
        sock.sendto(bytes(size), address)
    pause()  # until all is received
    try:
        sock.sendto(bytes(most + 1), address)
    except OSError as error:
        if error.errno != EMSGSIZE:  # "Message too long" is what we came for
            raise
    sock.close()
