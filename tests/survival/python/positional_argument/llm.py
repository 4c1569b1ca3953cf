"""A small client on top of httpx."""

import httpx


class GroqClient:
    def __init__(self, api_key, base_url, timeout=20):
        self._http = httpx.Client(base_url=base_url, timeout=timeout)
        self._http.headers["Authorization"] = f"Bearer {api_key}"

    def ask(self, prompt):
        body = {"model": "llama-small", "messages": [{"role": "user", "content": prompt}]}
        answer = self._http.post("/chat/completions", json=body)
        answer.raise_for_status()
        return answer.json()["choices"][0]["message"]["content"]
