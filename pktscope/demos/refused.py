"""Nobody there: TCP is told at once, UDP late or never.

The client connects to a port on which nobody listens. The host is there, and its kernel answers the SYN itself, with
RST: connect() fails with ECONNREFUSED after one round trip. The same with UDP: sendto() has nothing to wait for and
succeeds. The kernel at the other end answers here as well, with ICMP "port unreachable", but the client's program never
hears of it: its socket is connected to nobody, and might have written to many. With connect(), which sends nothing,
there is one peer, and the news is told: with the next call on that socket.

A firewall that drops packets looks different: no RST and no ICMP, just silence. Then connect() tries for two minutes.

To try next: connect_ex(); recv() instead of the second send(); connect to a port where somebody listens.
"""

from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, socket

PROMISE = "TCP is refused with RST at once; with UDP only a connected socket learns of the ICMP message, one call late"
SHOWS = (
    "tcp.refused", "tcp.call-failed", "icmp.port-unreachable", "udp.nobody-told", "udp.connected", "call.refused-udp",
)  # fmt: skip
NEEDS = {"topology": "lo"}
SECONDS = 0.8


def server(address, pause):
    pause()  # no socket, no bind(), no listen(): there is a host, and nobody on this port


def client(address, pause):
    pause("TCP")
    sock = socket(AF_INET, SOCK_STREAM)
    try:
        sock.connect(address)
    except ConnectionRefusedError:
        sock.close()

    pause("UDP, not connected")
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.sendto(b"anybody?", address)
    pause()  # until the ICMP message is here
    sock.sendto(b"anybody?", address)  # succeeds again: nobody told this program
    pause()
    sock.close()

    pause("UDP, connected")
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.connect(address)
    sock.send(b"anybody?")
    pause()  # until the ICMP message is here
    try:
        sock.send(b"anybody?")  # not sent: this call brings the news
    except ConnectionRefusedError:
        sock.close()
