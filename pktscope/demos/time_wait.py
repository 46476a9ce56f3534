"""Address already in use: why a server that is started again may not get its port.

Whoever closes first stays in TIME_WAIT for a minute, in case its last ACK was lost. If that is the client, it is one of
its many ports, and nobody notices: the server starts again and gets its port 8000 as before. If it is the server, what
stays in TIME_WAIT is a connection at port 8000, although no program has it any more. bind() then fails with EADDRINUSE.
SO_REUSEADDR, set before bind(), says: an old connection in TIME_WAIT shall not keep me from it. It does not allow two
programs to listen on one port. On Linux the old socket must have had it, too: so set it in every server, always.

To try next: let a program still listen on the port, with SO_REUSEADDR in both; wait a minute instead.
"""

from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

PROMISE = (
    "after the server has closed first, its port is in use, unless it sets SO_REUSEADDR; after the client, it is free"
)
SHOWS = (
    "tcp.time-wait", "socket.bound", "socket.free-again", "call.address-in-use", "socket.reuse-address",
)  # fmt: skip
NEEDS = {"topology": "lo"}
SECONDS = 1.5


def server(address, pause):
    serve(address, pause, closes_first=False)
    pause("Started again, after the client has closed first")
    serve(address, pause, closes_first=True, reuse="after bind()")
    pause("Started again, after the server has closed first")
    try:
        serve(address, pause)
    except OSError:  # EADDRINUSE: no program has the port, but the kernel still has a connection there
        pause("Started again, with SO_REUSEADDR")
    serve(address, pause, reuse="before bind()")


def serve(address, pause, closes_first=False, reuse=""):
    """A server's whole life: it serves one client and ends."""
    with socket(AF_INET, SOCK_STREAM) as listener:
        if reuse == "before bind()":  # as every server should
            listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.bind(address)
        if reuse == "after bind()":  # this bind() had to do without; the connections it accepts shall have it
            listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.listen(5)
        connection, _ = listener.accept()
    connection.recv(1024)
    if not closes_first:
        connection.recv(1024)  # b"": the client has closed
    connection.close()
    if closes_first:
        pause()  # until the client has closed, too


def client(address, pause):
    pause()  # until a server waits in accept()
    visit(address, pause, closes_first=True)
    pause()
    visit(address, pause, closes_first=False)
    pause()  # the server has failed to start
    pause()
    visit(address, pause, closes_first=True)


def visit(address, pause, closes_first):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    sock.send(b"hello")
    pause()  # until the server waits in recv(), or has closed
    if not closes_first:
        sock.recv(1024)  # b"": the server has closed
    sock.close()
