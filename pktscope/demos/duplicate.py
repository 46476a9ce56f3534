"""One segment arrives twice: the second copy is thrown away, and the sender is told.

The client sends once, and the wire delivers it twice, as a confused switch may do. The server's kernel knows the bytes
by their numbers: they are below what it expects next, so they go no further, and recv() returns them once. But it
answers, and with SACK it says what it got: "these bytes came twice" (D-SACK). Had the client sent them again for
nothing, it would learn from this that it had been too quick.

To try next: double the SYN; the same with UDP, where nobody throws the copy away (the demo udp-loss).
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "one segment arrives twice, a D-SACK says so, and the program reads it once"
SHOWS = ("lab.doubled", "tcp.d-sack", "tcp.bytes-delivered")
NEEDS = {"topology": "wire", "delay": 0.005, "impair": ("double data 1 from client",)}
SECONDS = 0.8


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    connection.recv(1024)
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until the server waits in recv()
    sock.send(b"x" * 100)
    pause()  # until both copies have been answered
    sock.close()
