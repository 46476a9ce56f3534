"""A connection ends: four segments, because each direction is closed by itself.

The client has nothing more to say and closes: its kernel sends FIN, and the FIN takes a sequence number as one byte
of data would. The server's recv() returns b"": that is how a program learns of the FIN. Its kernel acknowledges it,
and for a moment the connection is half closed: the client in FIN_WAIT_2, the server in CLOSE_WAIT, free to go on
sending. Then the server closes too, and the same happens the other way round. Who closed first stays in TIME_WAIT for
a minute: if its last ACK was lost, the other side sends its FIN again, and somebody must be there to answer.

To try next: take the TCP_QUICKACK line out and close at once, and ACK and FIN travel together, in three segments; let
the server send something before it closes; forget close() and see who does it instead.
"""

from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, TCP_QUICKACK, socket

PROMISE = "four segments close the connection, each direction by itself, and the client waits in TIME_WAIT"
SHOWS = ("tcp.fin", "tcp.end-of-stream", "tcp.fin-acked", "tcp.fin-second", "tcp.closed", "tcp.time-wait")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.send(b"goodbye")
    connection.recv(1024)  # b"": the client's FIN is here
    connection.setsockopt(IPPROTO_TCP, TCP_QUICKACK, 1)  # acknowledge it now, not with whatever is sent next
    pause()  # the connection stands half closed
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"bye")
    sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
