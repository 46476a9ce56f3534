"""The upper-casing echo server: every line comes back in capitals, until the client leaves.

The client sends what is typed, the server answers with the same in capitals, and so on until an empty line is typed.
As the two take turns with short lines, each send() becomes a segment here and each segment a recv(); the stream does
not promise that (see the demo sticky). An answer that comes soon carries the acknowledgement of the question along
(piggyback), and no pure ACK is needed for it. recv(1024) asks for 1,024 bytes at most, not kilobytes. The client then
closes, and the server's recv() returns b"": no message and nothing abnormal, but the news that the client has sent its
last. That is what ends the server's loop.

A client that is killed instead, with an answer still unread, does not say goodbye: its kernel sends RST, and the
server's recv() raises ConnectionResetError. A server that does not expect that ends with it. (A client whose host
loses its power sends nothing at all, and the server waits for ever: see the demo keepalive.)

To try next: type more than recv(1024) takes; leave the `except` out; let the server answer before it has read all.
"""

import os
from socket import AF_INET, SOCK_STREAM, socket

VARIANTS = {"leaves": "the client says goodbye", "vanishes": "the client is killed"}
PROMISE = {
    "leaves": "here each send() is a segment and a recv(), answers carry ACKs, and b'' ends the server's loop",
    "vanishes": "a client that is killed with an answer unread is a RST, and the server's recv() fails with ECONNRESET",
}
SHOWS = {
    "leaves": ("tcp.data", "tcp.bytes-delivered", "tcp.piggyback", "tcp.fin", "tcp.end-of-stream", "tcp.closed"),
    "vanishes": ("tcp.data", "tcp.bytes-delivered", "tcp.reset", "tcp.call-failed"),
}
NEEDS = {"shared": True, "says": ("client: hello", "client: is anybody there?", "client: ")}
SECONDS = 1.5


def server(address, pause, variant):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    try:
        while message := connection.recv(1024):  # b"": the client has closed
            connection.sendall(message.upper())
    except ConnectionResetError:
        print("the client has vanished")
    pause()  # until whatever the client sent last has been answered
    connection.close()
    listener.close()


def client(address, pause, variant):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    try:
        while line := input("say: "):
            sock.sendall(line.encode())
            print(sock.recv(1024).decode())
    except EOFError:
        pass  # nobody types any more
    if variant == "vanishes":
        sock.sendall(b"goodbye")
        pause()  # until the answer is here
        os._exit(1)  # killed: no close(), nothing read
    sock.close()
