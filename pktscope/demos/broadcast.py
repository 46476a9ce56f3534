"""One datagram to everybody on the link, and two that hear it.

The last address of a network is nobody's, it means all hosts there: for 10.0.0.0 to 10.0.0.255 that is 10.0.0.255. The
frame is sent to ff:ff:ff:ff:ff:ff, so every network card takes it in, and no ARP is needed, for there is nobody to look
for. First the kernel refuses: EACCES, since whoever disturbs everybody must say so with SO_BROADCAST. Then one packet
goes out, and both sockets that are bound to the port get a copy. Routers do not pass it on. That is how a host finds
servers it knows no address of, DHCP above all.

To try next: bind one of the receivers to the host's own address instead, and it hears nothing; 255.255.255.255, which
means the same on any network, where a default route says which one; IPv6, which has no broadcast.
"""

from socket import AF_INET, SO_BROADCAST, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, socket

PROMISE = "EACCES without SO_BROADCAST; with it one packet, and every socket on the port receives it"
SHOWS = ("broadcast.refused", "broadcast.datagram", "udp.delivered", "udp.to-many")
NEEDS = {"topology": "wire", "arp": True, "six": False}
SECONDS = 1.0


def server(address, pause):
    _, port = address
    listeners = []
    for _ in range(2):
        sock = socket(AF_INET, SOCK_DGRAM)
        sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # both want the same port
        sock.bind(("", port))  # a socket bound to one address hears no broadcast
        listeners.append(sock)
    for sock in listeners:
        sock.recvfrom(1024)
    for sock in listeners:
        sock.close()


def client(address, pause):
    host, port = address
    everybody = host.rpartition(".")[0] + ".255"
    sock = socket(AF_INET, SOCK_DGRAM)
    try:
        sock.sendto(b"is anybody there?", (everybody, port))
    except PermissionError:  # EACCES
        sock.setsockopt(SOL_SOCKET, SO_BROADCAST, 1)
    pause("To everybody")  # until both wait in recvfrom()
    sock.sendto(b"is anybody there?", (everybody, port))
    sock.close()
