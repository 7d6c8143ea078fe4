"""Folders and presets over HTTP: what they hold, which chats are in them, what outlives a kill; and
that a folder's files are searched for its chats by the public API alone."""
import json

import pytest

from server import CHAT, CODE, Server

ROOT = "/v1/tiro"


def ask(server, method, path, body=None, expected=200, headers=None):
    status, _, data = server.request(method, ROOT + path, body, headers)
    assert status == expected, data
    return json.loads(data)


@pytest.fixture
def folder(server):
    made = ask(server, "POST", "/folders", {"name": "Rivers", "instructions": "Be brief."})
    yield made
    server.request("DELETE", f"{ROOT}/folders/{made['id']}?chats=delete")


def test_life(server, folder):
    assert folder["object"] == "tiro.folder" and folder["n_chats"] == 0
    path = f"/folders/{folder['id']}"
    changed = ask(server, "POST", path, {"name": "Lakes", "settings": {"search": "model"}})
    assert (changed["name"], changed["instructions"]) == ("Lakes", "Be brief.")
    assert ask(server, "GET", path) == changed
    assert changed in ask(server, "GET", "/folders")["data"]
    assert ask(server, "DELETE", path)["deleted"]
    assert "not found" in ask(server, "GET", path, expected=404)["error"]["message"]


def test_its_chats(server, folder):
    inside = [ask(server, "POST", "/chats", {"title": t, "folder_id": folder["id"]})["id"] for t in ("a", "b", "c")]
    outside = ask(server, "POST", "/chats", {"title": "d"})["id"]
    def listed(query):
        return [c["id"] for c in ask(server, "GET", f"/chats?{query}")["data"]]
    assert sorted(listed(f"folder_id={folder['id']}")) == sorted(inside)
    assert outside in listed("folder_id=none") and not set(inside) & set(listed("folder_id=none"))
    first = listed(f"folder_id={folder['id']}&limit=1")
    assert sorted(first + listed(f"folder_id={folder['id']}&after={first[0]}")) == sorted(inside)
    ask(server, "POST", f"/chats/{inside[0]}", {"folder_id": ""})
    assert ask(server, "GET", f"/folders/{folder['id']}")["n_chats"] == 2
    ask(server, "DELETE", f"/folders/{folder['id']}?chats=keep")
    assert ask(server, "GET", f"/chats/{inside[1]}")["chat"]["folder_id"] == ""
    for chat in (*inside, outside):
        ask(server, "DELETE", f"/chats/{chat}")


def test_its_chats_go_with_it(server, folder):
    chat = ask(server, "POST", "/chats", {"folder_id": folder["id"]})["id"]
    ask(server, "POST", f"/chats/{chat}/messages", {"role": "user", "content": "x"})
    ask(server, "DELETE", f"/folders/{folder['id']}?chats=delete")
    ask(server, "GET", f"/chats/{chat}", expected=404)


def test_its_files_are_searched(server, client, folder):
    """As the app does it: a vector store of the folder's own, named in the questions of its chats."""
    file = client.files.create(file=("skerry.txt", b"Ada Quill kept the lighthouse of Skerry Point."), purpose="assistants")
    store = client.vector_stores.create(name="Rivers")
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    now = ask(server, "POST", f"/folders/{folder['id']}", {"vector_store_id": store.id})
    answer = client.responses.create(
        model=CODE, input="Who kept the lighthouse?", instructions=now["instructions"], temperature=0, max_output_tokens=200,
        max_tool_calls=1,
        tools=[{"type": "file_search", "vector_store_ids": [now["vector_store_id"]]}],
        tool_choice={"type": "file_search"}, include=["file_search_call.results"])
    call = answer.output[0]
    assert call.type == "file_search_call" and "Ada Quill" in call.results[0].text
    client.vector_stores.delete(store.id)
    client.files.delete(file.id)


def test_presets(server):
    made = ask(server, "POST", "/presets", {"name": "Terse", "settings": {"temperature": 0, "schema": "{}"}})
    path = f"/presets/{made['id']}"
    assert made["settings"] == {"temperature": 0, "schema": "{}"}
    assert ask(server, "POST", path, {"name": "Curt"})["settings"] == made["settings"]
    assert "Curt" in [p["name"] for p in ask(server, "GET", "/presets")["data"]]
    ask(server, "DELETE", path)
    ask(server, "GET", path, expected=404)
    assert "name" in ask(server, "POST", "/presets", {}, expected=400)["error"]["message"]


def test_what_was_acknowledged_outlives_a_kill(start):
    server = start("--default-model", CHAT)
    folder = ask(server, "POST", "/folders", {"name": "Lasting"})
    chat = ask(server, "POST", "/chats", {"title": "t", "folder_id": folder["id"]})
    preset = ask(server, "POST", "/presets", {"name": "p"})
    server.kill()
    again = Server(server.data, ("--default-model", CHAT))
    try:
        assert ask(again, "GET", f"/folders/{folder['id']}")["n_chats"] == 1
        assert ask(again, "GET", f"/chats/{chat['id']}")["chat"] == chat
        assert ask(again, "GET", f"/presets/{preset['id']}") == preset
    finally:
        again.stop()
