"""A proxy between the official clients and the server: it judges every answer by the published document
before the client sees it (spec.py), and can change requests on their way (tests/sdk).

    tap = Tap(port)     clients use tap.url; what was wrong is in spec.take_problems()

One connection of the client is one to the server, and bytes are passed on as they come: keep-alive,
streams, early ends and disconnects are what they are without it.
"""
import collections
import socket
import threading

import httptools

import spec


class Tap:
    def __init__(self, port, rewrite=None):
        """rewrite(method, path, body) -> (path, body)"""
        self.target, self.rewrite = port, rewrite
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            Link(client, self)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # Wakes accept().
        self.listener.close()


class Link:
    """A client's connection and its twin to the server."""

    def __init__(self, client, tap):
        self.client, self.rewrite = client, tap.rewrite
        self.server = socket.create_connection(("127.0.0.1", tap.target))
        for one in (self.client, self.server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = collections.deque()  # (method, path) of what has no answer yet
        for pump in (self.requests, self.answers):
            threading.Thread(target=pump, daemon=True).start()

    def requests(self):
        try:
            with self.client.makefile("rb") as stream:
                while self.request(stream):
                    pass
        except OSError:
            pass  # The client left: said to the server below.
        except ValueError as error:
            spec.PROBLEMS.append(f"a client sent what the tap does not know: {error}")
        end(self.server, socket.SHUT_WR)

    def request(self, stream):
        """Passes one on; False at the end."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return False
            head += line
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, path, version = first.split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        if "transfer-encoding" in headers:
            raise ValueError(f"a body of unknown length: {first}")
        body = stream.read(int(headers.get("content-length", 0)))
        if self.rewrite:
            path, body = self.rewrite(method, path, body)
            lines = [line for line in lines if not line.lower().startswith("content-length:")]
            lines += [f"Content-Length: {len(body)}"] if "content-length" in headers else []
            head = "\r\n".join([f"{method} {path} {version}", *lines, "", ""]).encode("latin-1")
        self.asked.append((method, path))
        self.server.sendall(head + body)
        return True

    def answers(self):
        parser = httptools.HttpResponseParser(judge := Judge(self.asked))
        judge.parser = parser
        try:
            while piece := self.server.recv(65536):
                parser.feed_data(piece)
                self.client.sendall(piece)
        except OSError:
            pass  # One of them left.
        except httptools.HttpParserError as error:
            spec.PROBLEMS.append(f"not HTTP: {error}")
        for one in (self.client, self.server):
            end(one, socket.SHUT_RDWR)
            one.close()


def end(one, how):
    try:
        one.shutdown(how)
    except OSError:
        pass  # It has ended already.


class Judge:
    """The parser's listener: what the answer being read is, and what is wrong with it."""

    def __init__(self, asked):
        self.asked, self.parser = asked, None

    def on_message_begin(self):
        self.media, self.body, self.events = "", b"", None

    def on_header(self, name, value):
        if name.lower() == b"content-type":
            self.media = value.decode("latin-1")

    def on_headers_complete(self):
        self.status = self.parser.get_status_code()
        # What was no request has an answer, too.
        self.method, self.path = self.asked.popleft() if self.asked else ("?", None)
        if self.status == 200 and self.media.startswith(spec.EVENTS):
            self.events = spec.Events(self.method, self.path)

    def on_body(self, data):
        if self.events:
            self.tell(self.events.feed(data), data)
        else:
            self.body += data

    def on_message_complete(self):
        if not self.events:
            wrong = spec.judge(self.method, self.path, self.status, self.media, self.body)
            self.tell(wrong, self.body)

    def tell(self, wrong, shown):
        if wrong:
            spec.PROBLEMS.append(spec.told(self.method, self.path, wrong, shown))
