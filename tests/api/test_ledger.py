"""The ledger: what every request used, on disk before its answer ends, equal to what was told."""
import http.client
import json
import random
import threading
import time

import pytest

from conftest import CHAT, EMBED, Server, model_folder

ROW = "endpoint, model, status, prompt_tokens, cached_tokens, completion_tokens, core_us"
MESSAGES = [{"role": "user", "content": "Count from one to twenty in words."}]


def rows(server, where="1 = 1", table="ledger"):
    """By the request's id, as another process finds them on the disk."""
    found = server.database.sql(f"SELECT id, {ROW} FROM {table} WHERE {where}")
    return {row[0]: row[1:] for row in found}


def row_of(server, headers):
    """The request's only row: there already, for its answer has ended."""
    found = rows(server, f"id = '{headers['x-request-id']}'")
    assert len(found) == 1
    return found[headers["x-request-id"]]


def openai_usage(usage):
    cached = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return usage["prompt_tokens"], cached, usage.get("completion_tokens", 0)


def anthropic_usage(usage):
    cached = usage["cache_read_input_tokens"]
    return usage["input_tokens"] + cached, cached, usage["output_tokens"]


def chat(**fields):
    return "/v1/chat/completions", {"model": CHAT, "messages": MESSAGES, "max_tokens": 12, **fields}


def text(**fields):
    return "/v1/completions", {"model": CHAT, "prompt": "The sea is", "max_tokens": 9, **fields}


def message(**fields):
    return "/v1/messages", {"model": CHAT, "messages": MESSAGES, "max_tokens": 12, **fields}


def vectors(**fields):
    return "/v1/embeddings", {"model": EMBED, "input": ["one", "two three"], **fields}


WHOLE = [chat(), chat(n=3, temperature=1), chat(max_tokens=1), text(), text(n=2, best_of=3),
         text(prompt=["a", "b c", "d e f"]), text(echo=True, max_tokens=0), message(), vectors(),
         vectors(input="x " * 200)]


@pytest.mark.parametrize("path, body", WHOLE)
def test_whole_answers(server, path, body):
    status, headers, data = server.request("POST", path, body)
    assert status == 200
    told = (anthropic_usage if path == "/v1/messages" else openai_usage)(json.loads(data)["usage"])
    endpoint, model, status, *tokens, core_us = row_of(server, headers)
    assert (endpoint, model, status) == (path, body["model"], 200)
    assert tuple(tokens) == told and core_us > 0


STREAMS = [chat(), chat(n=2), text(), text(prompt=["a", "b"])]


@pytest.mark.parametrize("path, body", STREAMS)
@pytest.mark.parametrize("asked", [True, False])
def test_streams(server, path, body, asked):
    body = {**body, "stream": True, "stream_options": {"include_usage": asked}}
    status, headers, data = server.request("POST", path, body)
    events = data.decode().removesuffix("\n\n").split("\n\n")
    assert status == 200 and events.pop() == "data: [DONE]"
    endpoint, model, status, *tokens, core_us = row_of(server, headers)
    assert (endpoint, model, status) == (path, CHAT, 200) and core_us > 0
    last = json.loads(events[-1].removeprefix("data: "))
    if asked:
        assert tuple(tokens) == openai_usage(last["usage"])
    else:
        assert "usage" not in last and tokens[0] > 0 and tokens[2] > 0


def test_message_stream(server):
    path, body = message(stream=True)
    status, headers, data = server.request("POST", path, body)
    assert status == 200
    events = [json.loads(event.split("data: ", 1)[1])
              for event in data.decode().removesuffix("\n\n").split("\n\n")]
    delta = next(event for event in events if event["type"] == "message_delta")
    assert tuple(row_of(server, headers)[3:6]) == anthropic_usage(delta["usage"])


def test_what_uses_no_model_has_no_row(server):
    before = rows(server)
    server.request("GET", "/v1/models")
    server.request("POST", *chat(temperature=9))
    server.request("POST", "/v1/chat/completions", {"model": "none", "messages": MESSAGES})
    server.request("POST", "/v1/messages/count_tokens", {"model": CHAT, "messages": MESSAGES})
    assert rows(server) == before


def leave_after(server, path, body, seconds):
    """Begins a request and goes; its id, if its head was seen."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        if not body.get("stream"):
            time.sleep(seconds)
            return None
        answer = connection.getresponse()
        end = time.monotonic() + seconds
        while time.monotonic() < end and answer.read1(64):
            pass
        return answer.headers["x-request-id"]
    finally:
        connection.close()


def wait_for(check):
    end = time.monotonic() + 60
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def idle(server):
    _, _, data = server.request("GET", "/metrics")
    return "\ntiro_requests_open 1\n" in data.decode()  # This one.


def test_clients_that_leave(tmp_path):
    """At random moments, among others that stay: what was told is what was written."""
    server, dice = Server(model_folder(tmp_path)), random.Random(6)
    server.request("POST", *chat())
    told, lock, gone = {}, threading.Lock(), set()

    def one(seed):
        mine = random.Random(seed)
        path, body = mine.choice([chat, text])(stream=True, max_tokens=40, seed=seed)
        body["stream_options"] = {"include_usage": True}
        if mine.random() < 0.6:
            found = leave_after(server, path, body, mine.random())
            with lock:
                gone.add(found)
            return
        status, headers, data = server.request("POST", path, body)
        assert status == 200
        usage = json.loads(data.decode().split("\n\n")[-3].removeprefix("data: "))["usage"]
        with lock:
            told[headers["x-request-id"]] = openai_usage(usage)

    threads = [threading.Thread(target=one, args=(dice.randrange(1 << 30),)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: idle(server))
    wait_for(lambda: gone <= set(rows(server)))  # Nobody waits for the rows of those.
    found = rows(server)
    assert told and gone and all(tuple(found[i][3:6]) == usage for i, usage in told.items())
    left = [row for row in found.values() if row[2] == 499]
    assert left and all(row[3] > 0 for row in left)
    assert any(row[5] > 0 for row in left) and all(row[5] <= 40 for row in left)
    server.stop()
    assert rows(server) == found  # Nothing comes after.


def test_a_ledger_that_takes_nothing(tmp_path):
    """No answer without its row. With PostgreSQL, where another process can make it well again meanwhile, what
    was owed is written then (as tests/unit/gateway/test_books.c has it for both)."""
    server = Server(model_folder(tmp_path))
    server.request("POST", *chat())
    server.stop()
    server.database.change("ALTER TABLE ledger RENAME TO away")
    server = Server(tmp_path)
    for path, body in (chat(), text(), message(), vectors()):
        status, headers, data = server.request("POST", path, body)
        assert status == 503 and b"recorded" in data, data
        if path != "/v1/messages":
            assert json.loads(data)["error"]["code"] == "insufficient_storage"
        assert int(headers["retry-after"]) >= 1
    for path, body in (chat(stream=True), message(stream=True)):
        status, headers, data = server.request("POST", path, body)
        last = data.decode().removesuffix("\n\n").split("\n\n")[-1]
        assert status == 200 and "recorded" in last and "error" in last
        assert "[DONE]" not in data.decode() and "message_stop" not in data.decode()
    assert len(rows(server, table="away")) == 1
    _, _, data = server.request("GET", "/metrics")
    assert "\ntiro_ledger_owed 6\n" in data.decode() and "\ntiro_ledger_rows_total 0\n" in data.decode()
    live = server.database.url
    if not live:
        server.stop()
    server.database.change("ALTER TABLE away RENAME TO ledger")
    if not live:
        server = Server(tmp_path)
    server.request("POST", *text())
    wanted = [200, 200] + (6 * [503] if live else [])
    wait_for(lambda: sorted(row[2] for row in rows(server).values()) == wanted)
    server.stop()


def test_a_killed_server_forgets_nothing(tmp_path):
    server = Server(model_folder(tmp_path))
    told = {}
    for round_ in range(3):
        for _ in range(3):
            _, headers, data = server.request("POST", *text())
            told[headers["x-request-id"]] = openai_usage(json.loads(data)["usage"])
        server.process.kill()
        server.process.wait()
        server.tap.close()
        server = Server(tmp_path)
    assert {i: tuple(row[3:6]) for i, row in rows(server).items()} == told
    server.stop()
