# -*- coding: utf-8 -*-
# the simplest server of all: one client, one message
from socket import *

serverSocket = socket(AF_INET, SOCK_STREAM)
serverSocket.bind(('', 12000))
serverSocket.listen(1)
print('The server is ready to receive')
connectionSocket, addr = serverSocket.accept()
sentence = connectionSocket.recv(1024).decode()
print('from client:', sentence)
connectionSocket.send(sentence.upper().encode())
connectionSocket.close()
serverSocket.close()
