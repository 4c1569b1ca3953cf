import socket
import sys
from urllib.parse import urlsplit

url = urlsplit(sys.argv[1] + "/chat/completions")
body = '{"messages": []}'
request = f"""POST {url.path} HTTP/1.1
Host: {url.hostname}
Authorization: Bearer {openai.project}
Content-Type: application/json
Content-Length: {len(body)}
Connection: close

{body}"""

with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
    head, _, rest = request.partition("\n\n")
    connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + rest.encode())
    print(connection.makefile().readline().split()[1])
