"""Answers HTTP requests on 127.0.0.1 with what the arguments say, one each: "STATUS BODY".

Prints its port first. Ends after the last answer; every request is echoed in X-Seen headers.
"""
import socket
import sys

listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(20)
print(listener.getsockname()[1], flush=True)
for answer in sys.argv[1:]:
    connection, _ = listener.accept()
    connection.settimeout(20)
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    while len(body) < int(fields.get(b"content-length", 0)):
        body += connection.recv(65536)
    status, _, text = answer.encode().partition(b" ")
    connection.sendall(
        b"HTTP/1.1 " + status + b" Said\r\nConnection: close\r\nContent-Length: %d\r\n" % len(text)
        + b"X-Seen: " + head.split(b"\r\n")[0] + b"\r\nX-Seen: " + body + b"\r\n\r\n" + text)
    connection.close()
