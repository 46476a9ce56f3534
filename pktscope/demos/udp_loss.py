"""What can happen to a datagram, and that nobody repairs it.

The client sends datagrams with numbers in them; the server reads until it has heard nothing for a while. On the way
one is dropped, or comes twice, or is overtaken by the next. And without any network at all: the server is busy, its
receive buffer fills up, and what comes then is thrown away by its own kernel. In every case sendto() succeeds every
time and no error is seen anywhere. UDP has no numbers, so nobody but the programs can notice; it is the text in the
datagrams that tells.

To try next: double SO_RCVBUF and see how many more fit; let the server answer every number, and the client send again
what was not answered; the same over TCP.
"""

from socket import AF_INET, SO_RCVBUF, SOCK_DGRAM, SOL_SOCKET, socket

VARIANTS = {
    "dropped": "A datagram is lost on the way",
    "duplicated": "A datagram arrives twice",
    "reordered": "A datagram is overtaken by the next",
    "overflow": "The receiver is slow, and its buffer full",
}
PROMISE = {
    "dropped": "one of five datagrams is dropped, and nobody but the reader of the numbers notices",
    "duplicated": "one of five datagrams is doubled, and the program receives it twice",
    "reordered": "two of five datagrams change places, and the program receives them so",
    "overflow": "twelve datagrams arrive at a full receive buffer, and the last ones are thrown away in silence",
}
SHOWS = {
    "dropped": ("udp.datagram", "udp.delivered", "udp.gap"),
    "duplicated": ("udp.datagram", "udp.delivered", "udp.twice"),
    "reordered": ("udp.datagram", "udp.delivered", "udp.gap", "udp.out-of-order"),
    "overflow": ("udp.datagram", "udp.delivered", "udp.thrown-away"),
}
NEEDS = {
    "dropped": {"topology": "wire", "impair": ("drop datagram 3 from client",)},
    "duplicated": {"topology": "wire", "impair": ("double datagram 3 from client",)},
    "reordered": {"topology": "wire", "impair": ("swap datagram 3 from client",)},
    "overflow": {"topology": "lo"},
}
SECONDS = 1.0


def server(address, pause, variant):
    sock = socket(AF_INET, SOCK_DGRAM)
    if variant == "overflow":
        sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)  # room for few datagrams: headers and bookkeeping count too
    sock.bind(address)
    if variant == "overflow":
        pause("The server is busy")  # until the client has sent everything
    sock.recvfrom(1024)  # the first, however long it takes
    sock.settimeout(0.5)
    try:
        while True:
            sock.recvfrom(1024)
    except TimeoutError:
        sock.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_DGRAM)
    for number in range(1, 13 if variant == "overflow" else 6):
        sock.sendto(f"datagram {number}".encode(), address)
    sock.close()
