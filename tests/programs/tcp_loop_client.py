import socket

BUFSIZ = 1024
client = socket.socket()
client.connect(('localhost', 8000))
while True:
    data = input('> ')
    if not data:
        break
    client.send(data.encode('utf-8'))
    data = client.recv(BUFSIZ)
    if not data:
        break
    print(data.decode('utf-8'))
client.close()
