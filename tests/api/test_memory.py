"""What is remembered over HTTP, the tool by which a model adds to it, and what people have chosen."""
import json

import pytest

from server import CHAT
from test_folders import ask

SAYS = "Please remember that I like tea."


@pytest.fixture(autouse=True)
def nothing(server):
    def forget():
        for entry in ask(server, "GET", "/memory")["data"]:
            ask(server, "DELETE", f"/memory/{entry['id']}")
    forget()  # Of other tests.
    yield
    forget()
    ask(server, "POST", "/preferences", {"memory": True, "remember": False, "titles": True})


def test_life(server):
    entry = ask(server, "POST", "/memory", {"text": "Likes tea."})
    assert entry["origin"] == "user"
    assert ask(server, "POST", "/memory", {"text": "Likes tea."}) == entry
    changed = ask(server, "POST", f"/memory/{entry['id']}", {"text": "Likes grüner Tee."})
    memory = ask(server, "GET", "/memory")
    assert memory["data"] == [changed] and memory["enabled"]
    assert memory["instructions"] == "What you know of the user, from earlier:\n- Likes grüner Tee.\n"
    ask(server, "POST", "/preferences", {"memory": False})
    assert ask(server, "GET", "/memory")["instructions"] == ""
    ask(server, "DELETE", f"/memory/{entry['id']}")
    assert ask(server, "GET", "/memory")["data"] == []


def test_new_entries_leave_the_text_before_them(server):
    """So that what a model has read of it is read once."""
    told = ""
    for i in range(5):
        ask(server, "POST", "/memory", {"text": f"Fact {i}."})
        now = ask(server, "GET", "/memory")["instructions"]
        assert now.startswith(told) and now != told
        told = now


def test_it_is_read_once_for_all_chats(server, client):
    ask(server, "POST", "/memory", {"text": "Is a botanist who writes about the mosses of northern bogs. " * 6})
    told = ask(server, "GET", "/memory")["instructions"]
    def cached(question):
        answer = client.responses.create(model=CHAT, input=question, instructions=told, max_output_tokens=16, store=False)
        return answer.usage.input_tokens_details.cached_tokens
    cached("Which moss is red?")
    assert cached("What else grows there?") >= 48


def remember(client, **fields):
    return client.responses.create(**{
        "model": CHAT, "input": SAYS, "temperature": 0, "max_output_tokens": 120, "max_tool_calls": 1,
        "tools": [{"type": "tiro_memory"}], "tool_choice": {"type": "tiro_memory"}, "store": False, **fields})


def test_the_tool(server, client):
    answer = remember(client)
    item = answer.output[0].model_dump()
    assert item["type"] == "tiro_memory_call" and item["status"] == "completed" and item["text"]
    kept = ask(server, "GET", "/memory")["data"]
    assert [(e["id"], e["text"], e["origin"]) for e in kept] == [(item["memory_id"], item["text"], "model")]
    # The item can be told again.
    again = client.responses.create(model=CHAT, max_output_tokens=16, temperature=0, store=False, input=[
        {"role": "user", "content": SAYS}, item, {"role": "user", "content": "Thanks"}])
    assert again.output_text


def test_the_tool_as_a_stream(client):
    events = list(remember(client, stream=True))
    types = [e.type for e in events]
    assert types[2:6] == ["response.output_item.added", "response.tiro_memory_call.in_progress",
                          "response.tiro_memory_call.completed", "response.output_item.done"]


def test_the_tool_where_the_memory_is_off(server, client):
    ask(server, "POST", "/preferences", {"memory": False})
    item = remember(client).output[0].model_dump()
    assert item["status"] == "failed" and item["memory_id"] is None
    assert ask(server, "GET", "/memory")["data"] == []


def test_a_stored_response_that_is_read_again_adds_nothing(server, client):
    answer = remember(client, store=True)
    [before] = ask(server, "GET", "/memory")["data"]
    path = f"/v1/responses/{answer.id}?stream=true"
    status, _, data = server.request("GET", path)
    assert status == 200 and before["id"].encode() in data
    assert ask(server, "GET", "/memory")["data"] == [before]
    ask(server, "DELETE", f"/memory/{before['id']}")  # Taken back.
    status, _, data = server.request("GET", path)
    assert status == 200 and b'"memory_id":null' in data
    assert ask(server, "GET", "/memory")["data"] == []
    client.responses.delete(answer.id)


def test_other_members_of_the_tool_are_refused(server):
    body = {"model": CHAT, "input": "x", "tools": [{"type": "tiro_memory", "all": True}]}
    status, _, data = server.request("POST", "/v1/responses", body)
    assert status == 400 and json.loads(data)["error"]["param"] == "tools[0].all"
