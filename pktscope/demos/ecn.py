"""Congestion without loss: routers that may mark a packet instead of dropping it.

A router whose queue grows too long has one way to say so that everybody understands: it drops packets. With ECN (RFC
3168) it may mark them instead, if both ends have agreed to heed the mark. The client asks in its SYN, with the flags
ECE and CWR, which mean something else later; the server agrees with ECE in its SYN,ACK. From then on every segment with
data has ECT(0) in the two lowest bits of the IP header's traffic class: "mark me rather than drop me". A router that
does sets both bits, CE. The receiver then sets ECE in its ACKs until the sender has answered with CWR: I have reduced
my window.

Here no router is in between and nothing is congested, so no packet is marked: the flags and the agreement are what can
be seen. Pure ACKs and the handshake are sent without ECT.

To try next: net.ipv4.tcp_ecn=2, which agrees when asked and does not ask (Linux as it comes); setsockopt(IP_TOS).
"""

from socket import AF_INET, SOCK_STREAM, socket

PROMISE = "the SYN asks with ECE and CWR, the SYN,ACK agrees with ECE, and data travels as ECT(0)"
SHOWS = ("ecn.asked", "ecn.agreed", "ecn.capable")
NEEDS = {
    "topology": "lo", "mtu": 1500, "offload": False, "shared": False,
    "sysctls": {"net.ipv4.tcp_ecn": "1"},
}  # fmt: skip
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
    pause()  # until accept() has returned
    sock.send(b"hello, server")
    sock.recv(1024)
    pause()  # until the server waits again
    sock.close()
