"""A narrow link on the way: cut there, or not sent at all.

Both hosts' links take packets of 1,500 bytes, the one between the routers only 1,000, and nobody has told the hosts.
First a datagram that fills 1,500 bytes and may be cut: the first router cuts it into fragments that fit, and the far
host puts them together. Then the same with DF, don't fragment: the router must not cut, so it drops the packet, and
tells its sender by ICMP how much would have fitted. The send() that sent it had succeeded; the next one of that size
fails at once with EMSGSIZE, for now the kernel knows. The program asks how much the path takes, sends that much, and it
arrives. TCP does all of this by itself for every connection. Where a firewall eats the ICMP, small packets pass and
large ones vanish, and nobody knows why.

To try next: send 1,000 bytes of data with DF; the same over TCP.
"""

from errno import EMSGSIZE
from socket import AF_INET, IPPROTO_IP, SO_ERROR, SOCK_DGRAM, SOL_SOCKET, socket

PROMISE = "without DF a router cuts what is too long; with DF it says how much fits, and that much passes"
SHOWS = ("route.cut", "udp.delivered", "icmp.fragmentation-needed", "pmtu.refused", "pmtu.known", "pmtu.fits")
NEEDS = {"topology": "routers", "mtu": 1000, "six": False}
SECONDS = 1.5

IP_MTU_DISCOVER, IP_MTU = 10, 14  # from <linux/in.h>
DONT, DO = 0, 2


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    for _ in range(2):
        sock.recvfrom(65535)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.connect(address)
    pause("It may be cut")
    sock.setsockopt(IPPROTO_IP, IP_MTU_DISCOVER, DONT)
    sock.send(bytes(1472))

    pause("It must not be cut")
    sock.setsockopt(IPPROTO_IP, IP_MTU_DISCOVER, DO)
    sock.send(bytes(1472))  # succeeds, and is dropped on the way
    pause()  # until the router has complained
    try:
        sock.send(bytes(1472))
    except OSError as error:
        if error.errno != EMSGSIZE:  # "Message too long" is what we came for
            raise
    sock.getsockopt(SOL_SOCKET, SO_ERROR)  # 90, EMSGSIZE again: what the router said is told, too, once
    sock.send(bytes(sock.getsockopt(IPPROTO_IP, IP_MTU) - 20 - 8))
    pause()  # until it has arrived
    sock.close()
