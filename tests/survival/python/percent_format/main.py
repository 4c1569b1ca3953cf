import sys

import requests

url = "%s/chat/completions" % sys.argv[1]
first = {"Authorization": "Bearer %s" % "{groq.api}"}
second = {"Authorization": "Bearer {}".format("{perplexity.api}")}
for headers in (first, second):
    print(requests.post(url, headers=headers, json={"messages": []}, timeout=20).status_code)
