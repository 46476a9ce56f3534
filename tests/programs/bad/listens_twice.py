import socket

s = socket.socket()
s.bind(('127.0.0.1', 8000))
s.listen(1)
t = socket.socket()
t.bind(('127.0.0.1', 8000))
t.listen(1)
