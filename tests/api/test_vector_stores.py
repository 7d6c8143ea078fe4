"""Vector stores: files become chunks and vectors, searches find them, filters hold, and what was
deleted, killed or restarted is as the database says."""
import os
import signal
import time

import openai
import pytest

from documents import encrypted_pdf
from http_server import eventually
from server import CODE, EMBED, Server, model_folder

# One file each: what it is about, and a question whose words are mostly others.
FACTS = {
    "volcano.md": ("# Volcanoes\n\nMolten rock rises from the mantle and collects in a magma chamber. When the "
                   "pressure grows too great, lava breaks through the crust of the earth.",
                   "why does hot liquid stone come out of a mountain?"),
    "bread.txt": ("To bake sourdough, mix flour, water and starter, let the dough ferment over night, and bake "
                  "it in a very hot oven until the crust is dark.",
                  "recipe for a loaf with natural leaven"),
    "chess.txt": ("In chess the bishop moves along diagonals, the rook along ranks and files, and the knight "
                  "jumps in the shape of an L.",
                  "which figure of the board game hops over others?"),
    "tides.txt": ("The gravity of the moon pulls on the oceans and makes the water rise and fall twice a day.",
                  "what causes the sea level to change every few hours?"),
    "guitar.txt": ("A guitar has six strings, tuned to E, A, D, G, B and E. Pressing a string behind a fret "
                   "raises its pitch.",
                   "how do I play a higher note on this instrument?"),
}
CODE_NAME = "zyxomma-4711"  # A word that means nothing to a model: only words find it.


def upload(client, name, text):
    return client.files.create(file=(name, text.encode()), purpose="assistants")


@pytest.fixture(scope="module")
def facts(client):
    """(store, {file name: id}), searchable."""
    ids = {name: upload(client, name, text).id for name, (text, _) in FACTS.items()}
    store = client.vector_stores.create(name="facts", metadata={"about": "facts"})
    batch = client.vector_stores.file_batches.create_and_poll(
        store.id, files=[{"file_id": id, "attributes": {"name": name, "length": len(FACTS[name][0]),
                                                         "long": len(FACTS[name][0]) > 120}}
                         for name, id in ids.items()])
    assert batch.status == "completed"
    assert batch.file_counts.completed == batch.file_counts.total == len(FACTS)
    return store, ids


def found(client, store, query, **more):
    page = client.vector_stores.search(store.id, query=query, **more)
    return [result.filename for result in page.data]


def test_each_question_finds_its_file(client, facts):
    store, ids = facts
    for name, (text, question) in FACTS.items():
        results = client.vector_stores.search(store.id, query=question).data
        assert results[0].filename == name and results[0].file_id == ids[name]
        assert results[0].content[0].text == text
        assert results[0].attributes["name"] == name
        scores = [r.score for r in results]
        assert scores == sorted(scores, reverse=True) and 0 < scores[0] <= 1


def test_the_store_says_what_is_in_it(client, facts):
    store, ids = facts
    now = client.vector_stores.retrieve(store.id)
    assert now.status == "completed" and now.file_counts.completed == len(FACTS)
    assert now.usage_bytes == sum(f.usage_bytes for f in client.vector_stores.files.list(store.id))
    assert now.usage_bytes > sum(len(text) for text, _ in FACTS.values())
    file = client.vector_stores.files.retrieve(ids["chess.txt"], vector_store_id=store.id)
    assert file.status == "completed" and file.last_error is None
    assert file.chunking_strategy.static.max_chunk_size_tokens == 510  # What all-minilm-l6-v2 can read.
    assert file.attributes["name"] == "chess.txt"


def test_several_queries_at_once(client, facts):
    store, _ = facts
    queries = [FACTS["chess.txt"][1], FACTS["bread.txt"][1]]
    page = client.vector_stores.search(store.id, query=queries, max_num_results=2)
    assert {r.filename for r in page.data} == {"chess.txt", "bread.txt"}


@pytest.mark.parametrize("filters, names", [
    ({"type": "eq", "key": "name", "value": "bread.txt"}, {"bread.txt"}),
    ({"type": "ne", "key": "name", "value": "bread.txt"}, set(FACTS) - {"bread.txt"}),
    ({"type": "in", "key": "name", "value": ["bread.txt", "chess.txt"]}, {"bread.txt", "chess.txt"}),
    ({"type": "nin", "key": "name", "value": ["bread.txt", "chess.txt"]},
     set(FACTS) - {"bread.txt", "chess.txt"}),
    ({"type": "gt", "key": "length", "value": 120}, {n for n, (t, _) in FACTS.items() if len(t) > 120}),
    ({"type": "lte", "key": "length", "value": 120}, {n for n, (t, _) in FACTS.items() if len(t) <= 120}),
    ({"type": "eq", "key": "long", "value": True}, {n for n, (t, _) in FACTS.items() if len(t) > 120}),
    ({"type": "gte", "key": "name", "value": "tides.txt"}, {"tides.txt", "volcano.md"}),
    ({"type": "eq", "key": "nothing", "value": 1}, set()),
    ({"type": "and", "filters": [
        {"type": "eq", "key": "long", "value": True},
        {"type": "or", "filters": [{"type": "eq", "key": "name", "value": "bread.txt"},
                                   {"type": "eq", "key": "name", "value": "tides.txt"}]}]}, {"bread.txt"}),
])
def test_filters(client, facts, filters, names):
    store, _ = facts
    # Every file has something in common with a query of all of them.
    everything = [question for _, question in FACTS.values()]
    results = client.vector_stores.search(store.id, query=everything, filters=filters, max_num_results=50)
    assert {r.filename for r in results.data} == names


def test_a_threshold_leaves_out_what_is_far(client, facts):
    store, _ = facts
    question = FACTS["volcano.md"][1]
    all_of_them = client.vector_stores.search(store.id, query=question).data
    limit = all_of_them[0].score - 1e-4
    near = client.vector_stores.search(store.id, query=question,
                                       ranking_options={"score_threshold": limit}).data
    assert [r.filename for r in near] == ["volcano.md"]


def test_words_find_what_vectors_cannot(client):
    store = client.vector_stores.create(name="words")
    texts = [f"Part number {n} lies in shelf {n}, beside the other parts." for n in range(20)]
    texts[13] = f"Part {CODE_NAME} lies in shelf 13, beside the other parts."
    for n, text in enumerate(texts):
        client.vector_stores.files.create(store.id, file_id=upload(client, f"part{n}.txt", text).id)
    for file in list(client.vector_stores.files.list(store.id, limit=100)):
        client.vector_stores.files.poll(file.id, vector_store_id=store.id)
    words = {"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}
    results = client.vector_stores.search(store.id, query=CODE_NAME, extra_body={"ranking_options": words}).data
    assert [r.filename for r in results] == ["part13.txt"]
    assert found(client, store, f"where is {CODE_NAME}?")[0] == "part13.txt"
    client.vector_stores.delete(store.id)


def test_a_long_file_is_cut_and_put_together_again(client):
    text = "\n".join(f"Paragraph {n}: the number {n * n} is the square of {n}, as everybody can work out."
                     for n in range(300))
    store = client.vector_stores.create()
    file = client.vector_stores.files.create_and_poll(
        upload(client, "squares.txt", text).id, vector_store_id=store.id,
        chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": 100,
                                                          "chunk_overlap_tokens": 50}})
    assert file.status == "completed"
    assert file.chunking_strategy.static.max_chunk_size_tokens == 100
    parts = [p.text for p in client.vector_stores.files.content(file.id, vector_store_id=store.id)]
    assert "".join(parts) == text
    results = client.vector_stores.search(store.id, query="the number 62001", max_num_results=50).data
    assert 1 < len(results) <= 50
    assert all(r.content[0].text in text for r in results)
    best = client.vector_stores.search(store.id, query="Paragraph 249: the number 62001").data[0]
    assert "62001" in best.content[0].text
    client.vector_stores.delete(store.id)


def test_deleted_files_are_not_found(client, server):
    store = client.vector_stores.create()
    ids = [upload(client, f"{n}.txt", f"Secret {n}: the door opens to the word {word}.").id
           for n, word in enumerate(("marigold", "tungsten", "harmonica"))]
    client.vector_stores.file_batches.create_and_poll(store.id, file_ids=ids)
    assert len(found(client, store, "which word opens the door?")) == 3
    deleted = client.vector_stores.files.delete(ids[1], vector_store_id=store.id)
    assert deleted.deleted and deleted.object == "vector_store.file.deleted"
    assert set(found(client, store, "tungsten, which word opens the door?")) == {"0.txt", "2.txt"}
    with pytest.raises(openai.NotFoundError, match="No file found with id"):
        client.vector_stores.files.retrieve(ids[1], vector_store_id=store.id)
    client.files.delete(ids[0])
    assert set(found(client, store, "marigold, which word opens the door?")) == {"2.txt"}
    assert client.vector_stores.retrieve(store.id).file_counts.total == 1
    assert client.vector_stores.delete(store.id).deleted
    with pytest.raises(openai.NotFoundError, match=f"Vector store with id '{store.id}' not found."):
        client.vector_stores.search(store.id, query="harmonica")


def test_attributes_change_what_filters_find(client):
    store = client.vector_stores.create()
    file = upload(client, "a.txt", "Apples are red, green or yellow.")
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id, attributes={"kind": "old"})
    only = lambda kind: found(client, store, "apples", filters={"type": "eq", "key": "kind", "value": kind})
    assert only("old") == ["a.txt"] and only("new") == []
    changed = client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"kind": "new"})
    assert changed.attributes == {"kind": "new"}
    assert only("old") == [] and only("new") == ["a.txt"]
    client.vector_stores.delete(store.id)


def test_a_file_without_text_fails_and_says_why(client):
    store = client.vector_stores.create()
    file = client.vector_stores.files.create_and_poll(upload(client, "blank.txt", " \n ").id,
                                                      vector_store_id=store.id)
    assert file.status == "failed" and file.last_error.code == "invalid_file"
    assert "no text" in file.last_error.message
    locked = client.files.create(file=("locked.pdf", encrypted_pdf("a password")), purpose="assistants")
    locked = client.vector_stores.files.create_and_poll(locked.id, vector_store_id=store.id)
    assert locked.status == "failed" and locked.last_error.code == "invalid_file"
    assert locked.last_error.message == "This PDF is encrypted; save it without a password and upload it again."
    failed = list(client.vector_stores.files.list(store.id, filter="failed"))
    assert {f.id for f in failed} == {file.id, locked.id}
    assert list(client.vector_stores.files.list(store.id, filter="completed")) == []
    assert client.vector_stores.retrieve(store.id).file_counts.failed == 2
    client.vector_stores.delete(store.id)


def test_the_text_of_a_page_is_what_is_searched(client):
    store = client.vector_stores.create()
    page = "<html><head><style>p { color: red }</style></head><body><p>Otters hold hands.</p></body></html>"
    file = client.vector_stores.files.create_and_poll(upload(client, "otters.html", page).id,
                                                      vector_store_id=store.id)
    assert file.status == "completed"
    best = client.vector_stores.search(store.id, query="animals that sleep side by side").data[0]
    assert best.content[0].text == "Otters hold hands."
    client.vector_stores.delete(store.id)


def test_lists_have_pages(client):
    stores = [client.vector_stores.create(name=f"page{n}") for n in range(5)]
    page = client.vector_stores.list(limit=2)
    assert [s.id for s in page.data] == [stores[4].id, stores[3].id] and page.has_more
    rest = client.vector_stores.list(limit=2, after=page.data[-1].id)
    assert [s.id for s in rest.data] == [stores[2].id, stores[1].id]
    assert [s.id for s in client.vector_stores.list(order="asc", limit=100).data][-5:] == [s.id for s in stores]
    for one in stores:
        client.vector_stores.delete(one.id)


def test_update_and_expiry(client):
    store = client.vector_stores.create(name="old", metadata={"a": "1"},
                                        expires_after={"anchor": "last_active_at", "days": 7})
    assert store.expires_at == store.last_active_at + 7 * 24 * 3600
    changed = client.vector_stores.update(store.id, name="new", metadata={"b": "2"})
    assert changed.name == "new" and changed.metadata == {"b": "2"} and changed.expires_after.days == 7
    client.vector_stores.delete(store.id)


@pytest.mark.parametrize("body, param", [
    ({"query": ""}, "query"),
    ({"query": []}, "query"),
    ({"query": "x", "max_num_results": 51}, "max_num_results"),
    ({"query": "x", "max_num_results": 0}, "max_num_results"),
    ({"query": "x", "rewrite_query": True}, "rewrite_query"),
    ({"query": "x", "filters": {"type": "like", "key": "a", "value": 1}}, "filters"),
    ({"query": "x", "filters": {"type": "eq", "key": "a"}}, "filters.value"),
    ({"query": "x", "filters": {"type": "and", "filters": []}}, "filters"),
    ({"query": "x", "ranking_options": {"score_threshold": 2}}, "ranking_options.score_threshold"),
])
def test_wrong_searches_are_refused(client, facts, body, param):
    store, _ = facts
    with pytest.raises(openai.BadRequestError) as error:
        client.post(f"/vector_stores/{store.id}/search", body=body, cast_to=object)
    assert error.value.param == param


def test_deep_filters_are_refused(client, facts):
    store, _ = facts
    filters = {"type": "eq", "key": "a", "value": 1}
    for _ in range(15):
        filters = {"type": "and", "filters": [filters]}
    found(client, store, "x", filters=filters)
    with pytest.raises(openai.BadRequestError, match="nested more than 16 deep"):
        found(client, store, "x", filters={"type": "or", "filters": [filters]})


def test_missing_files_and_wrong_chunks_are_refused(client, facts):
    store, ids = facts
    with pytest.raises(openai.NotFoundError, match="No such File object: file-none"):
        client.vector_stores.files.create(store.id, file_id="file-none")
    some = ids["bread.txt"]
    for size, overlap in ((99, 0), (4097, 0), (200, 101), (600, 0)):
        with pytest.raises(openai.BadRequestError):
            client.vector_stores.files.create(
                store.id, file_id=some,
                chunking_strategy={"type": "static", "static": {"max_chunk_size_tokens": size,
                                                                  "chunk_overlap_tokens": overlap}})


def test_a_response_searches_and_cites(client, facts):
    """The model is made to search; what it cites by number points to the file it came from."""
    store, ids = facts
    tool = {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 2,
            "filters": {"type": "in", "key": "name", "value": ["chess.txt", "bread.txt"]}}
    # Whatever a small model would rather say, the answer is held to one that cites.
    answer = {"format": {"type": "json_schema", "name": "cited", "strict": True, "schema": {
        "type": "object", "properties": {"fact": {"type": "string", "enum": ["It jumps [1]."]}},
        "required": ["fact"], "additionalProperties": False}}}
    response = client.responses.create(
        model=CODE, input="Which chess piece jumps over others?", tools=[tool],
        tool_choice={"type": "file_search"}, include=["file_search_call.results"], store=False,
        text=answer, max_output_tokens=200, temperature=0)
    call = response.output[0]
    assert call.type == "file_search_call" and call.status == "completed" and call.queries
    assert {r.filename for r in call.results} <= {"chess.txt", "bread.txt"} and call.results
    message = response.output[-1]
    text = message.content[0]
    citations = text.annotations
    assert [c.type for c in citations] == ["file_citation"]
    assert citations[0].file_id == call.results[0].file_id == ids[citations[0].filename]
    assert text.text[citations[0].index:].startswith("[1]")
    span = citations[0].model_extra["span"]
    source = FACTS[citations[0].filename][0].encode()
    assert source[span["start_byte"]:span["end_byte"]].decode() == call.results[0].text


def test_results_are_given_only_to_who_asks(client, facts):
    store, _ = facts
    tool = {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 1}
    events = list(client.responses.create(
        model=CODE, input="What makes the tides?", tools=[tool], tool_choice={"type": "file_search"},
        store=False, stream=True, max_output_tokens=200, temperature=0))
    types = [e.type for e in events]
    phases = [f"response.file_search_call.{p}" for p in ("in_progress", "searching", "completed")]
    assert [t for t in types if t in phases][:3] == phases
    call = events[-1].response.output[0]
    assert call.type == "file_search_call" and call.queries and call.results is None


def test_wrong_tools_are_refused(client):
    for wrong, param in (({"vector_store_ids": []}, "tools[0].vector_store_ids"),
                         ({"vector_store_ids": ["vs_x"], "filters": {"type": "eq"}}, "tools[0].filters.key"),
                         ({"vector_store_ids": ["vs_x"], "max_num_results": 51}, "tools[0].max_num_results")):
        with pytest.raises(openai.BadRequestError) as error:
            client.responses.create(model=CODE, input="x", tools=[{"type": "file_search", **wrong}], store=False)
        assert error.value.param == param


def test_the_index_comes_back_when_its_process_dies(client, server, facts):
    store, _ = facts
    question = FACTS["tides.txt"][1]
    before = client.vector_stores.search(store.id, query=question).data
    for _ in range(3):
        os.kill(server.worker("index"), signal.SIGKILL)
        end = time.monotonic() + 20
        while True:
            try:
                after = client.vector_stores.search(store.id, query=question).data
                break
            except openai.InternalServerError as error:  # It rests a moment after dying often.
                assert error.code == "worker_lost" and time.monotonic() < end
                time.sleep(0.1)
        assert after == before


def test_a_cancelled_batch_ends(client):
    store = client.vector_stores.create()
    text = "\n".join(f"Line {n} of a file that takes a while to read." for n in range(3000))
    ids = [upload(client, f"slow{n}.txt", text).id for n in range(4)]
    batch = client.vector_stores.file_batches.create(store.id, file_ids=ids)
    assert batch.status == "in_progress"
    cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert cancelled.status == "cancelled" and cancelled.file_counts.cancelled >= 3
    files = list(client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id))
    assert {f.status for f in files} <= {"cancelled", "completed"}
    time.sleep(0.5)
    again = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store.id)
    assert again.file_counts == cancelled.file_counts
    client.vector_stores.delete(store.id)


@pytest.mark.parametrize("how", ["cancelled", "removed"])
def test_what_it_used_is_booked(client, server, how):
    text = "\n".join(f"Line {n} of a file that takes a while to read." for n in range(3000))
    store, id = client.vector_stores.create(), upload(client, "slow.txt", text).id
    batch = client.vector_stores.file_batches.create(store.id, file_ids=[id])
    sql = server.database.sql
    seq = sql(f"SELECT seq FROM vector_files WHERE id = '{id}'")[0][0]
    eventually(lambda: sql(f"SELECT count(*) FROM vector_chunks WHERE file_seq = {seq}")[0][0] > 0, 120)
    if how == "cancelled":
        client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    else:
        client.vector_stores.files.delete(id, vector_store_id=store.id)
    booked = eventually(lambda: sql(f"SELECT status, prompt_tokens FROM ledger WHERE id = 'vsfile_{seq}'"), 120)
    assert booked[0][0] == 499 and booked[0][1] > 1000
    client.vector_stores.delete(store.id)


def test_work_goes_on_after_a_kill(tmp_path):
    """Files that were attached are searchable after a restart, each once."""
    data = model_folder(tmp_path / "data")
    text = "\n".join(f"Note {n}: the lighthouse keeper wrote {n} letters." for n in range(400))
    server = Server(data, ("--default-model", "smollm2-135m"))
    try:
        with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
            ids = [upload(client, f"notes{n}.txt", f"{text}\nEnd of volume {n}.").id for n in range(3)]
            store = client.vector_stores.create(file_ids=ids)
            while client.vector_stores.retrieve(store.id).file_counts.completed < 1:
                time.sleep(0.05)
    finally:
        server.process.kill()
        server.process.wait()
        server.tap.close()
    server = Server(data, ("--default-model", "smollm2-135m"))
    try:
        with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
            for id in ids:
                file = client.vector_stores.files.poll(id, vector_store_id=store.id)
                assert file.status == "completed"
                parts = client.vector_stores.files.content(id, vector_store_id=store.id)
                assert "".join(p.text for p in parts).count("Note 399:") == 1
            now = client.vector_stores.retrieve(store.id)
            assert now.file_counts.completed == now.file_counts.total == 3
            results = client.vector_stores.search(store.id, query="End of volume 2", max_num_results=50).data
            texts = [(r.file_id, r.content[0].text) for r in results]
            assert len(texts) == len(set(texts)) and any("End of volume 2." in t for _, t in texts)
    finally:
        server.stop()


def test_without_a_model_that_embeds_a_file_fails(tmp_path):
    data = model_folder(tmp_path / "data")
    (data / "models" / EMBED).unlink()
    server = Server(data)
    try:
        with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
            store = client.vector_stores.create()
            file = client.vector_stores.files.create_and_poll(upload(client, "a.txt", "Some text.").id,
                                                              vector_store_id=store.id)
            assert file.status == "failed" and file.last_error.code == "server_error"
            assert "no model that makes embeddings" in file.last_error.message
            assert client.vector_stores.search(store.id, query="text").data == []
    finally:
        server.stop()
