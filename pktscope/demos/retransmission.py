"""Lost four times: the timer, each time twice as long.

The client sends a hundred bytes. The wire loses them. No ACK comes, and after some 200 ms the client's kernel sends the
same bytes again: a timer has run out (RTO), which it set from the round trips it had measured, but not below 200 ms.
The wire loses those, too. Now the kernel waits twice as long, then twice as long again, for if the network is
overloaded, sending faster would make it worse. The fifth copy arrives, and the program notices nothing but that it took
three seconds. send() had returned long before: it only hands bytes to the kernel.

The ACK that comes at last could be an answer to any of the five copies, so it says nothing about the round trip (Karn's
algorithm), unless the timestamps tell which copy it was.

To try next: lose it six times; let the server send something meanwhile; setsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT,
1000).
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "the same bytes leave five times, at intervals that double, and the fifth copy is acknowledged"
SHOWS = ("lab.dropped", "tcp.retransmission", "tcp.backed-off", "tcp.karn", "tcp.bytes-delivered")
NEEDS = {"topology": "wire", "delay": 0.005, "impair": ("drop data 1-4 from client",)}
SECONDS = 5.0


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
    pause()  # until it has arrived at last
    sock.close()
