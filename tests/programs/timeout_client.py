import socket
import sys
import time

c = socket.socket()
c.connect(('127.0.0.1', 6000))
if len(sys.argv) > 1:
    c.send(sys.argv[1].encode())
else:
    time.sleep(6)
print(c.recv(1024))
c.close()
