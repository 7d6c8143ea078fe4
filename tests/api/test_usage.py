"""What was used, as OpenAI's usage API and `tiro usage` tell it: the sums of the ledger, whoever asks."""
import json
import os
import subprocess
import time
import urllib.parse

import openai
import pytest

from conftest import CHAT, EMBED, Server, model_folder
from server import PROGRAM
from test_ledger import chat, openai_usage, text, vectors

DAY, HOUR, MINUTE = 86400, 3600, 60
LONG_AGO = 1_700_000_000 // DAY * DAY


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A server that has answered, and what it told; old rows besides."""
    server = Server(model_folder(tmp_path_factory.mktemp("usage")))
    told = {"completions": [], "embeddings": []}
    for kind, (path, body) in [("completions", chat()), ("completions", text()),
                               ("completions", text(n=2)), ("embeddings", vectors())]:
        _, _, data = server.request("POST", path, body)
        told[kind].append(openai_usage(json.loads(data)["usage"]))
    server.stop()
    old = [(f"{name}old_{day}_{i}", "default", "default", f"u{i}", key, "/v1/chat/completions", model,
            LONG_AGO + day * DAY + i * HOUR, 200, 100 + day, 10, 5, 1_500_000)
           for day in range(10)
           for i, (model, key, name) in enumerate([("a", "k1", ""), ("a", "k2", ""), ("b", "k1", "batch_1/")])]
    old += [("foreign", "elsewhere", "other", "u", "k", "/v1/completions", "a", LONG_AGO, 200, 9, 9, 9, 9),
            ("stranger", "other", "default", "u", "k", "/v1/completions", "a", LONG_AGO, 200, 9, 9, 9, 9)]
    server.database.change(
        "INSERT INTO ledger(id, tenant_id, project_id, user_id, key_id, endpoint, model, created_at, status, "
        "prompt_tokens, cached_tokens, completion_tokens, core_us) VALUES " + ", ".join(map(str, old)))
    server = Server(server.data)
    yield server, told
    server.stop()


def usage(server, kind, status=200, **query):
    path = f"/v1/organization/usage/{kind}?" + urllib.parse.urlencode(query, doseq=True)
    found, _, data = server.request("GET", path)
    assert found == status, data
    return json.loads(data)


@pytest.mark.parametrize("kind", ["completions", "embeddings"])
def test_sums_are_what_was_told(used, kind):
    server, told = used
    page = usage(server, kind, start_time=int(time.time()) - DAY)
    results = [r for bucket in page["data"] for r in bucket["results"]]
    assert sum(r["input_tokens"] for r in results) == sum(t[0] for t in told[kind])
    assert sum(r["num_model_requests"] for r in results) == len(told[kind])
    assert sum(r["core_seconds"] for r in results) > 0
    if kind == "completions":
        assert sum(r["output_tokens"] for r in results) == sum(t[2] for t in told[kind])
        assert sum(r["input_cached_tokens"] for r in results) == sum(t[1] for t in told[kind])
    assert page["has_more"] is False and page["next_page"] is None


def test_days_and_their_pages(used):
    server, _ = used
    end = LONG_AGO + 12 * DAY - 1
    buckets, query = [], {"start_time": LONG_AGO + 5, "end_time": end, "limit": 5}
    for pages in range(1, 10):
        page = usage(server, "completions", **query)
        buckets += page["data"]
        if not page["has_more"]:
            break
        query["page"] = page["next_page"]
    assert pages == 3
    assert [b["start_time"] for b in buckets] == [LONG_AGO + i * DAY for i in range(12)]
    assert all(b["end_time"] == b["start_time"] + DAY for b in buckets)
    for day, bucket in enumerate(buckets):
        if day >= 10:
            assert bucket["results"] == []
            continue
        result, = bucket["results"]
        assert result["input_tokens"] == 3 * (100 + day) and result["num_model_requests"] == 3
        assert result["core_seconds"] == 4.5
        assert all(result[name] is None for name in
                   ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier"))


@pytest.mark.parametrize("width, seconds, usual", [("1m", MINUTE, 60), ("1h", HOUR, 24), ("1d", DAY, 7)])
def test_widths(used, width, seconds, usual):
    server, _ = used
    page = usage(server, "completions", start_time=LONG_AGO + 61, bucket_width=width)
    assert len(page["data"]) == usual and page["has_more"]
    assert page["data"][0]["start_time"] == (LONG_AGO + 61) // seconds * seconds
    assert page["data"][1]["end_time"] == page["data"][0]["start_time"] + 2 * seconds


def test_groups_and_filters(used):
    server, _ = used
    query = {"start_time": LONG_AGO, "end_time": LONG_AGO + DAY}

    def results(**more):
        bucket, = usage(server, "completions", **query, **more)["data"]
        return bucket["results"]

    by_model = results(**{"group_by[]": "model"})
    assert [(r["model"], r["num_model_requests"]) for r in by_model] == [("a", 2), ("b", 1)]
    both = results(**{"group_by[]": ["model", "api_key_id"]})
    assert {(r["model"], r["api_key_id"]) for r in both} == {("a", "k1"), ("a", "k2"), ("b", "k1")}
    assert [r["batch"] for r in results(group_by="batch")] == [False, True]
    assert [r["service_tier"] for r in results(group_by="service_tier")] == ["default"]
    assert [r["project_id"] for r in results(group_by="project_id")] == ["default"]
    assert results(batch="true")[0]["num_model_requests"] == 1
    assert results(batch="false")[0]["num_model_requests"] == 2
    assert results(**{"models[]": ["b", "c"]})[0]["num_model_requests"] == 1
    assert results(**{"api_key_ids[]": "k2"})[0]["num_model_requests"] == 1
    assert results(**{"user_ids[]": ["u0", "u2"]})[0]["num_model_requests"] == 2
    assert results(**{"project_ids[]": "other"}) == []


@pytest.mark.parametrize("query, code, param", [
    ({}, "missing_required_parameter", "start_time"),
    ({"start_time": "soon"}, "invalid_type", "start_time"),
    ({"start_time": 100, "end_time": 100}, "invalid_value", "end_time"),
    ({"start_time": 0, "bucket_width": "1w"}, "invalid_value", "bucket_width"),
    ({"start_time": 0, "limit": 32}, "integer_above_max_value", "limit"),
    ({"start_time": 0, "limit": 169, "bucket_width": "1h"}, "integer_above_max_value", "limit"),
    ({"start_time": 0, "limit": 1441, "bucket_width": "1m"}, "integer_above_max_value", "limit"),
    ({"start_time": 0, "limit": 0}, "integer_below_min_value", "limit"),
    ({"start_time": 0, "group_by[]": "colour"}, "invalid_value", "group_by"),
    ({"start_time": 9, "page": "page_8"}, "invalid_value", "page"),
    ({"start_time": 9, "page": "next"}, "invalid_value", "page"),
    ({"start_time": 9, "models[]": ["m"] * 30, "user_ids[]": ["u"] * 21}, "limit_exceeded", None),
    ({"start_time": 9, "colour": 1}, "unknown_parameter", "colour"),
])
def test_refusals(used, query, code, param):
    error = usage(used[0], "completions", status=400, **query)["error"]
    assert (error["code"], error["param"]) == (code, param)
    usage(used[0], "completions", start_time=0, limit=31)
    usage(used[0], "completions", start_time=9, **{"models[]": ["m"] * 30, "user_ids[]": ["u"] * 20})


def test_embeddings_have_no_batches(used):
    error = usage(used[0], "embeddings", status=400, start_time=0, **{"group_by[]": "batch"})["error"]
    assert error["param"] == "group_by"
    assert usage(used[0], "embeddings", status=400, start_time=0, batch="true")["error"]["param"] == "batch"


def tiro_usage(data, *arguments, fails=None, env=None):
    found = subprocess.run([PROGRAM, "usage", "--data", str(data), *arguments],
                           capture_output=True, text=True, timeout=60, env={**os.environ, **(env or {})})
    assert (found.returncode == 0) == (fails is None), found.stderr
    if fails:
        assert fails in found.stderr, found.stderr
    return found.stdout


def test_the_table(used):
    server, told = used
    rows = json.loads(tiro_usage(server.data, "--json", "--by", "model,endpoint", "--since", "1d"))["data"]
    assert [(r["endpoint"], r["model"]) for r in rows] == sorted(
        [("/v1/chat/completions", CHAT), ("/v1/completions", CHAT), ("/v1/embeddings", EMBED)],
        key=lambda row: (row[1], row[0]))
    assert sum(r["input_tokens"] for r in rows) == sum(t[0] for kind in told.values() for t in kind)
    old = ["--since", "2023-11-14", "--until", "2023-11-17", "--by"]
    lines = tiro_usage(server.data, *old, "day,key").splitlines()
    assert lines[0].split() == ["DAY", "KEY", "REQUESTS", "READ", "CACHED", "WROTE", "CORE-SECONDS"]
    assert [line.split() for line in lines[1:]] == [
        [f"2023-11-{14 + day}", key, str(n), str(n * (100 + day)), str(n * 10), str(n * 5), f"{n * 1.5:.3f}"]
        for day in range(3) for key, n in (("k1", 2), ("k2", 1))]
    assert len(tiro_usage(server.data, *old, "project").splitlines()) == 2


def test_the_table_without_a_server(tmp_path):
    server = Server(model_folder(tmp_path))
    server.request("POST", *text())
    with_server = tiro_usage(tmp_path, "--json", "--until", "2999-01-01", "--since", "2020-01-01")
    server.stop()
    without = tiro_usage(tmp_path, "--json", "--until", "2999-01-01", "--since", "2020-01-01",
                         env=server.database.environment())
    assert without == with_server
    assert json.loads(with_server)["data"][0]["requests"] == 1


def test_what_the_table_refuses(tmp_path):
    tiro_usage(tmp_path, fails="nothing has been recorded")
    assert not (tmp_path / "tiro.db").exists()
    tiro_usage(tmp_path, "--by", "model,colour", fails="'colour'")
    tiro_usage(tmp_path, "--since", "2026-02-30", fails="--since is a day")
    tiro_usage(tmp_path, "--since", "7w", fails="--since is a day")
    tiro_usage(tmp_path, "--since", "1d", "--until", "2d", fails="--until must be after --since")


def test_the_official_client(used):
    server, told = used
    with openai.OpenAI(base_url=server.url + "/v1", api_key="unused", admin_api_key="unused", max_retries=0) as client:
        resource = client.admin.organization.usage
        page = resource.completions(start_time=int(time.time()) - DAY, group_by=["model"], models=[CHAT], limit=3)
        results = [r for bucket in page.data for r in bucket.results]
        assert {r.model for r in results} == {CHAT}
        assert sum(r.output_tokens for r in results) == sum(t[2] for t in told["completions"])
        page = resource.embeddings(start_time=int(time.time()) - DAY, bucket_width="1h", limit=48)
        assert sum(r.num_model_requests for bucket in page.data for r in bucket.results) == 1
