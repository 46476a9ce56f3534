"""Data in the SYN: TCP Fast Open saves a round trip, the second time.

Ordinarily the first byte of a request leaves one round trip after the SYN. With TCP Fast Open (RFC 7413) it is in the
SYN. Since anybody can send a SYN in another's name, a server takes data with it only from a client that it has seen
before: on the first connection the client asks for a cookie, with an empty option in its SYN, and the SYN,ACK brings
it. On the second it sends the cookie and its request in the SYN, the SYN,ACK acknowledges both, and accept() returns
with data that can be read at once. There is no connect(): sendto() with MSG_FASTOPEN is both calls in one.

A SYN that got lost and came again, or was copied on its way, may deliver its data twice: only for requests that do no
harm when repeated.

To try next: leave TCP_FASTOPEN out at the server, and see the client ask in vain; a third connection; a wire of 40 ms,
where a round trip is something.
"""

from socket import AF_INET, IPPROTO_TCP, MSG_FASTOPEN, SOCK_STREAM, TCP_FASTOPEN, socket

PROMISE = "the first SYN asks for a cookie, the second brings it and the request, which is acknowledged at once"
SHOWS = ("fastopen.asked", "fastopen.cookie", "fastopen.data", "fastopen.accepted", "tcp.bytes-delivered")
NEEDS = {
    "topology": "lo", "mtu": 1500, "offload": False, "shared": False,
    "sysctls": {"net.ipv4.tcp_fastopen": "3"},  # 1: as a client, 2: as a server
}  # fmt: skip
SECONDS = 1.0


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.setsockopt(IPPROTO_TCP, TCP_FASTOPEN, 5)  # how many may wait whose handshake is not over
    listener.bind(address)
    listener.listen(5)
    for _ in range(2):
        connection, _ = listener.accept()
        connection.send(connection.recv(1024).upper())
        connection.recv(1024)  # b"": the client has closed
        pause()  # until its FIN has been acknowledged
        connection.close()
    listener.close()


def client(address, pause):
    for scene in ("The first time: a cookie", "The second time: data in the SYN"):
        pause(scene)  # until the server waits in accept()
        sock = socket(AF_INET, SOCK_STREAM)
        sock.sendto(b"hello", MSG_FASTOPEN, address)  # connect() and send() in one
        sock.recv(1024)
        pause()  # until the server waits again
        sock.close()
