"""Header, body, wait for the answer: 40 ms for every request, and three cures.

The client writes a request in two pieces and then waits for the answer. The header leaves at once. The body is small
and must wait, says Nagle's algorithm, until the header has been acknowledged. The server's kernel holds that ACK back
for 40 ms, hoping that the answer can carry it, and the answer cannot come, since half of the request is missing. So
everybody waits for everybody, until the delayed ACK gives up; and so it goes with each request, however fast the
network is. Only the first one is quick, in one piece here: a new connection acknowledges its first segments at once.

Three cures: write header and body in one call, which is best, since it also saves a segment; set TCP_NODELAY, so that
the body does not wait; or let the server ask for quick ACKs, before each request anew, since the kernel forgets it.

To try next: make BODY 1,448 bytes long, since a full segment need not wait; send HEADER + BODY in one send(); answer
each piece at the server, and read between the two writes.
"""

from socket import AF_INET, IPPROTO_TCP, MSG_WAITALL, SOCK_STREAM, TCP_NODELAY, TCP_QUICKACK, socket

VARIANTS = {
    "stall": "two writes", "one": "one write", "nodelay": "TCP_NODELAY", "quickack": "quick ACKs",
}  # fmt: skip
PROMISE = {
    "stall": "each request of two writes waits some 40 ms, Nagle's algorithm for an ACK that is delayed",
    "one": "written in one call, header and body leave in one segment and nobody waits",
    "nodelay": "with TCP_NODELAY the body leaves right behind the header and nobody waits",
    "quickack": "with a server that acknowledges at once, the body need not wait",
}
SHOWS = {
    "stall": ("tcp.nagle-hold", "tcp.delayed-ack", "tcp.nagle-released", "tcp.bytes-delivered"),
    "one": ("tcp.data", "tcp.bytes-delivered", "tcp.piggyback"),
    "nodelay": ("tcp.nodelay", "tcp.bytes-delivered"),
    "quickack": ("tcp.ack", "tcp.bytes-delivered"),
}
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 0.8

HEADER, BODY, ANSWER = b"request: 13 bytes;  ", b"hello, server", b"fine"
REQUESTS = 3


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    for _ in range(1 + REQUESTS):
        if variant == "quickack":
            connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)
        connection.recv(len(HEADER + BODY), MSG_WAITALL)  # until all of it is here
        connection.send(ANSWER)
        if variant == "stall":
            connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 0)  # ACKs may wait again, however late the answer was
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    if variant == "nodelay":
        sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    pause()  # until the server waits in recv()
    sock.send(HEADER + BODY)
    sock.recv(1024)

    for _ in range(REQUESTS):
        pause()  # until nothing is under way
        if variant == "one":
            sock.sendmsg([HEADER, BODY])
        else:
            sock.send(HEADER)
            sock.send(BODY)
        sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
