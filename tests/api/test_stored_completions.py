"""Chat completions with store: true, by the official client: read again, listed, relabelled, deleted; and
there, with their row of the ledger, as soon as the answer has ended."""
import json
import random
import threading
import time

import httpx2
import openai
import pytest

from server import CHAT, Server

HAIKU = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]


def ask(client, **more):
    return client.chat.completions.create(model=CHAT, messages=HAIKU, max_completion_tokens=6, temperature=0,
                                          store=True, **more)


def ledger(server):
    """(tokens of prompt, of completion) of all chats, oldest first."""
    return server.database.sql("SELECT prompt_tokens, completion_tokens FROM ledger "
                               "WHERE endpoint = '/v1/chat/completions' ORDER BY seq")


def test_read_again(client):
    answer = ask(client, metadata={"topic": "tea"}, logprobs=True)
    again = client.chat.completions.retrieve(answer.id)
    assert again.metadata == {"topic": "tea"}
    assert again.model_copy(update={"metadata": None}).to_dict(exclude_none=True) == answer.to_dict(exclude_none=True)
    changed = client.chat.completions.update(answer.id, metadata={"topic": "coffee"})
    assert changed.metadata == {"topic": "coffee"} and changed.choices == answer.choices
    deleted = client.chat.completions.delete(answer.id)
    assert deleted.deleted and deleted.object == "chat.completion.deleted"
    for call in (client.chat.completions.retrieve, client.chat.completions.delete,
                 client.chat.completions.messages.list):
        with pytest.raises(openai.NotFoundError) as caught:
            call(answer.id)
        assert caught.value.body["message"] == f"Chat completion with id '{answer.id}' not found."


def test_a_stream(client):
    with ask(client, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    kept = client.chat.completions.retrieve(chunks[0].id)
    assert kept.object == "chat.completion" and kept.choices[0].message.content == text
    assert kept.choices[0].finish_reason == "length" and kept.usage == chunks[-1].usage
    whole = ask(client)
    assert whole.choices == kept.choices  # The same answer, however it came.


def test_messages(client):
    answer = client.chat.completions.create(
        model=CHAT, max_completion_tokens=2, store=True,
        messages=[*HAIKU, {"role": "user", "name": "ann", "content": [{"type": "text", "text": "Now."}]}])
    listed = client.chat.completions.messages.list(answer.id)
    assert [one.id for one in listed.data] == [f"{answer.id}-{i}" for i in range(3)]
    assert [one.role for one in listed.data] == ["system", "user", "user"]
    assert [one.content for one in listed.data] == ["Be brief.", "Say hello.", None]
    assert listed.data[2].content_parts[0].text == "Now."
    page = client.chat.completions.messages.list(answer.id, limit=2, order="desc")
    assert [one.id for one in page] == [f"{answer.id}-{i}" for i in (2, 1, 0)]


def test_list(client):
    labels = [{"run": "list", "n": str(i)} for i in range(5)]
    made = [ask(client, metadata=one).id for one in labels]

    def ids(**query):
        return [one.id for one in client.chat.completions.list(**query)]

    assert ids(metadata={"run": "list"}, limit=2) == made
    assert ids(metadata={"run": "list"}, order="desc") == made[::-1]
    assert ids(metadata={"run": "list", "n": "3"}) == [made[3]]
    assert ids(metadata={"run": "list"}, model=CHAT, after=made[2]) == made[3:]
    assert ids(metadata={"run": "list"}, model="another") == []


def test_not_kept_unless_asked(client):
    answer = client.chat.completions.create(model=CHAT, messages=HAIKU, max_completion_tokens=1, metadata={"a": "b"})
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve(answer.id)


def test_there_when_the_answer_has_ended(start):
    """Killed the moment the answer is whole: the answer and its row of the ledger are on the disk."""
    server, usages = start("--default-model", CHAT), []
    for stream in (False, True):
        with openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0) as client:
            if stream:
                with ask(client, stream=True, stream_options={"include_usage": True}) as events:
                    *_, last = events
            else:
                last = ask(client)
        server.kill()
        usages.append((last.usage.prompt_tokens, last.usage.completion_tokens))
        assert ledger(server) == usages
        server = Server(server.data, ("--default-model", CHAT))
        try:
            with openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0) as client:
                assert client.chat.completions.retrieve(last.id).usage == last.usage
        except BaseException:
            server.stop()
            raise
    server.stop()


KILLS, CLIENTS, ENDED_S = 5, 3, 60


def ask_until_killed(server, ended, dice):
    with openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0) as client:
        try:
            while True:
                if dice.random() < 0.5:
                    last = ask(client)
                else:
                    with ask(client, stream=True, stream_options={"include_usage": True}) as events:
                        *_, last = events
                ended[last.id] = (last.usage.prompt_tokens, last.usage.completion_tokens)
        except (openai.APIError, httpx2.HTTPError):
            pass  # Killed.
        except ValueError:
            pass  # Before the first event of a stream.


def test_killed_at_any_moment(start):
    """What ended is kept; what is kept has its row of the ledger, with the usage that was told; no row else."""
    server, ended = start("--default-model", CHAT), {}
    for round in range(KILLS):
        clients = [threading.Thread(target=ask_until_killed, args=(server, ended, random.Random(f"{round} {i}")))
                   for i in range(CLIENTS)]
        before, end = len(ended), time.monotonic() + ENDED_S
        for one in clients:
            one.start()
        while len(ended) == before and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(random.Random(round).uniform(0, 0.5))
        server.kill()
        for one in clients:
            one.join()
        if round + 1 < KILLS:
            server = Server(server.data, ("--default-model", CHAT))
    server.database.wait_for_killed()
    sql = server.database.sql
    kept = {id: json.loads(body + "}")["usage"] for id, body in sql("SELECT id, open_body FROM completions")}
    rows = sql("SELECT prompt_tokens, completion_tokens FROM ledger WHERE status = 200")
    ((messages,),) = sql("SELECT COUNT(*) FROM items")
    usages = {id: (one["prompt_tokens"], one["completion_tokens"]) for id, one in kept.items()}
    assert len(ended) >= KILLS and ended.items() <= usages.items()
    assert sorted(rows) == sorted(usages.values()) and messages == len(HAIKU) * len(kept)
