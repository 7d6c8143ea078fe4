"""Conversations and stored completions, for the SDK's tests: the ids in their paths become those of
objects that are made the moment they are asked for, one of its own for each that is deleted."""
import json
import re
import urllib.parse

from server import CHAT

ITEM = {"type": "message", "role": "user", "content": "string"}
# All messages of it are an assistant's: the client's types know no other role here.
COMPLETION = {"model": CHAT, "messages": [{"role": "assistant", "content": "string"}], "max_completion_tokens": 2,
              "store": True, "metadata": {"foo": "string"}}
# What a query asks that only a mock could answer, by the operations' paths, and what is asked instead.
LISTS = re.compile(r"/v1/(conversations/[^/]+/items|chat/completions(/[^/]+/messages)?)")
QUERY = {"after": ("after", None), "limit": ("0", "20"), "model": ("model", CHAT)}


class Seeds:
    def __init__(self):
        self.server = None  # Set by run.py when there is one.
        self.shared = {}

    def post(self, path, body):
        status, value = self.server.post(path, body)
        assert status == 200, value
        return value

    def conversation(self):
        return self.post("/v1/conversations", {})["id"]

    def item(self, conversation):
        return self.post(f"/v1/conversations/{conversation}/items", {"items": [ITEM]})["data"][0]["id"]

    def completion(self):
        return self.post("/v1/chat/completions", COMPLETION)["id"]

    def one(self, method, make, *args):
        """Of its own when it is deleted, else the one that all share."""
        if method == "DELETE":
            return make(*args)
        key = (make.__name__, *args)
        if key not in self.shared:
            self.shared[key] = make(*args)
        return self.shared[key]

    def path(self, method, path):
        if "/conv_123" in path:
            whole = "/items/" not in path
            conversation = self.one(method if whole else "GET", self.conversation)
            path = path.replace("conv_123", conversation)
            if "/msg_abc" in path:
                path = path.replace("msg_abc", self.one(method, self.item, conversation))
        if "/completions/completion_id" in path:
            path = path.replace("completion_id", self.one(method, self.completion))
        return path


SEEDS = Seeds()


def query_of(path, query):
    if not LISTS.fullmatch(path):
        return query
    pairs = []
    for name, value in urllib.parse.parse_qsl(query):
        was, now = QUERY.get(name, (None, None))
        value = now if value == was else value
        if value is not None:
            pairs.append((name, value))
    return urllib.parse.urlencode(pairs)


def rewrite(method, path, body):
    path, _, query = path.partition("?")
    path = SEEDS.path(method, path)
    query = query_of(path, query) if method == "GET" else query
    return f"{path}?{query}" if query else path, body
