"""Late by 400 ms: sent again for nothing, and the receiver says so.

The client's segment is not lost, only held up. The client cannot tell: after some 200 ms its timer runs out and it
sends the same bytes again. That copy arrives first and is acknowledged. Then the late one arrives. The server's kernel
throws it away and answers with a D-SACK: these bytes came twice. So the sender learns that its timer was too quick, and
that there was no congestion.

To try next: a delay of 150 ms, which is before the timer; delay the server's ACK instead of the data.
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "a segment that is only late is sent again, and a D-SACK says that it came twice"
SHOWS = ("lab.delayed", "tcp.retransmission", "tcp.d-sack", "tcp.needless", "tcp.bytes-delivered")
NEEDS = {"topology": "wire", "delay": 0.005, "impair": ("delay data 1 from client by 400 ms",)}
SECONDS = 1.5


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
    pause()  # until the late one has been answered, too
    sock.close()
