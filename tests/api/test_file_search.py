"""file_search while a response is made: the item, its events, the results, the citations."""
import openai
import pytest

from conftest import CODE

FACTS = ("The lighthouse of Skerry Point was built in 1874. Its keeper, Ada Quill, kept bees. "
         "The harbour below it freezes every third winter.")


@pytest.fixture(scope="module")
def store(client):
    file = client.files.create(file=("lighthouse.txt", FACTS.encode()), purpose="assistants")
    made = client.vector_stores.create(name="facts")
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=made.id, attributes={"kind": "fact"})
    return made.id


def ask(client, store, **fields):
    tool = {"type": "file_search", "vector_store_ids": [store], "max_num_results": 3, **fields.pop("tool", {})}
    return client.responses.create(**{
        "model": CODE, "input": "Who kept the lighthouse of Skerry Point?", "temperature": 0,
        "max_output_tokens": 200, "max_tool_calls": 1, "tools": [tool], "tool_choice": {"type": "file_search"}, **fields})


def test_it_is_searched_within_the_response(client, store):
    answer = ask(client, store, include=["file_search_call.results"])
    call, *_, message = answer.output
    assert call.type == "file_search_call" and call.status == "completed" and call.queries
    assert call.results and "Ada Quill" in call.results[0].text
    assert call.results[0].filename == "lighthouse.txt" and call.results[0].attributes == {"kind": "fact"}
    assert message.type == "message" and answer.output_text
    for one in message.content[0].annotations:
        assert one.type == "file_citation" and one.filename == "lighthouse.txt"
        assert answer.output_text[one.index:].startswith("[1]")


def test_results_are_shown_only_when_asked_for(client, store):
    assert ask(client, store).output[0].results is None


def test_as_a_stream(client, store):
    types = [event.type for event in ask(client, store, stream=True)]
    assert types[2:7] == ["response.output_item.added", "response.file_search_call.in_progress",
                          "response.file_search_call.searching", "response.file_search_call.completed",
                          "response.output_item.done"]
    assert types[-1] in ("response.completed", "response.incomplete")


def test_filters(client, store):
    other = {"filters": {"type": "eq", "key": "kind", "value": "fiction"}}
    assert ask(client, store, tool=other, include=["file_search_call.results"]).output[0].results == []


def test_a_store_that_is_not_there(client):
    answer = ask(client, "vs_none")
    assert answer.output[0].status == "failed"


def test_a_filter_that_is_none(client, store):
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, store, tool={"filters": {"type": "like", "key": "kind", "value": "x"}})
    assert refused.value.param.startswith("tools[0].filters")
