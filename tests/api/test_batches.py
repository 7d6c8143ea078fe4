"""Batches through the official client."""
import time

import openai
import pytest

import batch_file
from conftest import CHAT, CODE, EMBED, Server, model_folder

CHATS, TEXTS, EMBEDDINGS = "/v1/chat/completions", "/v1/completions", "/v1/embeddings"


def chat(i, **more):
    return batch_file.line(f"chat-{i}", CHATS, {
        "model": CHAT, "messages": [{"role": "user", "content": f"Say {i}."}], "max_completion_tokens": 4, **more})


def text(i, **more):
    return batch_file.line(f"text-{i}", TEXTS, {
        "model": CHAT, "prompt": f"Number {i} is", "max_tokens": 4, **more})


def run(client, lines, url, **more):
    return batch_file.wait(client, batch_file.create(client, batch_file.upload(client, lines), url, **more))


def check_books(server, batch, found):
    read, made = batch_file.usage(found)
    assert (batch.usage.input_tokens, batch.usage.output_tokens) == (read, made)
    assert batch.usage.total_tokens == read + made
    assert batch_file.booked(server.database, batch.id) == (len(found), read, made)


def test_chats(client, server):
    lines = [chat(i) for i in range(40)] + [chat(40, temperature=9)]
    batch = run(client, lines, CHATS, metadata={"of": "mine"})
    assert batch.status == "completed" and batch.model == CHAT and batch.metadata == {"of": "mine"}
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert batch.expires_at == batch.created_at + 24 * 3600
    found = batch_file.read(client, batch)
    assert set(found) == {f"chat-{i}" for i in range(41)}
    assert all(found[f"chat-{i}"]["response"]["body"]["choices"][0]["message"]["content"] for i in range(40))
    wrong = found["chat-40"]["response"]
    assert wrong["status_code"] == 400 and wrong["body"]["error"]["param"] == "temperature"
    check_books(server, batch, found)
    for file in (batch.output_file_id, batch.error_file_id):
        assert client.files.retrieve(file).purpose == "batch_output"


def test_a_line_says_what_a_request_with_its_seed_says(client):
    batch = run(client, [text(i, temperature=1.5) for i in range(8)] + [text(8, seed=7)], TEXTS)
    found = batch_file.read(client, batch)
    said = {key: one["response"]["body"]["choices"][0]["text"] for key, one in found.items()}
    for i in range(8):
        alone = client.completions.create(
            model=CHAT, prompt=f"Number {i} is", max_tokens=4, temperature=1.5,
            seed=batch_file.seed(batch.id, f"text-{i}"))
        assert alone.choices[0].text == said[f"text-{i}"]
    alone = client.completions.create(model=CHAT, prompt="Number 8 is", max_tokens=4, seed=7)
    assert alone.choices[0].text == said["text-8"]


def test_embeddings(client, server):
    lines = [batch_file.line(f"e-{i}", EMBEDDINGS, {"model": EMBED, "input": [f"text {i}", "two"]}) for i in range(30)]
    batch = run(client, lines, EMBEDDINGS)
    found = batch_file.read(client, batch)
    one = client.embeddings.create(model=EMBED, input="text 3", encoding_format="float").data[0].embedding
    assert found["e-3"]["response"]["body"]["data"][0]["embedding"] == one
    check_books(server, batch, found)


def test_a_model_that_is_not_loaded_yet(start):
    server = start()
    with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
        lines = [batch_file.line(f"t-{i}", TEXTS, {"model": CODE, "prompt": "a", "max_tokens": 1}) for i in range(80)]
        batch = run(client, lines, TEXTS)
        assert batch.request_counts.completed == 80


def test_cancel(client, server):
    lines = [chat(i, max_completion_tokens=200) for i in range(400)]
    batch = batch_file.create(client, batch_file.upload(client, lines), CHATS)
    while client.batches.retrieve(batch.id).request_counts.completed < 2:
        time.sleep(0.05)
    assert client.batches.cancel(batch.id).status in ("cancelling", "cancelled")
    batch = batch_file.wait(client, batch)
    assert batch.status == "cancelled" and batch.cancelled_at
    found = batch_file.read(client, batch)
    assert len(found) == 400
    assert found["chat-399"]["error"]["code"] == "batch_cancelled"
    read, made = batch_file.usage(found)
    assert batch_file.booked(server.database, batch.id) == (batch.request_counts.completed, read, made)
    with pytest.raises(openai.BadRequestError):
        done = run(client, [chat(0)], CHATS)
        client.batches.cancel(done.id)


def test_bad_file(client):
    lines = [chat(0), "no JSON", chat(0), batch_file.line("x", TEXTS, {"model": CHAT})]
    batch = run(client, lines, CHATS)
    assert batch.status == "failed" and batch.failed_at and batch.request_counts.total == 0
    assert [(e.code, e.line) for e in batch.errors.data] == [
        ("invalid_json_line", 2), ("duplicate_custom_id", 3), ("url_mismatch", 4)]
    assert batch.output_file_id is None and batch.error_file_id is None
    batch = run(client, [chat(0, model="nobody")], CHATS)
    assert batch.errors.data[0].code == "model_not_found"


def test_refused_at_once(client):
    with pytest.raises(openai.NotFoundError) as error:
        batch_file.create(client, "file-none", CHATS)
    assert error.value.body["message"] == "No such File object: file-none"
    other = client.files.create(file=("a.txt", b"a"), purpose="user_data").id
    with pytest.raises(openai.BadRequestError) as error:
        batch_file.create(client, other, CHATS)
    assert error.value.body["param"] == "input_file_id"
    with pytest.raises(openai.NotFoundError) as error:
        client.batches.retrieve("batch_none")
    assert error.value.body["message"] == "No batch found with id 'batch_none'."
    for field, value in (("endpoint", "/v1/none"), ("completion_window", "1h"), ("metadata", {"a": 1}),
                         ("output_expires_after", {"anchor": "created_at", "seconds": 3599})):
        with pytest.raises(openai.BadRequestError) as error:
            client.post("/batches", cast_to=object, body={
                "input_file_id": "file-x", "endpoint": CHATS, "completion_window": "24h", field: value})
        assert error.value.body["param"].startswith(field)


def test_list(client):
    made = [run(client, [text(i)], TEXTS).id for i in range(3)]
    listed = [one.id for one in client.batches.list(limit=2)]  # Follows the pages.
    assert listed[:3] == made[::-1]
    page = client.batches.list(after=made[2], limit=1)
    assert [one.id for one in page.data] == [made[1]] and page.has_more


def test_files_of_a_batch_expire(client):
    batch = run(client, [text(0)], TEXTS, output_expires_after={"anchor": "created_at", "seconds": 3600})
    file = client.files.retrieve(batch.output_file_id)
    assert file.expires_at == file.created_at + 3600


def test_restart_in_the_middle(tmp_path):
    server = Server(model_folder(tmp_path / "data"), ("--default-model", CHAT))
    with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
        lines = [text(i) for i in range(300)]
        batch = batch_file.create(client, batch_file.upload(client, lines), TEXTS)
        while client.batches.retrieve(batch.id).request_counts.completed < 20:
            time.sleep(0.02)
    server.stop()
    again = Server(server.data, ("--default-model", CHAT))
    try:
        with openai.OpenAI(base_url=again.url + "/v1", api_key="unused") as client:
            batch = batch_file.wait(client, batch)
            found = batch_file.read(client, batch)
            assert batch.status == "completed" and len(found) == 300
            check_books(again, batch, found)
    finally:
        again.stop()


def test_responses(client, server):
    url = "/v1/responses"
    lines = [batch_file.line(f"r-{i}", url, {"model": CHAT, "input": f"Say {i}.", "max_output_tokens": 16, **more})
             for i, more in enumerate([{}, {"store": True}, {"seed": 3}, {"previous_response_id": "resp_none"}])]
    batch = run(client, lines, url)
    found = batch_file.read(client, batch)
    for i in range(3):
        body = found[f"r-{i}"]["response"]["body"]
        assert body.get("object") == "response", body
        assert body["store"] is False
        with pytest.raises(openai.NotFoundError):  # It stands in the file alone.
            client.responses.retrieve(body["id"])
    assert found["r-3"]["response"]["status_code"] in (400, 404)
    alone = client.responses.create(model=CHAT, input="Say 0.", max_output_tokens=16, store=False,
                                    extra_body={"seed": batch_file.seed(batch.id, "r-0")})
    assert alone.output_text == found["r-0"]["response"]["body"]["output"][0]["content"][0]["text"]
    check_books(server, batch, found)
