"""Shared links over HTTP: a copy of one branch for whoever has the link, without a key, until it ends."""
import json
import sqlite3
import time

import pytest

from data_files import canary, files_with
from database import POSTGRES
from server import CHAT, Server
from test_folders import ask

KEY = "sk-of-this-test"


def make_chat(server, *texts, headers=None):
    chat = ask(server, "POST", "/chats", {"title": "Tea"}, headers=headers)["id"]
    parent = ""
    for n, text in enumerate(texts):
        parent = ask(server, "POST", f"/chats/{chat}/messages", headers=headers, body={
            "role": "assistant" if n % 2 else "user", "content": text, "parent_id": parent,
            "details": {"thoughts": "SECRET THOUGHTS", "attachments": [{"name": "a", "text": "SECRET FILE"}]}})["id"]
    return chat, parent


@pytest.fixture(scope="module")
def guarded(start):
    """A server that asks for a key."""
    return start("--default-model", CHAT, env={"TIRO_API_KEY": KEY})


def test_a_stranger_reads_the_copy_and_nothing_else(guarded):
    mine = {"Authorization": f"Bearer {KEY}"}
    chat, leaf = make_chat(guarded, "hot?", "Yes.", headers=mine)
    made = ask(guarded, "POST", f"/chats/{chat}/shares", {}, headers=mine)
    ask(guarded, "POST", f"/chats/{chat}/messages", headers=mine,
        body={"role": "user", "content": "LATER", "parent_id": leaf})
    ask(guarded, "POST", f"/chats/{chat}/messages/{leaf}", {"content": "EDITED"}, headers=mine)
    status, headers, data = guarded.request("GET", f"/v1/tiro/shared/{made['token']}")
    assert status == 200
    shown = json.loads(data)
    assert [(m["role"], m["content"]) for m in shown["messages"]] == [("user", "hot?"), ("assistant", "Yes.")]
    assert not any(word in data for word in (b"SECRET", b"LATER", b"EDITED", chat.encode(), b"details"))
    assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    # Its place opens nothing else.
    for method, path in (("GET", "/shares"), ("GET", f"/chats/{chat}"), ("DELETE", f"/shares/{made['id']}"),
                         ("POST", f"/chats/{chat}/shares"), ("GET", "/folders"), ("GET", "/memory"), ("GET", "/presets"),
                         ("GET", "/preferences")):
        ask(guarded, method, path, {} if method == "POST" else None, expected=401)


def test_all_that_show_nothing_are_alike(guarded):
    mine = {"Authorization": f"Bearer {KEY}"}
    chat, _ = make_chat(guarded, "x", headers=mine)
    revoked, gone = (ask(guarded, "POST", f"/chats/{chat}/shares", {}, headers=mine) for _ in range(2))
    ask(guarded, "DELETE", f"/shares/{revoked['id']}", headers=mine)
    ask(guarded, "DELETE", f"/chats/{chat}", headers=mine)
    seen = set()
    for token in (revoked["token"], gone["token"], "A" * 43, "x", "%27%20OR%201=1--"):
        status, headers, data = guarded.request("GET", f"/v1/tiro/shared/{token}")
        seen.add((status, data, headers["cache-control"], headers["referrer-policy"], headers["x-robots-tag"]))
    assert len(seen) == 1 and seen.pop()[0] == 404
    assert ask(guarded, "GET", f"/shares?chat_id={chat}", headers=mine)["data"] == []


def test_it_ends(start):
    """By its time, also while the server was off; then its copy is deleted."""
    server = start("--default-model", CHAT)
    text = canary()
    chat, leaf = make_chat(server, text)
    made = ask(server, "POST", f"/chats/{chat}/shares", {"expires_in": 3600})
    assert made["expires_at"] - made["created_at"] == 3600
    ask(server, "DELETE", f"/chats/{chat}/messages/{leaf}")
    assert text in str(ask(server, "GET", f"/shared/{made['token']}"))
    server.stop()
    if POSTGRES:
        server.database.change("UPDATE shares SET expires_at = 1")
    else:
        with sqlite3.connect(server.data / "tiro.db") as db:
            db.execute("PRAGMA secure_delete = ON")
            db.execute("UPDATE shares SET expires_at = 1")
        db.close()
    again = Server(server.data, ("--default-model", CHAT))
    try:
        ask(again, "GET", f"/shared/{made['token']}", expected=404)
        end = time.monotonic() + 30
        while (kept := again.database.sql("SELECT count(*) FROM shares")) != [(0,)]:
            assert time.monotonic() < end, kept
            time.sleep(0.2)
        if not POSTGRES:
            while files_with(again, text):
                assert time.monotonic() < end
                time.sleep(0.2)
    finally:
        again.stop()


def test_the_database_opens_nothing(server):
    chat, _ = make_chat(server, "x")
    made = ask(server, "POST", f"/chats/{chat}/shares", {})
    [(kept,)] = server.database.sql(f"SELECT token_hash FROM shares WHERE id = '{made['id']}'")
    assert kept != made["token"]
    ask(server, "GET", f"/shared/{kept}", expected=404)
    ask(server, "DELETE", f"/chats/{chat}")
