"""On my link or not? Address AND mask decide, and a router does the rest.

Before it sends anything, a host compares two numbers: its own address AND its mask, and the other address AND the
mask. If they are equal the other host is on the same link, and the frame goes to that host itself. If not, the frame
goes to the router, though the packet in it keeps the other host's address. Two packets show it. One is for a host far
away: ARP asks for the router, never for the host, and each router on the way passes the packet on in a new frame, with
a TTL less by one. The other is for a neighbour: ARP asks for the neighbour itself, and no router has to do with it.
Nobody listens there, so its kernel answers "port unreachable"; that is an answer, too.

To try next: a mask of 255.255.0.0, with which the host far away would be looked for on this link, in vain; `ip route`
on your own machine.
"""

from ipaddress import ip_interface
from socket import AF_INET, SOCK_DGRAM, socket

PROMISE = "for a host outside ARP asks for the router, for one on the same link it asks for the host itself"
SHOWS = ("arp.request", "arp.reply", "route.gateway", "route.hop", "udp.delivered", "route.neighbour", "arp.resolved")
NEEDS = {"topology": "routers", "arp": True, "six": False}
SECONDS = 1.5

ME = ip_interface("10.0.1.2/255.255.255.0")
OUTSIDE, NEIGHBOUR = "10.0.3.2", "10.0.1.3"


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    sock.recvfrom(1024)
    sock.close()


def client(address, pause):
    _, port = address
    for scene, host in ("A host outside", OUTSIDE), ("A host on the same link", NEIGHBOUR):
        pause(scene)
        network = ip_interface(f"{host}/{ME.netmask}").network
        print(f"{host} AND {ME.netmask} is {network.network_address}, mine is {ME.network.network_address}")
        sock = socket(AF_INET, SOCK_DGRAM)
        sock.sendto(b"hello", (host, port))
        pause()  # until it has arrived
        sock.close()
