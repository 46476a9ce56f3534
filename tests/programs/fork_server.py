import os
import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', 8000))
s.listen(5)
while True:
    conn, addr = s.accept()
    if os.fork() == 0:
        s.close()
        conn.send(b'hello from the child')
        conn.close()
        os._exit(0)
    conn.close()
