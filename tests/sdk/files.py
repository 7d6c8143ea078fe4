"""Files and uploads of the SDK's tests: each placeholder becomes one that is there, made for its test."""
import hashlib
import http.client
import json
import re

FILES = ["test_files.py", "test_uploads.py", "uploads/test_parts.py"]
BYTES = b"Example data"

server = None  # Set by run.py.


def ask(method, path, body, content_type):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, path, body, {"Content-Type": content_type})
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, value
    return value["id"]


def form(path, name, **fields):
    parts = "".join(f'--B\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
    return ask("POST", path, parts.encode() + head.encode() + BYTES + b"\r\n--B--", "multipart/form-data; boundary=B")


def new_file():
    return form("/v1/files", "file", purpose="assistants")


def new_upload(n_bytes):
    body = {"bytes": n_bytes, "filename": "x", "mime_type": "text/plain", "purpose": "assistants"}
    return ask("POST", "/v1/uploads", json.dumps(body), "application/json")


def complete(body):
    """The path and body for a new upload with one part."""
    upload = new_upload(len(BYTES))
    value = json.loads(body)
    value["part_ids"] = [form(f"/v1/uploads/{upload}/parts", "data")]
    if "md5" in value:
        value["md5"] = hashlib.md5(BYTES).hexdigest()
    return f"/v1/uploads/{upload}/complete", json.dumps(value).encode()


def rewrite(method, path, body):
    """(path, body), or None when it is no business of this file."""
    if path in ("/v1/files/file_id", "/v1/files/file_id/content"):
        return path.replace("file_id", new_file()), body
    if path.startswith("/v1/files?") and "limit=0" in path:  # No list has a page of none.
        path = path.replace("limit=0", "limit=1").replace("purpose=purpose", "purpose=assistants")
        return re.sub(r"after=after", f"after={new_file()}", path), body
    if path == "/v1/uploads/upload_abc123/complete":
        return complete(body)
    if path.startswith("/v1/uploads/upload_abc123/"):
        return path.replace("upload_abc123", new_upload(len(BYTES))), body
    return None
