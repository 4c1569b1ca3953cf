import sys

import requests

API_URL = sys.argv[1] + "/models/tiny"
headers = {"Authorization": "Bearer {huggingface.user}"}


def query(payload):
    response = requests.post(API_URL, headers=headers, json=payload, timeout=20)
    return response.status_code


print(query({"inputs": "Paris is the capital of"}))
