import socket

c = socket.socket()
c.connect(('127.0.0.1', 8000))
print(c.recv(1024))
c.close()
