"""Vector stores of the SDK's tests: each placeholder becomes one that is there, made for its test."""
import json
import re

import files

FILES = ["test_vector_stores.py", "vector_stores/test_files.py", "vector_stores/test_file_batches.py"]
JSON = "application/json"

server = None  # Set by run.py.


def make(path, **body):
    return files.ask("POST", path, json.dumps(body), JSON)


def new_store():
    return make("/v1/vector_stores")


def attach(store):
    return make(f"/v1/vector_stores/{store}/files", file_id=files.new_file())


def new_batch(store):
    return make(f"/v1/vector_stores/{store}/file_batches", file_ids=[files.new_file()])


def real_path(path):
    """The path with what its placeholders stand for."""
    store = new_store()
    path = re.sub(r"/(vs_abc123|vector_store_id)\b", f"/{store}", path)
    path = re.sub(r"/files/(file-abc123|file_id)\b", lambda _: f"/files/{attach(store)}", path)
    path = re.sub(r"/(vsfb_abc123|batch_id)\b", lambda _: f"/{new_batch(store)}", path)
    if "limit=0" not in path:
        return path
    # No list has a page of none, and cursors are of objects in the list, whatever their state.
    path = re.sub(r"&?(filter=in_progress|before=before)", "", path.replace("limit=0", "limit=1"))
    if batch := re.search(r"/file_batches/(\w+)/files", path):
        page = json.loads(server.request("GET", f"/v1/vector_stores/{store}/file_batches/{batch[1]}/files")[2])
        return path.replace("after=after", f"after={page['data'][0]['id']}")
    return path.replace("after=after", f"after={attach(store) if '/files' in path else store}")


def real_body(path, body):
    value = json.loads(body)
    if path.endswith("/file_batches") and not value:
        value["file_ids"] = ["string"]  # The document asks for one of the two.
    if value.get("file_ids") == ["string"]:
        value["file_ids"] = [files.new_file()]
        value.pop("files", None)  # Only one of the two.
    for one in [value, *value.get("files", [])]:
        if one.get("file_id") in ("file_id", "file-abc123"):
            one["file_id"] = files.new_file()
    value.pop("rewrite_query", None)  # Refused by name: queries are taken as they are.
    return json.dumps(value).encode()


def rewrite(method, path, body):
    """(path, body), or None when it is no business of this file."""
    if not path.startswith("/v1/vector_stores"):
        return None
    return real_path(path), real_body(path, body) if body else body
