"""Responses that last, through the official client: read again, gone on from, in the background, resumed,
cancelled, deleted; and over the end of the server."""
import json
import time

import openai
import pytest

from server import CHAT, Server, model_folder

LONG = "Tell me a long story about a river."  # As long as it may be, in all of these tests.
ENDS_S = 240  # 600 tokens, on a busy machine.


def ask(client, **more):
    return client.responses.create(**{"model": CHAT, "input": "Name two rivers.", "max_output_tokens": 16,
                                      "extra_body": {"seed": 1}, **more})


def until_ended(client, id):
    end = time.monotonic() + ENDS_S
    while time.monotonic() < end:
        response = client.responses.retrieve(id)
        if response.status not in ("queued", "in_progress"):
            return response
        time.sleep(0.05)
    raise AssertionError(f"{id} does not end")


def refused(call, status, code=None):
    with pytest.raises(openai.APIStatusError) as caught:
        call()
    assert (caught.value.status_code, caught.value.code) == (status, code), caught.value
    return caught.value


def test_is_kept_until_it_is_deleted(client):
    response = ask(client)
    assert client.responses.retrieve(response.id) == response
    client.responses.delete(response.id)
    for call in (client.responses.retrieve, client.responses.delete, client.responses.cancel,
                 client.responses.input_items.list):
        error = refused(lambda call=call: call(response.id), 404)
        assert f"Response with id '{response.id}' not found." in error.message


def test_is_not_kept_unasked(client):
    response = ask(client, store=False)
    assert response.store is False
    refused(lambda: client.responses.retrieve(response.id), 404)


def test_its_input_by_pages(client):
    texts = [f"text {i}" for i in range(5)]
    response = ask(client, input=[{"role": "user", "content": text} for text in texts])
    found = list(client.responses.input_items.list(response.id, limit=2, order="asc"))
    assert [item.content[0].text for item in found] == texts
    assert [item.id for item in client.responses.input_items.list(response.id)] == [i.id for i in found[::-1]]
    page = client.responses.input_items.list(response.id, after=found[3].id, order="asc")
    assert [item.id for item in page.data] == [found[4].id] and not page.has_more
    refused(lambda: client.responses.input_items.list(response.id, after="msg_none"), 400, "invalid_value")


def test_goes_on_from_another(client):
    first = ask(client, instructions="You know rivers.")
    second = ask(client, input="And two more.", previous_response_id=first.id)
    third = ask(client, input="The longest?", previous_response_id=second.id)
    assert third.previous_response_id == second.id
    assert second.usage.input_tokens > first.usage.output_tokens
    assert third.usage.input_tokens > second.usage.input_tokens
    # What came before is in the prefix cache.
    assert third.usage.input_tokens_details.cached_tokens >= 16
    # As if all of it had been sent.
    told = ask(client, store=False, input=[
        {"role": "user", "content": "Name two rivers."}, {"role": "assistant", "content": first.output_text},
        {"role": "user", "content": "And two more."}])
    assert told.output_text == second.output_text
    error = refused(lambda: ask(client, previous_response_id="resp_none"), 400, "previous_response_not_found")
    assert error.param == "previous_response_id"
    assert "Previous response with id 'resp_none' not found." in error.message
    client.responses.delete(first.id)
    refused(lambda: ask(client, previous_response_id=second.id), 400, "previous_response_not_found")


def test_belongs_to_a_conversation(client):
    conversation = client.conversations.create()
    first = ask(client, conversation=conversation.id)
    second = ask(client, input="And two more.", conversation={"id": conversation.id})
    assert second.conversation.id == conversation.id
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.role for item in items] == ["user", "assistant"] * 2
    assert [item.content[0].text for item in items] == ["Name two rivers.", first.output_text,
                                                        "And two more.", second.output_text]
    refused(lambda: ask(client, conversation=conversation.id, previous_response_id=first.id), 400,
            "invalid_value")
    error = refused(lambda: ask(client, conversation="conv_none"), 404)
    assert "Conversation with id 'conv_none' not found." in error.message


def test_refers_to_items(client):
    first = ask(client)
    reference = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "Why?"}]
    second = ask(client, input=reference)
    items = list(client.responses.input_items.list(second.id, order="asc"))
    assert items[0].content[0].text == first.output_text
    error = refused(lambda: ask(client, input=[{"type": "item_reference", "id": "msg_none"}]), 404)
    assert "Item with id 'msg_none' not found." in error.message
    error = refused(lambda: ask(client, input=[first.output[0].to_dict()] * 2), 400, "invalid_value")
    assert "same id" in error.message


def test_is_compacted_and_goes_on(client):
    first = ask(client)
    compacted = client.responses.compact(model=CHAT, previous_response_id=first.id, input="And two more.")
    assert [item.type for item in compacted.output] == ["compaction"]
    brought = [item.to_dict() for item in compacted.output]
    on = ask(client, input=[*brought, {"role": "user", "content": "Why?"}], store=False)
    told = ask(client, store=False, input=[
        {"role": "user", "content": "Name two rivers."}, {"role": "assistant", "content": first.output_text},
        {"role": "user", "content": "And two more."}, {"role": "user", "content": "Why?"}])
    assert on.output_text == told.output_text
    brought[0]["encrypted_content"] = brought[0]["encrypted_content"][:-4] + "AAAA"
    error = refused(lambda: ask(client, input=brought), 400, "invalid_value")
    assert "could not be verified" in error.message


def test_in_the_background(client):
    response = ask(client, background=True)
    assert response.status == "queued" and response.output == []
    ended = until_ended(client, response.id)
    assert ended.status in ("completed", "incomplete") and ended.background
    assert ended.output_text == ask(client).output_text
    assert client.responses.cancel(response.id) == ended  # Too late, and no error.
    refused(lambda: ask(client, background=True, store=False), 400, "invalid_value")


def test_is_cancelled(client):
    response = ask(client, input=LONG, background=True, max_output_tokens=4000)
    cancelled = client.responses.cancel(response.id)
    assert cancelled.status == "cancelled" and cancelled.completed_at is None
    assert client.responses.cancel(response.id) == cancelled
    assert client.responses.retrieve(response.id) == cancelled
    # It can be gone on from, with what there was.
    ask(client, previous_response_id=response.id)
    error = refused(lambda: client.responses.cancel(ask(client).id), 400, "invalid_value")
    assert "Cannot cancel a synchronous response" in error.message


def test_is_deleted_while_it_is_made(client):
    response = ask(client, input=LONG, background=True, max_output_tokens=4000)
    client.responses.delete(response.id)
    refused(lambda: client.responses.retrieve(response.id), 404)


def test_a_client_that_hangs_up_cancels(client):
    with ask(client, input=LONG, stream=True, max_output_tokens=4000) as stream:
        id = next(iter(stream)).response.id
    assert until_ended(client, id).status == "cancelled"


def test_a_stream_is_resumed_anywhere(client):
    with ask(client, input=LONG, stream=True, background=True, max_output_tokens=64) as stream:
        events = [event.to_json() for event, _ in zip(stream, range(10))]
    id = json.loads(events[0])["response"]["id"]
    numbers = [json.loads(event)["sequence_number"] for event in events]
    assert numbers == list(range(10))
    rest = [event.to_json() for event in client.responses.retrieve(id, stream=True, starting_after=9)]
    whole = [event.to_json() for event in client.responses.retrieve(id, stream=True)]
    assert events + rest == whole
    assert json.loads(whole[-1])["response"] == client.responses.retrieve(id).to_dict()
    end = len(whole) - 1
    assert list(client.responses.retrieve(id, stream=True, starting_after=end)) == []
    assert [e.to_json() for e in client.responses.retrieve(id, stream=True, starting_after=end - 1)] == whole[-1:]


def test_two_read_the_same_stream(client):
    response = ask(client, input=LONG, background=True, max_output_tokens=64)
    one, two = (client.responses.retrieve(response.id, stream=True) for _ in range(2))
    assert [e.to_json() for e in one] == [e.to_json() for e in two]


def test_a_cancelled_stream_is_made_again_as_far_as_it_went(client):
    with ask(client, input=LONG, stream=True, background=True, max_output_tokens=4000) as stream:
        events = []
        for event in stream:
            events.append(event.to_json())
            if len(events) == 8:
                client.responses.cancel(event.response.id if hasattr(event, "response") else
                                        json.loads(events[0])["response"]["id"])
    id = json.loads(events[0])["response"]["id"]
    assert "completed" not in events[-1]  # It just stops.
    assert [e.to_json() for e in client.responses.retrieve(id, stream=True)] == events


@pytest.fixture
def again(tmp_path):
    """start() -> a server over the same data each time."""
    data, running = model_folder(tmp_path / "data"), []

    def start():
        running.append(Server(data, ("--default-model", CHAT)))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()


def client_of(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="unused", max_retries=0)


def test_survives_a_kill(again):
    server = again()
    stream = ask(client_of(server), input=LONG, stream=True, max_output_tokens=400)
    events = [event.to_json() for event, _ in zip(stream, range(20))]
    waits = ask(client_of(server), background=True, input=LONG, max_output_tokens=200)
    server.process.kill()
    server.process.wait()
    client = client_of(again())
    assert client.responses.retrieve(waits.id).status in ("queued", "in_progress", "incomplete")
    id = json.loads(events[0])["response"]["id"]
    rest = [event.to_json() for event in client.responses.retrieve(id, stream=True, starting_after=19)]
    assert events + rest == [event.to_json() for event in client.responses.retrieve(id, stream=True)]
    plain = ask(client, input=LONG, max_output_tokens=400, store=False)
    assert client.responses.retrieve(id).output_text == plain.output_text
    assert until_ended(client, waits.id).status in ("incomplete", "completed")


def test_survives_an_upgrade(again):
    """The server is stopped as an administrator does it, and a newer one takes over."""
    server = again()
    waits = ask(client_of(server), background=True, input=LONG, max_output_tokens=600)
    server.stop()
    ended = until_ended(client_of(again()), waits.id)
    assert ended.status in ("incomplete", "completed") and ended.usage.output_tokens > 0


def test_what_it_was_based_on_is_gone(again):
    """A response whose history was deleted before it could end says so, once."""
    server = again()
    first = ask(client_of(server))
    waits = ask(client_of(server), previous_response_id=first.id, input=LONG, background=True,
                max_output_tokens=2000)
    client_of(server).responses.delete(first.id)
    server.process.kill()
    server.process.wait()
    ended = until_ended(client_of(again()), waits.id)
    assert ended.status == "failed" and first.id in ended.error.message
