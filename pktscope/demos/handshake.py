"""A connection begins: three segments, before anybody says a word.

The server makes a socket, binds it to a port and listens. The client makes a socket and connects. The kernels then
agree on where each side starts to count, how large a segment may be and what else both can do, in three segments:
SYN, SYN ACK, ACK. connect() returns after one round trip. accept() takes no part in it: it hands over a connection
that is already made, as a new socket, while the listening one goes on listening. A socket is one end; a connection is
two addresses and two ports, so any number of clients can be connected to port 8000, each from a port of its own. Each
side then says a word, and both close.

To try next: connect twice; take accept() out and see the handshake happen all the same; listen on another port and let
the client find nobody there.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "three segments open the connection before anybody says a word; then a word each way and an orderly close"
SHOWS = (
    "tcp.listen", "tcp.syn", "tcp.syn-options", "tcp.syn-ack", "tcp.handshake-done", "tcp.connect-returned",
    "tcp.accept-returned", "tcp.data", "tcp.ack", "tcp.bytes-delivered", "tcp.fin", "tcp.end-of-stream",
)  # fmt: skip
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.send(b"hello, client")
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has come back and the server waits in recv()
    sock.send(b"hello, server")
    sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
