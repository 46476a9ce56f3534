# leaves its session and its process group, and never ends
import os
import socket
import time

s = socket.socket()
s.bind(('127.0.0.1', 8000))
s.listen(1)
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
conn, addr = s.accept()
conn.send(b'from a daemon')
conn.close()
time.sleep(1000)
