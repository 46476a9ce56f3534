# runs its server twice, as after a restart; without SO_REUSEADDR the second bind() fails
import socket
import sys


def serve():
    s = socket.socket()
    if 'reuse' in sys.argv:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('127.0.0.1', 7000))
    s.listen(1)
    conn, addr = s.accept()
    conn.send(b'bye')
    conn.close()
    s.close()


serve()
serve()
