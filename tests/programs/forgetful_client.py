# forgets close(): the kernel does it at exit
import socket

c = socket.socket()
c.connect(('127.0.0.1', 8000))
c.send(b'hello')
print(c.recv(1024))
