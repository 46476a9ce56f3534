"""Two segments change places: out of order is not lost.

The client sends ten segments in a row, and the third is overtaken by the fourth. The server's kernel keeps the fourth
aside and repeats the ACK for what it is still waiting for: a duplicate ACK. A moment later the third arrives, and the
next ACK covers both. The sender has seen one duplicate ACK. It does nothing, since only the third one counts as a loss:
so that packets which merely changed places are not sent again. The server's program sees all bytes in order, as ever.

To try next: delay the third by 10 ms instead, so that more overtake it, and see it sent again for nothing.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "one segment overtakes another, one duplicate ACK says so, and nothing is sent again"
SHOWS = ("lab.swapped", "tcp.duplicate-ack", "tcp.sack", "tcp.bytes-delivered")
NEEDS = {
    "topology": "wire", "impair": ("swap data 3 from client",),
    "delay": 0.100,  # a kernel waits a quarter of a round trip for what may only have been overtaken
}  # fmt: skip
SECONDS = 1.5

SEGMENT = 1448
"""What fits into one, after the timestamps."""


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until all of it is here
    while connection.recv(1 << 16):  # b"": the client has closed
        pause()
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has returned
    sock.send(b"x" * 10 * SEGMENT)
    pause()  # until all of it has been acknowledged and read
    sock.close()
