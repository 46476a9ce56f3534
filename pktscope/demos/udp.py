"""One datagram, and then one that nobody is there to take.

The server binds a port and takes one datagram. The client sends it: no connect(), no handshake, no state that the
kernels keep of each other, and sendto() waits for nobody. Then the server closes its socket. The client sends another
one to the same place, and sendto() returns just the same: it reports how many bytes the kernel took, not that anybody
has them. The other host's kernel does answer, with ICMP "port unreachable", but the client's program is not told,
because its socket is not connected to anybody. Then it is, and the third time the news arrives, one call late.

To try next: send to a host that does not exist; connect() first and send twice; let the server bind again in between.
"""

from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "one packet for one datagram, and sendto() succeeds with nobody there"
SHOWS = (
    "udp.datagram", "udp.delivered", "socket.port-chosen", "icmp.port-unreachable", "udp.nobody-told",
    "udp.connected", "call.refused-udp",
)  # fmt: skip
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.5


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    sock.recvfrom(1024)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    pause("Somebody is there")  # until the server waits in recvfrom()
    sock.sendto(b"hello", address)

    pause("Nobody is there")  # until the server has closed its socket
    sock.sendto(b"hello?", address)  # 6, as if all were well

    pause("The same, connected")
    sock.connect(address)  # sends nothing: the kernel notes whom this socket talks to
    sock.send(b"hello??")  # 7: the answer is not here yet
    pause()  # until it is
    try:
        sock.send(b"hello???")
    except ConnectionRefusedError:  # that is what we came for; it is about the datagram before
        sock.close()
