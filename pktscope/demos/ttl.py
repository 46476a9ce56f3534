"""Who is on the way? TTL 1, 2, 3: traceroute.

Every router takes one from a packet's TTL (time to live, in truth a number of hops), and the one that comes to 0
drops the packet and tells its sender, by ICMP "time exceeded". So a packet with a TTL of 1 makes the first router say
who it is, one with 2 the second, and with 3 it arrives. ICMP errors are the kernel's affair; with IP_RECVERR
the program is told as well: the next call fails, and the error queue has the details, above all who complained.
traceroute does just that, with a port nobody listens on, so that the end of the way is told by "port unreachable".

To try next: `traceroute` to a host of yours; TTL 64 and a look at what is left of it at the other end.
"""

from socket import AF_INET, IP_TTL, IPPROTO_IP, MSG_ERRQUEUE, SOCK_DGRAM, inet_ntoa, socket

PROMISE = "the first router answers a TTL of 1, the second a TTL of 2, and with 3 the datagram arrives"
SHOWS = ("ttl.set", "icmp.time-exceeded", "ttl.told", "ttl.error-queue", "route.hop", "udp.delivered")
NEEDS = {"topology": "routers", "six": False}
SECONDS = 1.5

IP_RECVERR = 11  # from <linux/in.h>


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    message, sender = sock.recvfrom(1024)
    sock.sendto(b"here, at " + message, sender)
    sock.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.setsockopt(IPPROTO_IP, IP_RECVERR, 1)
    for ttl in (1, 2, 3):
        pause(f"TTL {ttl}")
        sock.setsockopt(IPPROTO_IP, IP_TTL, ttl)
        sock.sendto(f"hop {ttl}".encode(), address)
        try:
            _, (router, _) = sock.recvfrom(1024)
        except OSError:  # time exceeded; who says so?
            _, ((_, _, told),), _, _ = sock.recvmsg(1024, 512, MSG_ERRQUEUE)
            router = inet_ntoa(told[20:24])
        print(ttl, router)
    sock.close()
