"""Conversations by the official client: life, items, pages; what was acknowledged outlives a kill."""
import openai
import pytest

from server import Server


def message(text, role="user"):
    return {"type": "message", "role": role, "content": text}


@pytest.fixture
def conversation(client):
    return client.conversations.create(metadata={"topic": "tea"}, items=[message("one")])


def test_life(client, conversation):
    assert conversation.id.startswith("conv_") and conversation.object == "conversation"
    assert conversation.metadata == {"topic": "tea"}
    assert client.conversations.retrieve(conversation.id) == conversation
    changed = client.conversations.update(conversation.id, metadata={"topic": "coffee", "x": "y"})
    assert changed.metadata == {"topic": "coffee", "x": "y"} and changed.created_at == conversation.created_at
    deleted = client.conversations.delete(conversation.id)
    assert deleted.deleted and deleted.object == "conversation.deleted" and deleted.id == conversation.id
    for call in (client.conversations.retrieve, client.conversations.delete, client.conversations.items.list):
        with pytest.raises(openai.NotFoundError) as caught:
            call(conversation.id)
        assert caught.value.body["message"] == f"Conversation with id '{conversation.id}' not found."


def test_items(client, conversation):
    items = client.conversations.items
    added = items.create(conversation.id, items=[
        message("two", "assistant"),
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "7"},
    ])
    assert [one.type for one in added.data] == ["message", "function_call", "function_call_output"]
    assert added.data[0].content[0].type == "output_text" and added.data[0].status == "completed"
    assert added.first_id == added.data[0].id and added.last_id == added.data[2].id and not added.has_more
    everything = list(items.list(conversation.id, order="asc"))
    assert everything[1:] == added.data
    assert everything[0].content[0].text == "one" and everything[0].content[0].type == "input_text"
    assert items.retrieve(added.data[1].id, conversation_id=conversation.id) == added.data[1]
    left = items.delete(added.data[1].id, conversation_id=conversation.id)
    assert left.id == conversation.id and left.object == "conversation"
    assert [one.type for one in items.list(conversation.id, order="asc")] == [
        "message", "message", "function_call_output"]
    with pytest.raises(openai.NotFoundError):
        items.retrieve(added.data[1].id, conversation_id=conversation.id)


def test_pages(client, conversation):
    items = client.conversations.items
    for start in range(0, 40, 20):
        items.create(conversation.id, items=[message(str(i)) for i in range(start, start + 20)])
    texts = ["one", *map(str, range(40))]
    for order, expected in (("asc", texts), ("desc", texts[::-1])):
        page = items.list(conversation.id, order=order, limit=7)
        assert len(page.data) == 7 and page.has_more
        assert [one.content[0].text for one in page] == expected  # The client turns the pages.
    with pytest.raises(openai.BadRequestError) as caught:
        items.create(conversation.id, items=[message("x")] * 21)
    assert caught.value.code == "array_above_max_length" and caught.value.param == "items"
    with pytest.raises(openai.BadRequestError) as caught:
        items.list(conversation.id, after="msg_none")
    assert caught.value.param == "after"


def test_an_empty_one(client):
    empty = client.conversations.create()
    assert empty.metadata == {}
    assert client.conversations.items.list(empty.id).data == []


def test_outlives_a_kill(start):
    first = start()
    with openai.OpenAI(base_url=first.url + "/v1", api_key="unused", max_retries=0) as client:
        made = client.conversations.create(metadata={"a": "b"}, items=[message("kept")])
        gone = client.conversations.create(items=[message("gone")])
        client.conversations.delete(gone.id)
    first.kill()
    second = Server(first.data)
    try:
        with openai.OpenAI(base_url=second.url + "/v1", api_key="unused", max_retries=0) as client:
            assert client.conversations.retrieve(made.id) == made
            assert [one.content[0].text for one in client.conversations.items.list(made.id)] == ["kept"]
            with pytest.raises(openai.NotFoundError):
                client.conversations.retrieve(gone.id)
    finally:
        second.stop()
