import json
import sys
import urllib.request

headers = {}
headers["Content-Type"] = "application/json"
headers["Authorization"] = "Bearer {openrouter.api}"

request = urllib.request.Request(
    sys.argv[1] + "/chat/completions",
    data=json.dumps({"messages": []}).encode(),
    headers=headers,
)
with urllib.request.urlopen(request, timeout=20) as response:
    print(json.load(response)["object"])
