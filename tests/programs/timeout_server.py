# whoever does not say the password within five seconds is thrown out
import socket

server = socket.socket()
server.bind(('127.0.0.1', 6000))
server.listen(3)
conn, addr = server.accept()
conn.settimeout(5)
try:
    word = conn.recv(1024).decode()
    if word == 'sesame':
        conn.send(b'welcome')
    else:
        conn.send(b'wrong word')
except socket.timeout:
    print('time out')
    conn.send(b'too late')
conn.close()
server.close()
