"""Four ways to a RST: the connection ends at once, and somebody's next call fails.

SO_LINGER with a time of 0: the client asks its kernel for a RST instead of a FIN. close() with bytes that were never
read: a FIN would say "all is well", so the kernel sends RST. send() after the other end has closed: the first one
succeeds, since a FIN does not say that nobody reads; the RST comes back, and the next send() fails with EPIPE. And a
listener closed with a finished connection in its queue: nobody ever accepted it, so nobody could close it properly.

A RST is no answer to wait for and is not acknowledged; nothing comes after it, no TIME_WAIT either. Whoever was waiting
in recv() gets ECONNRESET.

To try next: read the bytes before the second close(); wait between the two send() in the third scene for recv() to
return b"", and heed it.
"""

from socket import AF_INET, SO_LINGER, SOCK_STREAM, SOL_SOCKET, socket
from struct import pack

PROMISE = "four RSTs, each for a reason of its own, and the calls that fail for it with ECONNRESET and EPIPE"
SHOWS = (
    "tcp.reset", "tcp.reset-linger", "tcp.reset-unread", "tcp.reset-data-after-close", "tcp.reset-queued",
    "tcp.call-failed",
)  # fmt: skip
NEEDS = {"topology": "lo"}
SECONDS = 2.0


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)

    connection, _ = listener.accept()
    try:
        connection.recv(1024)
    except ConnectionResetError:  # the client's RST
        connection.close()

    connection, _ = listener.accept()
    connection.recv(8)
    connection.close()  # without reading the rest

    connection, _ = listener.accept()
    connection.close()

    connection, _ = listener.accept()
    connection.recv(1024)  # meanwhile another client is in the queue
    listener.close()  # without accept() for that one
    connection.close()


def client(address, pause):
    pause("SO_LINGER with a time of 0")
    sock = connected(address)
    pause()  # until the server waits in recv()
    sock.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    sock.close()

    pause("close() with unread bytes")
    sock = connected(address)
    sock.send(b"you will not read this to its end")
    try:
        sock.recv(1024)
    except ConnectionResetError:
        sock.close()

    pause("send() to an end that has closed")
    sock = connected(address)
    pause()  # until the server's FIN is here
    sock.send(b"are you still there?")  # succeeds
    pause()  # until the answer, a RST, is here
    try:
        sock.send(b"hello?")
    except BrokenPipeError:
        sock.close()

    pause("A listener closes with a connection in its queue")
    last, sock = connected(address), connected(address)
    last.send(b"I shall be the last one")
    try:
        sock.recv(1024)
    except ConnectionResetError:
        sock.close()
    pause()  # until the server's FIN has been acknowledged
    last.close()


def connected(address):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    return sock
