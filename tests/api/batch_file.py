"""Files of batches: what goes in, what comes out, and whether it is all there exactly once."""
import hashlib
import json
import time

DONE = {"completed", "failed", "expired", "cancelled"}
ENDS_S = 240


def line(custom_id, url, body):
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body})


def upload(client, lines, name="in.jsonl"):
    return client.files.create(file=(name, "\n".join(lines).encode()), purpose="batch").id


def create(client, file, url, **more):
    return client.batches.create(input_file_id=file, endpoint=url, completion_window="24h", **more)


def wait(client, batch, seconds=ENDS_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        batch = client.batches.retrieve(batch.id)
        if batch.status in DONE:
            return batch
        time.sleep(0.1)
    raise AssertionError(f"not over: {batch}")


def read(client, batch):
    """{custom_id: line} of both files; each stands once, and the counts agree."""
    found, n = {}, {}
    for kind in ("output", "error"):
        file = getattr(batch, f"{kind}_file_id")
        text = client.files.content(file).text if file else ""
        lines = [json.loads(one) for one in text.splitlines()]
        n[kind] = len(lines)
        for one in lines:
            assert set(one) == {"id", "custom_id", "response", "error"}, one
            assert one["custom_id"] not in found, f"{one['custom_id']} stands twice"
            good = one["response"] is not None and one["response"]["status_code"] == 200
            assert good == (kind == "output"), one
            found[one["custom_id"]] = one
    counts = batch.request_counts
    assert (counts.completed, counts.failed, counts.total) == (
        n["output"], n["error"], n["output"] + n["error"]), (counts, n)
    return found


def usage(found):
    """Tokens as the lines say: (read, made)."""
    read = made = 0
    for one in found.values():
        said = (one["response"] or {}).get("body", {}).get("usage") or {}
        read += said.get("prompt_tokens", said.get("input_tokens", 0))
        made += said.get("completion_tokens", said.get("output_tokens", 0))
    return read, made


def booked(database, batch_id):
    """What the ledger says of the batch: (rows, read, made)."""
    row, = database.sql(
        "SELECT COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0) "
        f"FROM ledger WHERE id LIKE '{batch_id}/%'")
    return row


def seed(batch_id, custom_id):
    """That of a line that brings none."""
    digest = hashlib.blake2b(f"seed:{batch_id}/{custom_id}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little", signed=True)
