"""ping, by hand: an ICMP echo request through a raw socket, answered by a kernel.

ICMP lies on IP as TCP and UDP do, but no program has an ICMP port: SOCK_RAW gives a program the packets of a protocol
as they are, and lets it write its own. Here scapy fills in type 8, code 0 and the checksum. The identifier tells one
ping from another, for there are no ports to do it; the sequence number tells one request from the next. No program
answers on the other side, only the kernel: it sends back the same identifier, number and data with type 0. And a raw
socket gets a copy of every ICMP packet that arrives here, on loopback its own request too, so a ping has to look for
its answer among them. Raw sockets are for root only: who can write headers can lie in them.

To try next: SOCK_DGRAM instead of SOCK_RAW, which needs no rights, and whose identifier the kernel chooses; ping an
address nobody has; type 13 instead of 8.
"""

from socket import AF_INET, IPPROTO_ICMP, SOCK_RAW, socket

from scapy.layers.inet import ICMP, IP

PROMISE = "an echo request from a raw socket, and the answer of a kernel, not of a program"
SHOWS = ("raw.socket", "icmp.echo", "icmp.kernel-answers", "icmp.raw-copy")
NEEDS = {"topology": "lo", "raw": True, "six": False}
SECONDS = 1.0


def server(address, pause):
    pause()  # nothing to do: the kernel answers


def client(address, pause):
    sock = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
    for number in (1, 2, 3):
        request = ICMP(type="echo-request", id=4242, seq=number) / b"is anybody there?"
        sock.sendto(bytes(request), (address[0], 0))  # no port: ICMP has none
        answer = None
        while not answer or answer[ICMP].type != 0:  # a raw socket hears our request as well
            packet, _ = sock.recvfrom(65535)
            answer = IP(packet)
        pause()
    sock.close()
