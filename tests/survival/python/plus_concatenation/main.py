import sys

import requests

auth = "Bearer " + "{together.v1}"
print(requests.post(sys.argv[1] + "/chat/completions", headers={"Authorization": auth}, json={}, timeout=20).ok)
