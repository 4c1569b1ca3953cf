import functools

from openai import OpenAI


def with_client(api_key):
    def wrap(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(OpenAI(api_key=api_key), *args, **kwargs)

        return inner

    return wrap


@with_client(api_key="{openai.project}")
def title(client, text):
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": text}])
    return reply.choices[0].message.content


print(title("A day at sea"))
