"""The third of ten is lost: its receiver asks for it, and nobody waits for a timer.

The client sends ten segments in a row, and the wire loses the third. The server cannot acknowledge the fourth, because
an ACK means that everything before it is here; so it repeats the number it is waiting for, with each segment that
arrives out of order. After the third of these duplicate ACKs the client takes the piece for lost and sends it again at
once, a round trip after the loss instead of 200 ms. Then one ACK covers everything.

With SACK the duplicate ACKs also say which later bytes have arrived. With one hole both ways work alike; with several,
only SACK lets the sender fill them all in one round trip.

To try next: lose the third and the fifth; lose the last one, after which there is nothing that could make duplicate
ACKs.
"""

from socket import AF_INET, SOCK_STREAM, socket

VARIANTS = {"sack": "with SACK", "no-sack": "without SACK"}
PROMISE = {
    "sack": "duplicate ACKs with SACK blocks ask for the lost segment, and it is sent again at once",
    "no-sack": "duplicate ACKs alone ask for the lost segment, and it is sent again at once",
}
SHOWS = {
    "sack": ("lab.dropped", "tcp.duplicate-ack", "tcp.sack", "tcp.fast-retransmission", "tcp.bytes-delivered"),
    "no-sack": ("lab.dropped", "tcp.duplicate-ack", "tcp.fast-retransmission", "tcp.bytes-delivered"),
}
NEEDS = {
    "sack": {"topology": "wire", "delay": 0.050, "impair": ("drop data 3 from client",)},
    "no-sack": {
        "topology": "wire", "delay": 0.050, "impair": ("drop data 3 from client",),
        "sysctls": {"net.ipv4.tcp_sack": "0"},
    },
}  # fmt: skip
SECONDS = 1.2

SEGMENT = 1448
"""What fits into one, after the timestamps."""


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until all of it is here
    while connection.recv(1 << 16):  # b"": the client has closed
        pause()
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has returned
    sock.send(b"x" * 10 * SEGMENT)  # ten segments: as many as may be under way at first
    pause()  # until all of it has been acknowledged and read
    sock.close()
