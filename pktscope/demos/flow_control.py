"""A reader that sleeps: the window closes, the sender waits and asks, and nothing is lost.

The server has a small receive buffer and reads nothing for a while. Each ACK says how many more bytes it has room for:
the window. The client's kernel fills it and must stop at 0. What it has not sent fills its own send buffer, and as that
is full, too, the client's sendall() does not return. A full buffer loses nothing: send() waits, or takes what fits and
returns how much that was; sendall() goes on until the kernel has all of it. Now everything waits for the server to
read. The news that there is room again is an ACK, which nobody would send a second time if it were lost; so the
client's kernel asks from time to time, with a probe that the server must answer, each time waiting twice as long. Then
the server reads, says so with a window update, and the rest follows.

Nobody dropped anything, and nobody was told to slow down by the network. This is flow control: the receiver's room.
How much the network can bear is another question (see the demo slow-start).

To try next: a larger SO_RCVBUF; a server that never reads; many small send() instead of one.
"""

import time
from socket import AF_INET, SO_RCVBUF, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, socket

PROMISE = "the window closes, three probes are answered at doubling intervals, an update opens it, and nothing is lost"
SHOWS = (
    "tcp.window-full", "tcp.zero-window", "tcp.window-probe", "tcp.window-probe-answer", "tcp.window-update",
    "tcp.blocked", "tcp.bytes-delivered",
)  # fmt: skip
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": False}
SECONDS = 3.0

SIZE = 20_000


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 8192)  # on the listener: the window is agreed on in the handshake
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    time.sleep(2.4)  # the window closes, and three probes come: after some 0.2, 0.4 and 0.8 s
    while connection.recv(SIZE):  # b"": the client has closed
        pass
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.setsockopt(SOL_SOCKET, SO_SNDBUF, 2048)  # small, so that it is soon full, too
    sock.connect(address)
    sock.sendall(b"x" * SIZE)
    pause()  # until all of it has been read
    sock.close()
