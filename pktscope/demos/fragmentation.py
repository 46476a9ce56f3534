"""Datagrams too large for the link: IP cuts them up, and one lost piece loses the whole.

The link takes packets of 1,500 bytes. An IPv4 header is 20 of them and a UDP header 8, so 1,472 bytes of data fit,
and one byte more makes a second packet. The pieces carry the same identification, the offset of their data in units
of 8 bytes, and all but the last the flag "more fragments". Only the first has the UDP header, and so the ports. The
receiver's IP puts them together; recvfrom() never learns of it. 65,507 bytes are the most an IPv4 datagram can hold,
65,535 less the two headers: that takes 45 fragments. One byte more, and sendto() fails before anything is sent.

To try next: send 2,952 bytes and see two full fragments, then 2,953; receive with a buffer of 1,024; do the same over
TCP and see that nothing is ever cut by IP.
"""

from errno import EMSGSIZE
from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "1,472 bytes fit one packet, 1,473 and more are cut and put together again, and 65,508 are refused"
SHOWS = ("ip.fits", "ip.fragmented", "ip.reassembled", "udp.delivered", "udp.too-big")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.5

SIZES = (1472, 1473, 4000, 65507)


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    for _ in SIZES:
        sock.recvfrom(65535)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    for size in SIZES:
        pause()  # until the last datagram has been received, and the server waits for the next
        sock.sendto(bytes(size), address)
    pause()  # until all is received
    try:
        sock.sendto(bytes(65508), address)
    except OSError as error:
        if error.errno != EMSGSIZE:  # "Message too long" is what we came for
            raise
    sock.close()
