"""Many streams at once over plain sockets, on one asyncio loop."""
import asyncio
import json

import spec


class Refused(Exception):
    """The server answered with an error."""


async def open_stream(port, path, body):
    """Sends the request; returns (reader, writer)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = json.dumps(body).encode()
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
    await writer.drain()
    return reader, writer


async def events(reader, path):
    """The `data:` values of a chunked SSE answer to a POST, until [DONE]."""
    status = await reader.readline()
    headers = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if b" 200 " not in status:
        body = await reader.read()
        spec.must("POST", path, int(status.split()[1]), headers["content-type"], body)
        raise Refused(status.decode() + body.decode(errors="replace"))
    assert headers["transfer-encoding"] == "chunked"
    text, judged = b"", spec.Events("POST", path)
    while True:
        size = int(await reader.readline(), 16)
        text += await reader.readexactly(size)
        await reader.readline()
        while b"\n\n" in text:
            event, _, text = text.partition(b"\n\n")
            assert not (wrong := judged.judge(event)), wrong
            value = event.decode().removeprefix("data: ")
            if value == "[DONE]":
                return
            yield json.loads(value)
        assert size > 0, "the stream ended without [DONE]"


async def chat_text(port, body, stop_after=None):
    """The text of a chat stream; with stop_after, hangs up after so many events and returns None."""
    path = "/v1/chat/completions"
    reader, writer = await open_stream(port, path, {**body, "stream": True})
    try:
        text, seen = "", 0
        if stop_after == 0:
            return None
        async for event in events(reader, path):
            if "error" in event:
                raise Refused(event)
            text += event["choices"][0]["delta"].get("content") or ""
            seen += 1
            if seen == stop_after:
                return None
        return text
    finally:
        writer.close()
