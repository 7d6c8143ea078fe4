"""Workers that crash, refuse to load, load slowly or have too much to do."""

import os
import signal
import threading
import time

from http_server import Connection, Server, chat, eventually

PATH = "/v1/chat/completions"


def ask(server, text, **kwargs):
    return server.ask("POST", PATH, chat(text, **kwargs))


def test_loads_on_demand_and_unloads(tmp_path):
    with Server(tmp_path, preload=False) as server:
        assert server.ask("GET", "/ready").status == 200
        assert server.model()["state"] == "idle" and server.model()["pid"] is None
        assert ask(server, "tokens=1").status == 200
        pid = server.model()["pid"]
        assert server.model()["state"] == "ready" and os.path.exists(f"/proc/{pid}")
        with Connection(server.short_socket()) as c:
            assert c.ask("POST", "/v1/tiro/unload", {"model": "m"}).status == 200
            assert c.ask("POST", "/v1/tiro/unload", {"model": "x"}).status == 404
        eventually(lambda: not os.path.exists(f"/proc/{pid}"))  # The memory is really back.
        assert server.model()["state"] == "idle"
        assert ask(server, "tokens=1").status == 200
        # What changes the server is not for the network.
        assert server.ask("POST", "/v1/tiro/unload", {"model": "m"}).status == 404


def test_requests_wait_while_it_loads(tmp_path):
    with Server(tmp_path, "--queue", "3", models={"m": "load-hold"}) as server:
        assert server.ask("GET", "/ready").code == "model_loading"
        waiting = [server.connect() for _ in range(3)]
        for c in waiting:
            c.request("POST", PATH, chat("tokens=1"))
        eventually(lambda: server.model()["waiting"] == 3)
        answer = ask(server, "tokens=1")
        assert answer.status == 503 and answer.code == "server_overloaded"
        assert int(answer.header("retry-after")) >= 1 and answer.header("retry-after-ms")
        server.go()
        for c in waiting:
            assert c.answer().status == 200
            c.close()


def test_requests_do_not_wait_for_ever(tmp_path):
    with Server(tmp_path, "--age-ms", "500", models={"m": "load=60000"}) as server:
        answer = ask(server, "tokens=1")
        assert answer.status == 503 and answer.code == "model_loading"
        assert answer.header("retry-after")


def test_too_many_at_once(tmp_path):
    with Server(tmp_path, "--in-flight", "2") as server:
        server.wait_until_ready()
        busy = [server.connect() for _ in range(2)]
        for c in busy:
            c.request("POST", PATH, chat("wait=60000"))
        eventually(lambda: server.model()["requests"] == 2)
        answer = ask(server, "tokens=1")
        assert answer.status == 503 and answer.code == "server_overloaded"
        assert answer.header("retry-after")
        busy[0].close()
        eventually(lambda: server.model()["requests"] == 1)
        assert ask(server, "tokens=1").status == 200


def test_a_crash_ends_a_stream_with_an_error_event(tmp_path):
    with Server(tmp_path, models={"m": "", "other": ""}) as server:
        server.wait_until_ready()
        pid, other = server.model()["pid"], server.model("other")["pid"]
        with server.connect() as c, server.connect() as calm:
            calm.request("POST", PATH, chat("tokens=100 delay=10", stream=True, model="other"))
            c.request("POST", PATH, chat("tokens=10 delay=20 crash-after=3", stream=True))
            assert c.head().status == 200
            raw = b"".join(iter(c.chunk, b""))
            assert b'"w2 "' in raw and b'"w3 "' not in raw
            assert b'data: {"error":' in raw and b"worker_lost" in raw
            assert b"[DONE]" not in raw
            assert calm.head().status == 200
            pieces = b"".join(iter(calm.chunk, b""))
            assert b'"w99 "' in pieces and pieces.endswith(b"data: [DONE]\n\n")
        eventually(lambda: server.model()["state"] == "ready")
        assert server.model()["restarts"] == 1 and server.model()["pid"] != pid
        assert server.model("other")["pid"] == other
        assert ask(server, "tokens=1").status == 200


def test_a_crash_before_anything_was_sent_is_tried_again(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        answer = ask(server, "tokens=2 crash-once")
        assert answer.status == 200 and answer.json["usage"]["completion_tokens"] == 2
        assert server.model()["restarts"] == 1
        assert server.metric("tiro_requests_retried_total") == 1


def test_a_whole_answer_begins_again_after_a_crash(tmp_path):
    """Killed in the middle of an answer of which the client has seen nothing."""
    with Server(tmp_path) as server, server.connect() as c:
        server.wait_until_ready()
        c.request("POST", PATH, chat("tokens=40 hold=20"))
        eventually(lambda: server.metric("tiro_time_between_tokens_seconds_count") == 19)
        os.kill(server.model()["pid"], signal.SIGSEGV)
        server.go()
        answer = c.answer()
        assert answer.status == 200
        words = answer.json["choices"][0]["message"]["content"].split()
        assert words == [f"w{n}" for n in range(40)]


def test_a_request_that_kills_every_worker_is_not_tried_for_ever(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        answer = ask(server, "tokens=10 crash-after=0")
        assert answer.status == 503 and answer.code == "worker_lost"
        assert answer.header("retry-after")
        requests = [x for x in server.worker_log() if x.startswith("request")]
        assert len(requests) == 2
        assert ask(server, "tokens=1").status == 200


def test_a_worker_that_hangs(tmp_path):
    with Server(tmp_path, "--silence-ms", "1500") as server:
        server.wait_until_ready()
        with server.connect() as c:
            c.request("POST", PATH, chat("wait=4000 tokens=1"))  # Slow, but it still answers polls.
            assert c.answer().status == 200
            assert server.model()["restarts"] == 0
            pid = server.model()["pid"]
            os.kill(pid, signal.SIGSTOP)
            c.request("POST", PATH, chat("tokens=1"))
            answer = c.answer()  # By its successor.
            assert answer.status == 200, answer.body
            assert server.model()["restarts"] == 1
        eventually(lambda: not os.path.exists(f"/proc/{pid}"))


def test_a_file_that_cannot_be_loaded(tmp_path):
    with Server(tmp_path, models={"m": "load-error", "good": ""}) as server:
        eventually(lambda: server.model()["state"] == "failed")
        server.wait_until_ready()  # A model that will never load keeps nobody waiting.
        answer = ask(server, "tokens=1")
        assert answer.status == 503 and "magic at byte 0" in answer.message
        assert answer.code == "malformed_file"
        assert len(server.worker_log()) == 1
        assert ask(server, "tokens=1", model="good").status == 200
        # Another file under that name is another chance.
        os.utime(server.paths["m"], (1, 1))
        assert ask(server, "tokens=1").status == 503
        assert len(server.worker_log()) == 2


def test_a_worker_that_dies_while_loading(tmp_path):
    with Server(tmp_path, models={"m": "load-crash"}) as server:
        answer = ask(server, "tokens=1")
        assert answer.status == 503 and "ended 3 times" in answer.message
        assert len(server.worker_log()) == 3
        assert ask(server, "tokens=1").status == 503
        assert len(server.worker_log()) == 3  # Not again at once.


def test_a_load_that_ended_in_a_crash_is_tried_again_later(tmp_path):
    with Server(tmp_path, "--rest-ms", "1", models={"m": "load-crash"}, preload=False) as server:
        assert ask(server, "tokens=1").status == 503
        time.sleep(0.1)
        assert ask(server, "tokens=1").status == 503
        assert len(server.worker_log()) == 6


def test_errors_of_the_worker_reach_the_client(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        answer = ask(server, "error")
        assert answer.status == 400 and answer.code == "context_length_exceeded"
        assert answer.json["error"]["param"] == "messages"
        with server.connect() as c:
            c.request("POST", PATH, chat("error", stream=True))
            assert c.answer().status == 400  # Nothing was sent yet, so it can be said plainly.


def test_unknown_model(tmp_path):
    with Server(tmp_path) as server:
        answer = ask(server, "x", model="gpt-9")
        assert answer.status == 404 and answer.code == "model_not_found"


def test_embeddings_of_several_inputs(tmp_path):
    with Server(tmp_path, models={"e": ""}, embed=("e",)) as server:
        body = {"model": "e", "input": ["a", "b", "c"], "encoding_format": "float"}
        answer = server.ask("POST", "/v1/embeddings", body)
        assert [row["index"] for row in answer.json["data"]] == [0, 1, 2]


def test_crashes_in_a_row_under_load(tmp_path):
    """Every request gets an answer, whatever dies."""
    with Server(tmp_path) as server:
        server.wait_until_ready()
        outcomes = []

        def run(i):
            for n in range(5):
                text = "tokens=5 delay=2" + (" crash-after=2" if i == 2 * n else "")
                outcomes.append(ask(server, text).status)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(outcomes) == 40 and set(outcomes) <= {200, 503}
        eventually(lambda: ask(server, "tokens=1").status == 200)


def test_metrics(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        assert ask(server, "tokens=5").status == 200
        assert server.metric("tiro_completion_tokens_total") == 5
        assert server.metric('tiro_requests_total{endpoint="/v1/chat/completions",status="200"}') == 1
        assert server.metric("tiro_time_to_first_token_seconds_count") == 1
        assert server.metric("tiro_time_between_tokens_seconds_count") == 4
        assert server.metric('tiro_model_ready{model="m"}') == 1
        eventually(lambda: server.metric('tiro_model_kv_blocks_free{model="m"}') == 7)
