"""Datagrams there and back: no connection, and every message whole.

The server binds a port and waits in recvfrom(), which also says who sent. There is nothing to accept: no handshake
comes before the first word, and no goodbye after the last. Each sendto() is one datagram, each datagram one
recvfrom(): two messages never stick together, and one never comes in two pieces, however long the buffer is. The
client bound no port; its kernel chose one at the first sendto(), and that is where the answers go.

To try next: receive with recvfrom(3) and see where the rest of the datagram goes; send before the server is there; send
an empty message, which in TCP cannot exist.
"""

from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "no handshake, and one sendto() is one recvfrom()"
SHOWS = ("udp.datagram", "udp.delivered")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.3

MESSAGES = (b"hello", b"a second message", b"bye")


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    message = b""
    while message != b"bye":
        message, sender = sock.recvfrom(1024)
        sock.sendto(message.upper(), sender)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    for message in MESSAGES:
        pause()  # until the server waits in recvfrom()
        sock.sendto(message, address)
        sock.recvfrom(1024)
    sock.close()
