"""Files and uploads with the official client."""
import hashlib
import os
import time

import openai
import pytest

from data_files import stored_bytes
from http_server import eventually
from server import Server, model_folder


@pytest.fixture
def clean(client, server):
    """A client whose project has no files, before and after; their bytes have gone, too."""
    for file in client.files.list():
        client.files.delete(file.id)
    eventually(lambda: not stored_bytes(server))
    yield client
    for file in client.files.list():
        client.files.delete(file.id)


def refused(call, *args, **kwargs):
    with pytest.raises(openai.APIStatusError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_files_life(clean, server):
    made = clean.files.create(file=("notes.md", b"# Notes\r\n\xff\0 any bytes"), purpose="user_data")
    assert made.id.startswith("file-") and made.object == "file" and made.status == "processed"
    assert (made.filename, made.bytes, made.purpose) == ("notes.md", 21, "user_data")
    assert abs(made.created_at - time.time()) < 60 and made.expires_at is None
    assert clean.files.retrieve(made.id) == made
    assert clean.files.content(made.id).read() == b"# Notes\r\n\xff\0 any bytes"
    assert clean.files.wait_for_processing(made.id) == made
    gone = clean.files.delete(made.id)
    assert gone.deleted and gone.id == made.id and gone.object == "file"
    for call in (clean.files.retrieve, clean.files.content, clean.files.delete):
        error = refused(call, made.id)
        assert isinstance(error, openai.NotFoundError)
        assert error.message.endswith(f"No such File object: {made.id}"), error.message
    eventually(lambda: not stored_bytes(server))


def test_the_same_bytes_lie_there_once_until_their_last_name_goes(clean, server):
    content = os.urandom(100_000)
    made = [clean.files.create(file=(f"{i}.bin", content), purpose="vision") for i in range(3)]
    for left in made:
        assert list(stored_bytes(server).values()) == [100_000]
        assert clean.files.content(left.id).read() == content
        clean.files.delete(left.id)
    eventually(lambda: not stored_bytes(server))


def test_an_empty_file(clean):
    made = clean.files.create(file=("empty", b""), purpose="evals")
    assert made.bytes == 0 and made.purpose == "evals"
    assert clean.files.content(made.id).read() == b""


def test_purposes_and_expiry(clean):
    for purpose in ("assistants", "batch", "fine-tune", "vision", "user_data", "evals"):
        made = clean.files.create(file=("x", b"x"), purpose=purpose)
        assert made.purpose == purpose
        kept = made.expires_at and made.expires_at - made.created_at
        assert kept == (30 * 86400 if purpose == "batch" else None)
    for seconds in (3600, 2592000):
        made = clean.files.create(file=("x", b"x"), purpose="batch",
                                  expires_after={"anchor": "created_at", "seconds": seconds})
        assert made.expires_at == made.created_at + seconds
    for bad, param in (({"anchor": "created_at", "seconds": 3599}, "expires_after.seconds"),
                       ({"anchor": "created_at", "seconds": 2592001}, "expires_after.seconds"),
                       ({"anchor": "last_active_at", "seconds": 3600}, "expires_after.anchor"),
                       ({"seconds": 3600}, "expires_after.anchor")):
        error = refused(clean.files.create, file=("x", b"x"), purpose="batch", expires_after=bad)
        assert error.status_code == 400 and error.param == param, error
    for bad in ("batch_output", "assistants_output", "nonsense", ""):
        error = refused(clean.files.create, file=("x", b"x"), purpose=bad)
        assert error.status_code == 400 and error.param == "purpose", error


def test_lists(clean):
    assert clean.files.list().data == [] and not clean.files.list().has_more
    made = [clean.files.create(file=(f"{i}", b"x" * i), purpose="batch" if i % 2 else "user_data").id
            for i in range(7)]
    newest = made[::-1]
    page = clean.files.list(limit=3)
    assert [f.id for f in page.data] == newest[:3] and page.has_more
    page = page.get_next_page()
    assert [f.id for f in page.data] == newest[3:6]
    assert [f.id for f in page.get_next_page().data] == newest[6:]
    assert [f.id for f in clean.files.list()] == newest  # 10,000 a page
    assert [f.id for f in clean.files.list(order="asc", limit=2)] == made  # all pages
    assert [f.id for f in clean.files.list(purpose="batch")] == newest[1::2]
    assert [f.id for f in clean.files.list(purpose="batch", after=newest[1])] == newest[3::2]
    assert clean.files.list(purpose="fine-tune").data == []
    assert clean.files.list(limit=10000).data
    for bad in ({"limit": 0}, {"limit": 10001}, {"order": "down"}, {"after": "file-nosuch"}):
        error = refused(clean.files.list, **bad)
        assert error.status_code == 400 and error.param == next(iter(bad)), error


def test_files_survive_a_restart(tmp_path):
    data = model_folder(tmp_path / "data")
    server = Server(data)
    with openai.OpenAI(base_url=server.url + "/v1", api_key="x") as client:
        made = client.files.create(file=("a.txt", b"still here"), purpose="user_data")
        upload = client.uploads.create(filename="b", bytes=4, mime_type="text/plain", purpose="user_data")
        first = client.uploads.parts.create(upload.id, data=b"ab")
    server.stop()
    server = Server(data)
    with openai.OpenAI(base_url=server.url + "/v1", api_key="x") as client:
        assert client.files.retrieve(made.id) == made
        assert client.files.content(made.id).read() == b"still here"
        second = client.uploads.parts.create(upload.id, data=b"cd")
        done = client.uploads.complete(upload.id, part_ids=[first.id, second.id])
        assert client.files.content(done.file.id).read() == b"abcd"
    server.stop()


def test_a_quota(tmp_path):
    server = Server(model_folder(tmp_path / "data"), env={"TIRO_FILE_MEGABYTES": "1"})
    with openai.OpenAI(base_url=server.url + "/v1", api_key="x", max_retries=0) as client:
        made = client.files.create(file=("a", os.urandom(1 << 20)), purpose="user_data")  # All of it.
        error = refused(client.files.create, file=("b", b"x"), purpose="user_data")
        assert error.status_code == 400 and error.code == "limit_exceeded" and "1048576" in error.message
        error = refused(client.uploads.create, filename="b", bytes=1, mime_type="", purpose="user_data")
        assert error.code == "limit_exceeded"
        client.files.delete(made.id)
        error = refused(client.files.create, file=("b", os.urandom((1 << 20) + 1)), purpose="user_data")
        assert error.code == "limit_exceeded"
        eventually(lambda: not stored_bytes(server))
        client.files.create(file=("b", b"x"), purpose="user_data")
    server.stop()


# ---- Uploads ----

def test_an_uploads_life(clean, server):
    content = os.urandom(300_000)
    upload = clean.uploads.create(filename="big.bin", bytes=len(content), mime_type="text/plain",
                                  purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 7200})
    assert upload.id.startswith("upload_") and upload.status == "pending" and upload.object == "upload"
    assert upload.expires_at == upload.created_at + 3600 and upload.file is None
    assert (upload.filename, upload.bytes, upload.purpose) == ("big.bin", 300_000, "fine-tune")
    cuts = [(200_000, 300_000), (0, 1), (1, 200_000)]  # In any order.
    parts = {cut: clean.uploads.parts.create(upload.id, data=content[slice(*cut)]) for cut in cuts}
    assert all(p.object == "upload.part" and p.upload_id == upload.id for p in parts.values())
    order = [parts[cut].id for cut in sorted(cuts)]
    for ids, md5 in ((order[:2], None), (order + order[:1], None), (order, hashlib.md5(b"other").hexdigest())):
        error = refused(clean.uploads.complete, upload.id, part_ids=ids, **({"md5": md5} if md5 else {}))
        assert error.status_code == 400 and error.param == ("md5" if md5 else "part_ids"), error
    done = clean.uploads.complete(upload.id, part_ids=order, md5=hashlib.md5(content).hexdigest().upper())
    assert done.status == "completed" and done.file.bytes == 300_000 and done.file.filename == "big.bin"
    assert done.file.purpose == "fine-tune" and done.file.expires_at == done.file.created_at + 7200
    assert clean.files.content(done.file.id).read() == content
    assert clean.files.retrieve(done.file.id) == done.file
    eventually(lambda: list(stored_bytes(server).values()) == [300_000])  # The parts are gone.
    for call in (lambda: clean.uploads.complete(upload.id, part_ids=order),
                 lambda: clean.uploads.cancel(upload.id),
                 lambda: clean.uploads.parts.create(upload.id, data=b"x")):
        error = refused(call)
        assert error.status_code == 400 and "is completed" in error.message, error


def test_a_cancelled_upload(clean, server):
    upload = clean.uploads.create(filename="../x/y.txt", bytes=5, mime_type="text/plain", purpose="user_data")
    assert upload.filename == "y.txt"
    part = clean.uploads.parts.create(upload.id, data=b"hello")
    assert clean.uploads.cancel(upload.id).status == "cancelled"
    eventually(lambda: not stored_bytes(server))
    assert "is cancelled" in refused(clean.uploads.complete, upload.id, part_ids=[part.id]).message


def test_what_is_not_there(clean):
    one, two = (clean.uploads.create(filename="x", bytes=1, mime_type="", purpose="user_data") for _ in range(2))
    part = clean.uploads.parts.create(one.id, data=b"x")
    error = refused(clean.uploads.complete, two.id, part_ids=[part.id])  # Another's.
    assert error.status_code == 404 and part.id in error.message
    for call in (lambda: clean.uploads.complete("upload_nosuch", part_ids=[part.id]),
                 lambda: clean.uploads.cancel("upload_nosuch"),
                 lambda: clean.uploads.parts.create("upload_nosuch", data=b"x")):
        error = refused(call)
        assert error.status_code == 404 and "No such Upload object: upload_nosuch" in error.message, error
    error = refused(clean.uploads.create, filename="x", bytes=(8 << 30) + 1, mime_type="", purpose="user_data")
    assert error.status_code == 400 and error.param == "bytes"
    most = clean.uploads.create(filename="x", bytes=8 << 30, mime_type="", purpose="user_data")
    assert clean.uploads.cancel(most.id).bytes == 8 << 30
    clean.uploads.cancel(one.id)  # Else its part stays for an hour.
    empty = clean.uploads.create(filename="x", bytes=0, mime_type="", purpose="user_data")
    assert clean.uploads.complete(empty.id, part_ids=[]).file.bytes == 0


def test_chunked_uploads_of_the_client(clean, tmp_path):
    path = tmp_path / "large.jsonl"
    path.write_bytes(os.urandom(3_000_000))
    done = clean.uploads.upload_file_chunked(file=path, mime_type="text/jsonl", purpose="batch",
                                             part_size=1_000_000)
    assert done.status == "completed" and done.file.filename == "large.jsonl"
    assert clean.files.content(done.file.id).read() == path.read_bytes()
