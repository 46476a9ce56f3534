import socket

sock = socket.create_connection(('localhost', 9090), timeout=5)
f = sock.makefile('rwb')
f.write(b'hello\n')
f.flush()
print(f.readline())
f.close()
sock.close()
