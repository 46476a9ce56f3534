import socket

sk = socket.socket(type=socket.SOCK_DGRAM)
addr = ('127.0.0.1', 12000)
while True:
    msg = input('say: ').strip()
    if msg == 'q':
        break
    sk.sendto(msg.encode(), addr)
    back, who = sk.recvfrom(1024)
    print('%s says %s' % (who, back.decode()))
# no close()
