"""Batches of the SDK's tests: each placeholder becomes one that is there."""
import http.client
import json

from server import CHAT

FILES = ["test_batches.py"]
URL = "/v1/responses"  # Of all batches that the tests make.
BODY = {"model": CHAT, "input": "string", "max_output_tokens": 16}
MANY = 500  # Lines that are not over before they are cancelled.

server = None  # Set by run.py.


def ask(path, body, content_type="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", path, body, {"Content-Type": content_type})
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, value
    return value["id"]


def new_file(n=1):
    lines = "\n".join(json.dumps({"custom_id": str(i), "method": "POST", "url": URL, "body": BODY}) for i in range(n))
    form = ('--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            '--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
            f"{lines}\r\n--B--\r\n")
    return ask("/v1/files", form.encode(), "multipart/form-data; boundary=B")


def new_batch(n=1):
    return ask("/v1/batches", json.dumps(
        {"input_file_id": new_file(n), "endpoint": URL, "completion_window": "24h"}))


def rewrite(method, path, body):
    """(path, body), or None when it is no business of this file."""
    if path == "/v1/batches" and method == "POST":
        value = json.loads(body)
        value["input_file_id"] = new_file()
        return path, json.dumps(value).encode()
    if path == "/v1/batches/batch_id":
        return f"/v1/batches/{new_batch()}", body
    if path == "/v1/batches/batch_id/cancel":
        return f"/v1/batches/{new_batch(MANY)}/cancel", body
    if path.startswith("/v1/batches?") and "limit=0" in path:  # No list has a page of none.
        return path.replace("limit=0", "limit=1").replace("after=after", f"after={new_batch()}"), body
    return None
