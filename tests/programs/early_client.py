# talks to a port where nobody listens
import socket

c = socket.socket()
c.connect(('127.0.0.1', 8001))
