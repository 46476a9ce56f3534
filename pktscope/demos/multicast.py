"""One datagram, and everybody who has joined gets it: multicast.

224.0.0.0 to 239.255.255.255 are addresses of groups, not of hosts. A socket joins a group with IP_ADD_MEMBERSHIP. Its
kernel then takes in what is sent to that address, and reports it by IGMP, so that routers pass the group's packets on
to this network; that a second socket of the same host has joined is nothing new and not reported. Each report is sent
twice, since nobody acknowledges it and one may get lost. The sender need not be a member, and does not know who is. One
sendto() is one packet, however many receive it. When the last member of the host has closed its socket, that is
reported too.

To try next: let both members leave before the second datagram is sent; IP_MULTICAST_TTL, which is 1 unless one says
otherwise, so that no router passes the packet on; a group that nobody has joined.
"""

from socket import (
    AF_INET,
    IP_ADD_MEMBERSHIP,
    IP_MULTICAST_IF,
    IPPROTO_IP,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOL_SOCKET,
    inet_aton,
    socket,
)
from time import sleep

PROMISE = "two sockets join a group, and one datagram to it is received by both"
SHOWS = ("igmp.join", "multicast.joined", "multicast.datagram", "udp.to-many", "igmp.leave")
NEEDS = {
    "topology": "lo", "wired": False, "six": False,
    "sysctls": {"net.ipv4.conf.lo.igmpv3_unsolicited_report_interval": "10"},
}  # fmt: skip
SECONDS = 1.0

GROUP = "239.1.2.3"


def server(address, pause):
    host, port = address
    members = []
    for _ in range(2):
        sock = socket(AF_INET, SOCK_DGRAM)
        sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # both want the same port
        sock.bind((GROUP, port))
        sock.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, inet_aton(GROUP) + inet_aton(host))
        members.append(sock)
    for sock in members:
        sock.recvfrom(1024)
    pause("Everybody leaves")
    for sock in members:
        sock.close()
    sleep(0.1)  # the kernel reports it a little later, and once more in case the report gets lost


def client(address, pause):
    host, port = address
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.setsockopt(IPPROTO_IP, IP_MULTICAST_IF, inet_aton(host))  # by which interface to leave
    pause("One datagram to the group")  # until both have joined and wait
    sock.sendto(b"hello, everybody", (GROUP, port))
    sock.close()
