import socket

sk = socket.socket()
sk.connect(('127.0.0.1', 8898))
while True:
    info = input('>>>')
    sk.send(bytes(info, encoding='utf-8'))
    if info == 'bye':
        break
    ret = sk.recv(1024).decode('utf-8')
    print(ret)
sk.close()
