"""People: the owner's link, invitations, sessions, keys; that nobody reaches what is another's; that what
leaves is gone. One server at 127.0.0.1 that requires signing in, as beyond loopback; one that does listen
beyond it."""
import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse

import openai
import pytest

from data_files import canary, files_with
from database import POSTGRES
from server import CHAT, EMBED, PROGRAM, model_folder

PASSWORD = "correct horse battery"
LINK = re.compile(r"http://\S+/#/(setup|invite)/(\S+)")


class Person:
    """Somebody at a browser: keeps the cookie, sends what the page sends."""

    def __init__(self, server, key=None):
        self.server, self.cookie, self.key, self.user = server, None, key, None
        self.host = f"127.0.0.1:{server.port}"

    def headers(self):
        if self.key:
            return {"Authorization": f"Bearer {self.key}"}
        mine = {"Origin": f"http://{self.host}", "x-tiro-request": "1", "Host": self.host}
        return {**mine, "Cookie": self.cookie} if self.cookie else mine

    def ask(self, method, path, body=None, headers=None, **more):
        sent = {**self.headers(), **(headers or {}), **more}
        status, got, data = self.server.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
        if cookie := got.get("Set-Cookie"):
            self.set_cookie = cookie
            self.cookie = cookie.split(";")[0]
        try:
            return status, json.loads(data)
        except ValueError:
            return status, data

    def good(self, *arguments, **more):
        status, answer = self.ask(*arguments, **more)
        assert status == 200, answer
        return answer

    def refused(self, status, *arguments, **more):
        got, answer = self.ask(*arguments, **more)
        assert got == status, (got, answer)
        return answer["error"]["message"]

    def join(self, token, login, password=PASSWORD):
        self.user = self.good("POST", "/v1/tiro/join", {"token": token, "login": login, "password": password})
        return self

    def sign_in(self, login, password=PASSWORD):
        self.user = self.good("POST", "/v1/tiro/sign_in", {"login": login, "password": password})
        return self

    def client(self):
        key = self.good("POST", "/v1/tiro/keys", {"name": "test"})["key"]
        return openai.OpenAI(base_url=self.server.url + "/v1", api_key=key, max_retries=0)


def link_in(text):
    return LINK.search(text).group(2)


def command(server, *arguments):
    return subprocess.run([PROGRAM, "people", *arguments, "--data", server.data], capture_output=True, text=True,
                          timeout=60)


@pytest.fixture(scope="module")
def guarded(start):
    return start("--default-model", CHAT, env={"TIRO_REQUIRE_SIGN_IN": "yes"})


@pytest.fixture(scope="module")
def owner(guarded):
    return Person(guarded).join(link_in(guarded.log()), "Olga")


def member(owner, login):
    token = owner.good("POST", "/v1/tiro/invites", {"note": login})["token"]
    return Person(owner.server).join(token, login)


@pytest.fixture(scope="module")
def ann(owner):
    return member(owner, "ann")


@pytest.fixture(scope="module")
def bob(owner):
    return member(owner, "bob")


# ---- The first owner ----

def test_before_there_is_an_owner_nothing_opens_but_the_door(start):
    server = start(env={"TIRO_REQUIRE_SIGN_IN": "yes"})
    who = Person(server)
    for method, path in (("GET", "/v1/models"), ("GET", "/v1/tiro/chats"), ("GET", "/metrics"), ("GET", "/v1/tiro/status"),
                         ("GET", "/v1/tiro/users"), ("POST", "/v1/tiro/owner_link"), ("GET", "/v1/tiro/me/export"),
                         ("POST", "/v1/chat/completions")):
        assert "no owner yet" in who.refused(401, method, path)
    assert who.ask("GET", "/health")[0] == 200
    assert who.ask("GET", "/")[0] == 200
    me = who.good("GET", "/v1/tiro/me")
    assert (me["signed_in"], me["setup"], me["people"], me["user"]) == ("nobody", True, False, None)
    first = link_in(server.log())
    # Another one takes its place.
    second = link_in(command(server, "link").stdout)
    assert "not good any more" in who.refused(404, "POST", "/v1/tiro/join/look", {"token": first})
    assert who.good("POST", "/v1/tiro/join/look", {"token": second})["kind"] == "owner"
    assert "at least 10" in who.refused(400, "POST", "/v1/tiro/join", {"token": second, "login": "o", "password": "short"})
    assert "Choose a name" in who.refused(400, "POST", "/v1/tiro/join", {"token": second, "password": PASSWORD})
    assert "Invalid 'login'" in who.refused(400, "POST", "/v1/tiro/join",
                                            {"token": second, "login": "a b", "password": PASSWORD})
    who.join(second, "owner")
    assert who.user["role"] == "owner"
    assert "not good any more" in Person(server).refused(404, "POST", "/v1/tiro/join",
                                                         {"token": second, "login": "x", "password": PASSWORD})
    assert command(server, "link").returncode == 1
    assert who.good("GET", "/v1/models")["data"]
    assert "owner" in command(server).stdout


def test_what_was_made_on_this_machine_before_is_the_owners(start, tmp_path):
    server = start()
    chat = Person(server).good("POST", "/v1/tiro/chats", {"title": "Before"})["id"]
    owner = Person(server).join(link_in(command(server, "link").stdout), "olga")
    assert owner.good("GET", f"/v1/tiro/chats/{chat}")["chat"]["title"] == "Before"
    # On loopback the machine's own user still needs nothing, and is the owner; others are not.
    assert Person(server).good("GET", f"/v1/tiro/chats/{chat}")
    assert Person(server).good("GET", "/v1/tiro/me")["signed_in"] == "local"
    ann = member(owner, "ann")
    ann.refused(404, "GET", f"/v1/tiro/chats/{chat}")
    assert "not signed in" in Person(server).refused(401, "GET", "/v1/models", headers={"X-Forwarded-For": "192.0.2.1"})


def test_beyond_loopback(tmp_path):
    data = model_folder(tmp_path)
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", "--host", "0.0.0.0", "--port", "0", "--data", data],
                                   stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        port = urllib.parse.urlsplit(process.stdout.readline()).port
        def ask(path, **headers):
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            c.request("GET", path, headers=headers)
            answer = c.getresponse()
            return answer.status, answer.read()
        assert ask("/v1/models")[0] == 401
        assert ask("/v1/models", Authorization="Bearer nothing")[0] == 401
        assert ask("/health")[0] == 200
        assert ask("/")[0] == 200
        until = time.monotonic() + 10
        while not (found := LINK.search((tmp_path / "log").read_text())):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert f":{port}/#/setup/" in found.group(0) and "0.0.0.0" not in found.group(0)
    finally:
        process.terminate()
        assert process.wait(60) == 0
        process.stdout.close()


# ---- Signing in ----

def test_sessions(owner, ann):
    browser = Person(owner.server)
    assert browser.ask("POST", "/v1/tiro/sign_in", {"login": "ann", "password": "wrong"})[0] == 401
    browser.sign_in("ANN")  # Whatever its case.
    assert re.fullmatch(r"tiro_session=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=7776000",
                        browser.set_cookie)
    me = browser.good("GET", "/v1/tiro/me")
    assert (me["signed_in"], me["user"]["login"], me["owner"]) == ("session", "ann", False)
    sessions = browser.good("GET", "/v1/tiro/sessions")["data"]
    assert len(sessions) == 2 and sum(s["current"] for s in sessions) == 1
    assert sessions[0]["address"] == "127.0.0.1"
    other = next(s["id"] for s in sessions if s["current"])
    ann.good("DELETE", f"/v1/tiro/sessions/{other}")
    browser.refused(401, "GET", "/v1/models")
    again = Person(owner.server).sign_in("ann")
    old = again.cookie
    again.good("POST", "/v1/tiro/sign_out")
    assert "Max-Age=0" in again.set_cookie
    again.cookie = old
    again.refused(401, "GET", "/v1/models")


def test_a_secure_page_gets_a_secure_cookie(guarded, ann):
    browser = Person(guarded)
    host = {"Host": "chat.example", "Origin": "https://chat.example"}
    browser.refused(403, "POST", "/v1/tiro/sign_in", {"login": "ann", "password": PASSWORD}, headers=host)
    assert "not a name" in browser.refused(403, "GET", "/health", headers={"Host": "chat.example"})
    secure = {"Origin": f"https://{browser.host}"}
    browser.good("POST", "/v1/tiro/sign_in", {"login": "ann", "password": PASSWORD}, headers=secure)
    assert browser.set_cookie.startswith("__Host-tiro_session=") and browser.set_cookie.endswith("; Secure")
    assert browser.good("GET", "/v1/tiro/me", headers=secure)["user"]["login"] == "ann"


@pytest.mark.parametrize("headers, words", [
    ({"Origin": "http://evil.example"}, "origin"),
    ({"Origin": "http://127.0.0.1:1"}, "another address"),
    ({"Origin": "null"}, "origin"),
    ({"Origin": None}, "header Origin"),
    ({"x-tiro-request": None}, "x-tiro-request"),
    ({"x-tiro-request": "2"}, "x-tiro-request"),
    ({"Sec-Fetch-Site": "cross-site"}, "another address"),
    ({"Sec-Fetch-Site": "same-site"}, "another address"),
])
def test_a_session_is_of_use_to_our_page_only(ann, headers, words):
    before = ann.good("GET", "/v1/tiro/chats")
    for method, path in (("POST", "/v1/tiro/chats"), ("POST", "/v1/tiro/sign_out"), ("DELETE", "/v1/tiro/me?login=ann")):
        assert words in ann.refused(403, method, path, {} if method == "POST" else None, headers=headers)
    assert ann.good("GET", "/v1/tiro/chats") == before
    if "Sec-Fetch-Site" in headers:
        assert words in ann.refused(403, "GET", "/v1/tiro/chats", headers=headers)


def test_signing_in_is_not_for_other_pages(guarded, ann):
    them = Person(guarded)
    body = {"login": "ann", "password": PASSWORD}
    assert "another address" in them.refused(403, "POST", "/v1/tiro/sign_in", body,
                                             headers={"Origin": "http://127.0.0.1:1"})
    assert them.ask("POST", "/v1/tiro/sign_in", json.dumps(body), headers={"Content-Type": "text/plain"})[0] == 415


def test_tries_are_counted(owner):
    member(owner, "guessed")
    them = Person(owner.server)
    wrong = {"login": "guessed", "password": "not this one at all"}
    for _ in range(10):
        them.refused(401, "POST", "/v1/tiro/sign_in", wrong)
    status, headers, data = them.server.request("POST", "/v1/tiro/sign_in", wrong, them.headers())
    assert status == 429 and 1 <= int(headers["retry-after"]) <= 60
    # The right one has to wait, too; others are not held up.
    them.refused(429, "POST", "/v1/tiro/sign_in", {"login": "guessed", "password": PASSWORD})
    Person(owner.server).sign_in("olga")


def test_passwords_change(owner):
    who = member(owner, "carla")
    elsewhere = Person(owner.server).sign_in("carla")
    new = {"current_password": PASSWORD, "password": "another horse battery"}
    who.refused(403, "POST", "/v1/tiro/me", {**new, "current_password": "wrong"})
    assert "too easy" in who.refused(400, "POST", "/v1/tiro/me", {**new, "password": "aaaaaaaaaaaa"})
    who.good("POST", "/v1/tiro/me", {**new, "name": "Carla C."})
    elsewhere.refused(401, "GET", "/v1/models")
    assert who.good("GET", "/v1/tiro/me")["user"]["name"] == "Carla C."
    who.refused(401, "POST", "/v1/tiro/sign_in", {"login": "carla", "password": PASSWORD})
    Person(owner.server).sign_in("carla", "another horse battery")
    token = owner.good("POST", f"/v1/tiro/users/{who.user['id']}/reset")["token"]
    look = Person(owner.server).good("POST", "/v1/tiro/join/look", {"token": token})
    assert (look["kind"], look["login"]) == ("reset", "carla")
    Person(owner.server).good("POST", "/v1/tiro/join", {"token": token, "password": "a third horse battery"})
    who.refused(401, "GET", "/v1/models")
    Person(owner.server).sign_in("carla", "a third horse battery")
    assert link_in(command(owner.server, "reset", "carla").stdout)


# ---- Roles ----

def test_members_do_not_rule(owner, ann, bob):
    bobs = bob.user["id"]
    for method, path, body in (
            ("GET", "/v1/tiro/users", None), ("GET", "/v1/tiro/invites", None), ("POST", "/v1/tiro/invites", {}),
            ("POST", f"/v1/tiro/users/{bobs}", {"role": "member"}), ("POST", f"/v1/tiro/users/{ann.user['id']}", {"role": "owner"}),
            ("POST", f"/v1/tiro/users/{bobs}/reset", None), ("DELETE", f"/v1/tiro/users/{bobs}", None),
            ("DELETE", "/v1/models/a:b", None), ("POST", "/v1/tiro/owner_link", None)):
        ann.refused(403, method, path, body)
    key = Person(owner.server, owner.good("POST", "/v1/tiro/keys", {"name": "of the owner"})["key"])
    for method, path, body in (("GET", "/v1/tiro/users", None), ("POST", "/v1/tiro/keys", {"name": "k"}),
                               ("GET", "/v1/tiro/sessions", None), ("DELETE", "/v1/tiro/me?login=olga", None)):
        key.refused(403, method, path, body)


def test_owners_keep_people_out(owner):
    who = member(owner, "dora")
    key = Person(owner.server, who.good("POST", "/v1/tiro/keys", {"name": "k"})["key"])
    assert key.good("GET", "/v1/models")["data"]
    owner.good("POST", f"/v1/tiro/users/{who.user['id']}", {"state": "disabled"})
    who.refused(401, "GET", "/v1/models")
    key.refused(401, "GET", "/v1/models")
    who.refused(401, "POST", "/v1/tiro/sign_in", {"login": "dora", "password": PASSWORD})
    owner.good("POST", f"/v1/tiro/users/{who.user['id']}", {"state": "active"})
    who.sign_in("dora")
    assert "last owner" in owner.refused(403, "POST", f"/v1/tiro/users/{owner.user['id']}", {"role": "member"})
    assert "last owner" in owner.refused(403, "DELETE", "/v1/tiro/me?login=olga")
    assert owner.good("GET", "/v1/tiro/me")["owner"]


def test_invitations(owner):
    made = owner.good("POST", "/v1/tiro/invites", {"note": "for Eve", "role": "owner"})
    listed = owner.good("GET", "/v1/tiro/invites")["data"]
    assert any(i["id"] == made["id"] and i["note"] == "for Eve" for i in listed)
    assert "token" not in listed[0]
    owner.good("DELETE", f"/v1/tiro/invites/{made['id']}")
    Person(owner.server).refused(404, "POST", "/v1/tiro/join",
                                 {"token": made["token"], "login": "eve", "password": PASSWORD})
    token = owner.good("POST", "/v1/tiro/invites", {})["token"]
    them = Person(owner.server)
    assert "taken" in them.refused(409, "POST", "/v1/tiro/join", {"token": token, "login": "Olga", "password": PASSWORD})
    them.join(token, "eve")  # The link is still good.
    assert them.user["role"] == "member"


def test_keys(owner, ann):
    made = ann.good("POST", "/v1/tiro/keys", {"name": "editor"})
    assert made["key"].startswith("sk-tiro-") and made["key"].endswith(made["hint"][-4:])
    with openai.OpenAI(base_url=owner.server.url + "/v1", api_key=made["key"], max_retries=0) as client:
        assert client.models.list().data
        chat = client.post("/tiro/chats", body={"title": "By a program"}, cast_to=object)["id"]
    assert ann.good("GET", f"/v1/tiro/chats/{chat}")["chat"]["title"] == "By a program"
    listed = ann.good("GET", "/v1/tiro/keys")["data"]
    assert all("key" not in k for k in listed)
    ann.good("DELETE", f"/v1/tiro/keys/{made['id']}")
    assert "Incorrect API key" in Person(owner.server, made["key"]).refused(401, "GET", "/v1/models")
    for i in range(32 - len(ann.good("GET", "/v1/tiro/keys")["data"])):
        ann.good("POST", "/v1/tiro/keys", {"name": str(i)})
    assert "32 API keys" in ann.refused(400, "POST", "/v1/tiro/keys", {"name": "one more"})
    for k in ann.good("GET", "/v1/tiro/keys")["data"]:
        ann.good("DELETE", f"/v1/tiro/keys/{k['id']}")


# ---- Nobody reaches what is another's ----

def belongings(client, text):
    """One of each kind; the paths where it can be seen, and what lists it."""
    chat = client.post("/tiro/chats", body={"title": text}, cast_to=object)["id"]
    client.post(f"/tiro/chats/{chat}/messages", body={"role": "user", "content": text}, cast_to=object)
    folder = client.post("/tiro/folders", body={"name": text}, cast_to=object)["id"]
    memory = client.post("/tiro/memory", body={"text": text}, cast_to=object)["id"]
    preset = client.post("/tiro/presets", body={"name": text}, cast_to=object)["id"]
    share = client.post(f"/tiro/chats/{chat}/shares", body={}, cast_to=object)
    home = client.conversations.create(metadata={"label": text}, items=[{"role": "user", "content": text}])
    kept = client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": text}], store=True,
                                          max_completion_tokens=2, metadata={"label": text})
    response = client.responses.create(model=CHAT, input=text, max_output_tokens=16, metadata={"label": text})
    file = client.files.create(file=(f"{text}.txt", (text + " is the word. ").encode() * 50), purpose="assistants")
    store = client.vector_stores.create(name=text)
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    body = {"model": CHAT, "messages": [{"role": "user", "content": text}], "max_tokens": 2}
    line = {"custom_id": "line-1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    lines = client.files.create(file=("in.jsonl", json.dumps(line).encode()), purpose="batch")
    batch = client.batches.create(input_file_id=lines.id, endpoint="/v1/chat/completions", completion_window="24h",
                                  metadata={"label": text})
    upload = client.uploads.create(filename=f"{text}.up", bytes=9, mime_type="text/plain", purpose="user_data")
    client.uploads.parts.create(upload.id, data=b"part")
    return {
        "one": [f"/v1/tiro/chats/{chat}", f"/v1/conversations/{home.id}", f"/v1/conversations/{home.id}/items",
                f"/v1/chat/completions/{kept.id}", f"/v1/chat/completions/{kept.id}/messages",
                f"/v1/responses/{response.id}", f"/v1/responses/{response.id}/input_items", f"/v1/files/{file.id}",
                f"/v1/files/{file.id}/content", f"/v1/vector_stores/{store.id}", f"/v1/vector_stores/{store.id}/files",
                f"/v1/vector_stores/{store.id}/files/{file.id}", f"/v1/batches/{batch.id}", f"/v1/tiro/folders/{folder}", f"/v1/tiro/presets/{preset}"],
        "change": [("POST", f"/v1/tiro/folders/{folder}", {"name": "mine"}), ("DELETE", f"/v1/tiro/folders/{folder}", None),
                   ("DELETE", f"/v1/tiro/memory/{memory}", None), ("DELETE", f"/v1/tiro/presets/{preset}", None),
                   ("DELETE", f"/v1/tiro/shares/{share['id']}", None), ("POST", f"/v1/tiro/chats/{chat}/shares", {}),
                   ("POST", f"/v1/tiro/chats/{chat}", {"title": "mine"}), ("DELETE", f"/v1/tiro/chats/{chat}", None),
                   ("POST", f"/v1/conversations/{home.id}", {"metadata": {}}), ("DELETE", f"/v1/conversations/{home.id}", None),
                   ("DELETE", f"/v1/chat/completions/{kept.id}", None), ("DELETE", f"/v1/responses/{response.id}", None),
                   ("POST", f"/v1/responses/{response.id}/cancel", None), ("DELETE", f"/v1/files/{file.id}", None),
                   ("DELETE", f"/v1/vector_stores/{store.id}", None), ("POST", f"/v1/batches/{batch.id}/cancel", None),
                   ("POST", f"/v1/vector_stores/{store.id}/search", {"query": text}),
                   ("POST", f"/v1/uploads/{upload.id}/cancel", None)],
        "share": share, "response": response.id, "conversation": home.id, "store": store.id, "file": file.id,
    }


LISTS = ["/v1/tiro/chats", "/v1/tiro/chats?search=SECRET", "/v1/chat/completions", "/v1/files", "/v1/vector_stores",
         "/v1/batches", "/v1/tiro/usage?by[]=day", "/v1/tiro/me/export"]


def test_nobody_sees_what_is_anothers(owner, ann, bob):
    with ann.client() as client:
        word = canary()
        hers = belongings(client, word)
    for them in (bob, owner):
        for path in hers["one"]:
            them.refused(404, "GET", path)
        for method, path, body in hers["change"]:
            them.refused(404, method, path, body)
        for path in LISTS:
            status, answer = them.ask("GET", path.replace("SECRET", word))
            assert status == 200 and word not in json.dumps(answer), path
        # Nor by any other way to ask for a list, whatever there is.
        described = them.good("GET", "/openapi.json")["paths"]
        open_lists = [path for path, of in described.items() if "get" in of and "{" not in path]
        assert len(open_lists) > 10
        for path in open_lists:
            assert word not in json.dumps(them.ask("GET", path)[1], default=str), path
        # Nor by a request that builds on it.
        assert them.ask("POST", "/v1/responses", {"model": CHAT, "input": "Hi", "previous_response_id": hers["response"]})[0] == 400
        them.refused(404, "POST", "/v1/responses", {"model": CHAT, "input": "Hi", "conversation": hers["conversation"]})
        them.refused(404, "POST", f"/v1/vector_stores/{hers['store']}/files", {"file_id": hers["file"]})
    for path in hers["one"]:
        assert ann.ask("GET", path)[0] == 200, path
    usage = {who.user["login"]: who.good("GET", "/v1/tiro/usage?by[]=user")["data"] for who in (owner, ann, bob)}
    assert [row["user"] for row in usage["ann"]] == [ann.user["id"]] and usage["bob"] == []
    assert ann.user["id"] in [row["user"] for row in usage["olga"]]


# ---- Taking along, and leaving ----

def test_export(owner, ann):
    who = member(owner, "fay")
    word = canary()
    with who.client() as client:
        belongings(client, word)
    status, headers, data = who.server.request("GET", "/v1/tiro/me/export", headers=who.headers())
    assert status == 200 and headers["content-disposition"] == 'attachment; filename="tiro.json"'
    taken = json.loads(data)
    for kind in ("chats", "chat_messages", "conversations", "items", "responses", "completions", "files",
                 "vector_stores", "batches", "usage", "sign_ins"):
        assert taken[kind], kind
    assert word in json.dumps(taken["chats"]) and word in json.dumps(taken["chat_messages"])
    assert word in json.dumps(taken["items"]) and word in json.dumps(taken["files"])
    assert "argon2" not in json.dumps(taken)


@pytest.mark.skipif(bool(POSTGRES), reason="PostgreSQL has files of its own: docs/how-to/retention.md")
def test_who_leaves_is_gone(owner):
    who = member(owner, "gone-" + canary()[:8].lower())
    login, word = who.user["login"], canary()
    with who.client() as client:
        token = belongings(client, word)["share"]["token"]
    anybody = Person(owner.server)
    assert anybody.good("GET", f"/v1/tiro/shared/{token}")
    assert files_with(owner.server, word)
    assert "nothing was deleted" in who.refused(400, "DELETE", "/v1/tiro/me?login=somebody")
    who.good("DELETE", f"/v1/tiro/me?login={login}")
    who.refused(401, "GET", "/v1/models")
    anybody.refused(404, "GET", f"/v1/tiro/shared/{token}")
    Person(owner.server).refused(401, "POST", "/v1/tiro/sign_in", {"login": login, "password": PASSWORD})
    end = time.monotonic() + 100  # The batch may have been at work; the sweep is every 10 s.
    while left := files_with(owner.server, word) + files_with(owner.server, login) + files_with(owner.server, who.user["id"]):
        assert time.monotonic() < end, left
        time.sleep(0.5)
    assert login not in json.dumps(owner.good("GET", "/v1/tiro/users"))


def test_an_owner_deletes_somebody(owner):
    who = member(owner, "hugo")
    owner.good("DELETE", f"/v1/tiro/users/{who.user['id']}")
    who.refused(401, "GET", "/v1/models")
    again = member(owner, "hugo")  # The name is free.
    assert again.user["id"] != who.user["id"] and again.good("GET", "/v1/tiro/chats")["data"] == []


# ---- What is kept ----

def test_no_secret_is_in_a_file(owner):
    who = member(owner, "ivan")
    key = who.good("POST", "/v1/tiro/keys", {"name": "k"})["key"]
    token = owner.good("POST", "/v1/tiro/invites", {})["token"]
    for secret in (key, token, who.cookie.split("=")[1], PASSWORD):
        assert not files_with(owner.server, secret)


def test_sessions_outlive_a_restart_and_end_in_time(start):
    server = start(env={"TIRO_REQUIRE_SIGN_IN": "yes"})
    owner = Person(server).join(link_in(server.log()), "olga")
    server.stop()
    from server import Server
    again = Server(server.data, env={"TIRO_REQUIRE_SIGN_IN": "yes"})
    try:
        assert not LINK.search(again.log())
        owner.server, owner.host = again, f"127.0.0.1:{again.port}"
        assert owner.good("GET", "/v1/tiro/me")["user"]["login"] == "olga"
    finally:
        again.stop()
    for old in ("created_at = created_at - 7776000", "seen_at = seen_at - 1209600"):
        again.database.change(f"UPDATE people_tokens SET {old}")
        later = Server(server.data, env={"TIRO_REQUIRE_SIGN_IN": "yes"})
        try:
            owner.server, owner.host = later, f"127.0.0.1:{later.port}"
            owner.refused(401, "GET", "/v1/tiro/sessions")
            owner.sign_in("olga")
        finally:
            later.stop()


def test_the_command_line_stays_as_it_was(owner):
    done = subprocess.run([PROGRAM, "ps", "--data", owner.server.data], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and CHAT in done.stdout
    done = command(owner.server, "--json")
    assert json.loads(done.stdout)["data"][0]["login"] == "olga"
    assert command(owner.server, "reset", "nobody-at-all").returncode == 1
    assert link_in(command(owner.server, "invite", "for somebody").stdout)
