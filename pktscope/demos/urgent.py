"""A byte that must not wait in the queue: TCP's urgent data, and how little it is.

The client sends "abc", then one byte with MSG_OOB, then "def". The segment with that byte has the flag URG and a
pointer to where the urgent data ends. The byte itself travels in the stream, in its turn, like any other; nothing
overtakes anything on the wire. Only at the server does its kernel put it aside: recv(1, MSG_OOB) returns it at once,
though "abc" has not been read yet, and the ordinary recv() stops in front of its place and later goes on behind it.

There is room for one such byte, systems disagree about where the pointer points (RFC 6093), and boxes on the way clear
the flag. Telnet used it to interrupt; a new program should not.

To try next: send two bytes with MSG_OOB, and see which is urgent; set SO_OOBINLINE at the server; wait for it with
select(), which reports it as an exceptional condition.
"""

from socket import AF_INET, MSG_OOB, SOCK_STREAM, socket

PROMISE = "the urgent byte travels in its turn, flagged URG, but is read before the bytes in front of it"
SHOWS = ("tcp.urgent", "urgent.read", "urgent.mark", "tcp.bytes-delivered")
NEEDS = {"topology": "lo", "mtu": 1500, "offload": False, "shared": True}
SECONDS = 0.5


def server(address, pause):
    listener = socket(AF_INET, SOCK_STREAM)
    listener.bind(address)
    listener.listen(5)
    connection, _ = listener.accept()
    pause()  # until everything is here
    connection.recv(1, MSG_OOB)  # b"!"
    connection.recv(1024)  # b"abc"
    connection.recv(1024)  # b"def"
    connection.recv(1024)  # b"": the client has closed
    pause()  # until its FIN has been acknowledged
    connection.close()
    listener.close()


def client(address, pause):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.connect(address)
    pause()  # until accept() has returned
    sock.send(b"abc")
    sock.send(b"!", MSG_OOB)
    sock.send(b"def")
    pause()  # until the server has read them and waits again
    sock.close()
