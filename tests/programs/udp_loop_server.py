from socket import *

server = socket(AF_INET, SOCK_DGRAM)
server.bind(('127.0.0.1', 12000))
print("The server is ready to receive")
while 1:
    message, clientAddress = server.recvfrom(2048)
    server.sendto(message.upper(), clientAddress)
