"""A SYN without a socket: what a kernel does with an answer nobody asked for.

The client builds a SYN with scapy and sends it through a raw socket. It is a SYN like any other, so the server's kernel
answers with SYN ACK. That answer reaches the client's host, whose kernel looks for a connection with these ports, finds
none, since no program ever called connect(), and says so: RST. The server's kernel throws the half-made connection
away; accept() never hears of it. The second SYN goes to a port where nobody listens: there it is the server's kernel
that answers with RST. So one packet tells an open port from a closed one, and no program is the wiser: that is the "SYN
scan" of port scanners. No answer at all, the third possibility, mostly means a filter.

To try next: other flags (a lone FIN, an ACK); a SYN with a source address that is not yours; the ports from 1 to 1024.
"""

from socket import AF_INET, IP_HDRINCL, IPPROTO_IP, IPPROTO_TCP, SOCK_RAW, SOCK_STREAM, socket

from scapy.layers.inet import IP, TCP

PROMISE = "a SYN from no socket is answered like any other, and the kernel that is asked why refuses with RST"
SHOWS = (
    "raw.socket", "raw.own-header", "tcp.syn", "tcp.syn-ack", "tcp.syn-by-hand", "tcp.refused", "call.timeout",
)  # fmt: skip
NEEDS = {"topology": "lo", "raw": True, "wired": False, "six": False}
SECONDS = 1.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    pause()  # until the first SYN has been answered
    listener.settimeout(0.5)
    try:
        listener.accept()
    except TimeoutError:  # no connection was ever finished
        listener.close()


def client(address, pause):
    host, port = address
    sock = socket(AF_INET, SOCK_RAW, IPPROTO_TCP)
    sock.setsockopt(IPPROTO_IP, IP_HDRINCL, 1)  # the IP header is ours to write, too
    for scene, target in ("A port where somebody listens", port), ("A port where nobody does", port + 1):
        pause(scene)
        syn = IP(src=host, dst=host) / TCP(sport=5555, dport=target, seq=1000, flags="S")
        sock.sendto(bytes(syn), (host, 0))
    pause()  # until all has been answered
    sock.close()
