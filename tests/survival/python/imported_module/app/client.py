"""Makes the client once."""

from functools import lru_cache

from openai import OpenAI


@lru_cache
def client():
    return OpenAI(api_key="{openai.project}", max_retries=0)
