"""What is deleted, or has been kept for its time, is in no file of the data directory; and what was not
asked to be stored never is.

To add a kind of stored thing: a row in KINDS.
"""
import json
import sqlite3
import time

import openai
import pytest

from data_files import canary, files_with
from database import POSTGRES
from http_server import eventually
from server import CHAT, EMBED, Server

GONE_S = 60
in_files = pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL has files of its own: docs/how-to/retention.md")


def make_conversation(client, text):
    made = client.conversations.create(metadata={"label": text}, items=[
        {"role": "user", "content": text},
        {"type": "function_call_output", "call_id": "call_1", "output": text * 3000},  # Pages of their own.
    ])
    return lambda: client.conversations.delete(made.id)


def make_item(client, text):
    home = client.conversations.create()
    made = client.conversations.items.create(home.id, items=[{"role": "user", "content": text}])
    return lambda: client.conversations.items.delete(made.data[0].id, conversation_id=home.id)


def make_completion(client, text):
    made = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": text}], max_completion_tokens=2, store=True,
        metadata={"label": text})
    return lambda: client.chat.completions.delete(made.id)


def make_labels(client, text):
    home = client.conversations.create(metadata={"label": text})
    return lambda: client.conversations.update(home.id, metadata={})


def make_file(client, text):
    made = client.files.create(file=(f"{text}.txt", text.encode() * 5000), purpose="user_data",
                               expires_after={"anchor": "created_at", "seconds": 3600})
    return lambda: client.files.delete(made.id)


def make_response(client, text):
    made = client.responses.create(model=CHAT, input=[{"role": "user", "content": text}], instructions=text,
                                   max_output_tokens=16, metadata={"label": text})
    return lambda: client.responses.delete(made.id)


def make_background_response(client, text):
    made = client.responses.create(model=CHAT, input=text, max_output_tokens=16, background=True)
    until_none(lambda: client.responses.retrieve(made.id).status in ("queued", "in_progress"))
    return lambda: client.responses.delete(made.id)


def make_answered_conversation(client, text):
    """The response has its input too: both must be deleted."""
    home = client.conversations.create()
    made = client.responses.create(model=CHAT, input=text, max_output_tokens=16, conversation=home.id)

    def delete():
        client.responses.delete(made.id)
        client.conversations.delete(home.id)
    return delete


def until_none(what):
    end = time.monotonic() + GONE_S
    while found := what():
        assert time.monotonic() < end, found
        time.sleep(0.1)


def searchable(client, text):
    """(store, file) of a file that has become chunks."""
    file = client.files.create(file=(f"{text}.txt", (text + " is the word. ").encode() * 50), purpose="assistants")
    store = client.vector_stores.create(name=text, metadata={"label": text})
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, attributes={"label": text})
    assert client.vector_stores.search(store.id, query=text).data
    return store.id, file.id


def make_searchable_file(client, text):
    store, file = searchable(client, text)
    client.vector_stores.update(store, name="", metadata={})
    return lambda: client.files.delete(file)


def make_vector_store(client, text):
    store, file = searchable(client, text)

    def delete():
        client.vector_stores.delete(store)
        client.files.delete(file)
    return delete


def batch(client, text):
    """One that is over."""
    body = {"model": CHAT, "messages": [{"role": "user", "content": text}], "max_tokens": 2}
    line = {"custom_id": text, "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = client.files.create(file=("in.jsonl", json.dumps(line).encode()), purpose="batch")
    one = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h",
                                metadata={"label": text})
    until_none(lambda: client.batches.retrieve(one.id).status != "completed")
    return client.batches.retrieve(one.id)


def make_expiring_batch(client, text):
    one = batch(client, text)
    for file in (one.input_file_id, one.output_file_id):
        client.files.delete(file)


def make_chat(client, text):
    made = client.post("/tiro/chats", body={"title": text}, cast_to=object)
    client.post(f"/tiro/chats/{made['id']}/messages", cast_to=object,
                body={"role": "user", "content": text * 3000, "details": {"thoughts": text}})
    return lambda: client.delete(f"/tiro/chats/{made['id']}", cast_to=object)


def make_message(client, text):
    chat = client.post("/tiro/chats", body={}, cast_to=object)["id"]
    made = client.post(f"/tiro/chats/{chat}/messages", body={"role": "user", "content": text}, cast_to=object)
    client.post(f"/tiro/chats/{chat}/messages", cast_to=object,
                body={"role": "assistant", "content": text, "parent_id": made["id"]})
    return lambda: client.delete(f"/tiro/chats/{chat}/messages/{made['id']}", cast_to=object)


def make_folder(client, text):
    made = client.post("/tiro/folders", cast_to=object, body={
        "name": text, "instructions": text * 100, "settings": {"label": text}})["id"]
    return lambda: client.delete(f"/tiro/folders/{made}", cast_to=object)


def make_folder_with_chats(client, text):
    """Nothing of its chats stays, nor of what was shared of them."""
    home = client.post("/tiro/folders", body={"name": text}, cast_to=object)["id"]
    chat = client.post("/tiro/chats", body={"title": text, "folder_id": home}, cast_to=object)["id"]
    client.post(f"/tiro/chats/{chat}/messages", body={"role": "user", "content": text * 3000}, cast_to=object)
    client.post(f"/tiro/chats/{chat}/shares", body={}, cast_to=object)
    return lambda: client.delete(f"/tiro/folders/{home}?chats=delete", cast_to=object)


def make_memory(client, text):
    made = client.post("/tiro/memory", body={"text": text}, cast_to=object)["id"]
    return lambda: client.delete(f"/tiro/memory/{made}", cast_to=object)


def make_changed_memory(client, text):
    made = client.post("/tiro/memory", body={"text": text}, cast_to=object)["id"]
    return lambda: client.post(f"/tiro/memory/{made}", body={"text": canary()}, cast_to=object)


def make_preset(client, text):
    made = client.post("/tiro/presets", body={"name": text, "settings": {"instructions": text}}, cast_to=object)["id"]
    return lambda: client.delete(f"/tiro/presets/{made}", cast_to=object)


def make_share(client, text):
    """The copy is all that is left of it: it goes when the link is taken back."""
    chat = client.post("/tiro/chats", body={}, cast_to=object)["id"]
    message = client.post(f"/tiro/chats/{chat}/messages", body={"role": "user", "content": text * 3000}, cast_to=object)["id"]
    made = client.post(f"/tiro/chats/{chat}/shares", body={}, cast_to=object)["id"]
    client.delete(f"/tiro/chats/{chat}/messages/{message}", cast_to=object)
    return lambda: client.delete(f"/tiro/shares/{made}", cast_to=object)


def make_shared_chat(client, text):
    delete = make_chat(client, text)
    chat = client.get("/tiro/chats", cast_to=object)["data"][0]["id"]
    client.post(f"/tiro/chats/{chat}/shares", body={}, cast_to=object)
    return delete


def make_book(client, text):
    """Nothing of it is written: what a person said of it is all there is."""
    made = client.post("/tiro/books", cast_to=object, body={
        "idea": text * 100, "model": CHAT, "title": text, "premise": text * 50, "people": text,
        "style_sheet": text, "words": 200})["id"]
    return lambda: client.delete(f"/tiro/books/{made}", cast_to=object)


def make_changed_book(client, text):
    made = client.post("/tiro/books", cast_to=object,
                       body={"idea": text, "model": CHAT, "premise": text * 50, "words": 200})["id"]
    return lambda: client.post(f"/tiro/books/{made}", cast_to=object, body={"idea": "none", "premise": ""})


def make_exam(client, text):
    made = client.post("/tiro/evaluations", cast_to=object, body={
        "model": CHAT, "name": text, "questions": json.dumps(
            {"question": f"{text} {'word ' * 500}", "options": ["this", "that"], "answer": 0})})
    until_none(lambda: client.get(f"/tiro/evaluations/{made['id']}", cast_to=object)["status"] == "in_progress")
    return lambda: client.delete(f"/tiro/evaluations/{made['id']}", cast_to=object)


# name, make(client, text) -> what deletes it (None: nobody can), SQL that makes all of the kind old (None: it does not expire)
KINDS = [
    ("conversation", make_conversation, "UPDATE conversations SET created_at = 1"),
    ("item", make_item, "UPDATE conversations SET created_at = 1"),
    ("completion", make_completion, "UPDATE completions SET created_at = 1"),
    ("chat", make_chat, "UPDATE chats SET updated_at = 1"),
    ("message", make_message, "UPDATE chats SET updated_at = 1"),
    ("exam", make_exam, "UPDATE evaluations SET created_at = 1"),
    ("folder", make_folder, "UPDATE folders SET updated_at = 1"),
    ("folder with chats", make_folder_with_chats, None),
    ("memory", make_memory, "UPDATE memories SET updated_at = 1"),
    ("changed memory", make_changed_memory, None),
    ("preset", make_preset, "UPDATE presets SET updated_at = 1"),
    ("share", make_share, "UPDATE shares SET expires_at = 1"),
    ("shared chat", make_shared_chat, "UPDATE chats SET updated_at = 1"),
    ("book", make_book, "UPDATE books SET updated_at = 1"),
    ("changed book", make_changed_book, None),
    ("labels", make_labels, None),
    ("response", make_response, "UPDATE responses SET created_at = 1"),
    ("background response", make_background_response, "UPDATE responses SET created_at = 1"),
    ("answered conversation", make_answered_conversation, "UPDATE responses SET created_at = 1"),
    ("file", make_file, "UPDATE files SET expires_at = 1"),
    ("searchable file", make_searchable_file, None),
    ("vector store", make_vector_store, None),
    ("batch", make_expiring_batch, "UPDATE batches SET created_at = 1"),
]
# Their bytes go right behind the answer; all else is gone when the answer is there.
SOON = {"file", "searchable file", "vector store"}


def client_of(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0)


def must_go(server, texts):
    """Soon; until then some file has one of them."""
    until_none(lambda: [(text, name) for text in texts for name in files_with(server, text)])


def must_be_found(server, text):
    """It may be passed over once, when it is put in its place from the database's log while the files are read."""
    eventually(lambda: files_with(server, text))


@in_files
@pytest.mark.parametrize("kind,make", [row[:2] for row in KINDS], ids=[row[0] for row in KINDS])
def test_deleted_is_gone(server, client, kind, make):
    text, other = canary(), canary()
    make(client, other)  # A neighbour, which stays.
    delete = make(client, text)
    must_be_found(server, text)
    if not delete:
        return
    delete()
    if kind in SOON:
        must_go(server, [text])
    else:
        assert files_with(server, text) == []
    must_be_found(server, other)


@in_files
def test_gone_also_when_killed_behind_the_answer(start):
    server, text = start(), canary()
    with client_of(server) as client:
        make_conversation(client, text)()
    server.kill()
    assert files_with(server, text) == []


@in_files
def test_expired_is_gone(start):
    kinds = ("BOOKS", "CONVERSATIONS", "COMPLETIONS", "RESPONSES", "BATCHES", "CHATS", "EVALUATIONS",
             "FOLDERS", "MEMORIES", "PRESETS")
    days = {f"TIRO_KEEP_{kind}": "365" for kind in kinds}
    server = start("--default-model", CHAT, env=days)
    expiring = [(make, canary(), old) for _, make, old in KINDS if old]
    with client_of(server) as client:
        for make, text, _ in expiring:
            make(client, text)
    server.stop()
    with sqlite3.connect(server.data / "tiro.db") as db:
        db.execute("PRAGMA secure_delete = ON")  # As the server has it: what is moved leaves nothing.
        for _, _, old in expiring:
            db.execute(old)
    db.close()
    staying = canary()
    server = Server(server.data, ("--default-model", CHAT), days)
    try:
        with client_of(server) as client:
            make_conversation(client, staying)
        must_go(server, [text for _, text, _ in expiring])
        must_be_found(server, staying)
    finally:
        server.stop()


def test_what_is_not_stored_is_in_no_file(start):
    """Prompts and answers of every endpoint, streamed or not, refused or not, with the log at its fullest."""
    server = start("--default-model", CHAT, "--log-level", "debug")
    texts = {}

    def ask(name, path, body, expected=200):
        texts[name] = canary()
        body = json.loads(json.dumps(body).replace("CANARY", texts[name]))
        assert server.request("POST", path, body)[0] == expected

    messages = [{"role": "user", "content": "CANARY"}]
    chat = {"model": CHAT, "messages": messages, "max_tokens": 3}
    ask("chat", "/v1/chat/completions", chat)
    ask("stream", "/v1/chat/completions", {**chat, "stream": True})
    ask("labels", "/v1/chat/completions", {**chat, "metadata": {"label": "CANARY"}})
    ask("refused chat", "/v1/chat/completions", {**chat, "seed": "CANARY"}, 400)
    ask("completion", "/v1/completions", {"model": CHAT, "prompt": "CANARY", "max_tokens": 3, "echo": True})
    ask("embedding", "/v1/embeddings", {"model": EMBED, "input": "CANARY"})
    ask("message", "/v1/messages", chat)
    ask("response", "/v1/responses", {"model": CHAT, "input": "CANARY", "max_output_tokens": 16, "store": False})
    ask("stream of a response", "/v1/responses", {"model": CHAT, "input": "CANARY", "max_output_tokens": 16,
                                                  "store": False, "stream": True})
    ask("no model", "/v1/completions", {"model": "CANARY", "prompt": "CANARY"}, 404)
    with client_of(server) as client:
        store, _ = searchable(client, canary())
    ask("search", f"/v1/vector_stores/{store}/search", {"query": "CANARY"})
    ask("refused conversation", "/v1/conversations", {"items": messages * 21}, 400)
    for _ in range(2):
        assert not {name: files for name, text in texts.items() if (files := files_with(server, text))}
        server.stop()  # And then once more.
