import sys

import requests

kind = 'Bearer'
headers = {'Authorization': f'{kind} {replicate.api}', 'Prefer': f'wait={5}'}
answer = requests.post(f'{sys.argv[1]}/predictions', headers=headers, json={'input': {}}, timeout=20)
print(f'{answer.ok}')
