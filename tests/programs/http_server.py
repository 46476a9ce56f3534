# a web server on port 80, as root would run it
import socket

s = socket.socket()
s.bind(('', 80))
s.listen(5)
conn, addr = s.accept()
request = conn.recv(4096)
print(request.decode().splitlines()[0])
conn.send(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<h1>hi</h1>\n')
conn.close()
# s is never closed
