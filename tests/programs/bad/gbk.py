import socket
print("我是服务器")
