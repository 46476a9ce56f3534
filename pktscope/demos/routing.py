"""On my link or not? Address AND mask decide, and a router does the rest.

Before it sends anything, a host compares two numbers: its own address AND its mask, and the other address AND the mask.
If they are equal the other host is on the same link, and the frame goes to that host itself. If not, the frame goes to
the router, though the packet in it keeps the other host's address. Three packets show it. One is for a host far away:
ARP asks for the router, never for the host; then each router on the way passes the packet on in a new frame, with a TTL
less by one. One is for the router itself, which is a host on this link: it is known, so it goes at once. And one is for
a neighbour nobody has ever seen: since it would be on this link, ARP asks for it itself, three times, and then the
program is told that there is no way.

To try next: a mask of 255.255.0.0, with which the host far away would be looked for on this link, in vain; `ip route`
on your own machine.
"""

from ipaddress import ip_interface
from socket import AF_INET, IPPROTO_IP, SOCK_DGRAM, socket

PROMISE = "for a host outside ARP asks for the router, for one on the same link it asks for the host itself"
SHOWS = ("arp.request", "arp.reply", "route.gateway", "route.hop", "route.neighbour", "udp.delivered", "arp.nobody")
NEEDS = {"topology": "routers", "arp": True, "six": False}
SECONDS = 5.0

ME = ip_interface("10.0.1.2/255.255.255.0")
IP_RECVERR = 11  # from <linux/in.h>
OUTSIDE, ROUTER, NOBODY = "10.0.3.2", "10.0.1.1", "10.0.1.77"


def server(address, pause):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    sock.recvfrom(1024)
    sock.close()


def client(address, pause):
    _, port = address
    for scene, host in ("A host outside", OUTSIDE), ("A host on the same link", ROUTER), ("Nobody", NOBODY):
        pause(scene)
        network = ip_interface(f"{host}/{ME.netmask}").network
        print(host, "AND", ME.netmask, "is", network.network_address, "and mine is", ME.network.network_address)
        sock = socket(AF_INET, SOCK_DGRAM)
        sock.setsockopt(IPPROTO_IP, IP_RECVERR, 1)  # or the kernel keeps it to itself that nobody was found
        sock.connect((host, port))
        sock.send(b"hello")
        if host == NOBODY:
            try:
                sock.recv(1024)
            except OSError as error:
                print(error)
        sock.close()
