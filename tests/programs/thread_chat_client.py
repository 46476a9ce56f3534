import socket
import sys
import threading

name = sys.argv[1] if len(sys.argv) > 1 else 'somebody'
sock = socket.create_connection(('127.0.0.1', 5555))


def listen():
    while True:
        data = sock.recv(1024)
        if not data:
            break
        print(data.decode())


threading.Thread(target=listen, daemon=True).start()
try:
    while True:
        line = input()
        sock.send((name + ': ' + line).encode())
except EOFError:
    sock.close()
