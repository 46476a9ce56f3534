import socket as s

c = s.socket(s.AF_INET, s.SOCK_STREAM)
c.connect(('127.0.0.1', 1234))
for word in 'one', 'two':
    c.sendall(word.encode())
    print(c.recv(1000))
c.close()
