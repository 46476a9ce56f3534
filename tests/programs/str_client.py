import socket

c = socket.socket()
c.connect(('127.0.0.1', 8000))
c.send('hello')
