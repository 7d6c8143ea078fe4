#!/usr/bin/env python3
"""What a chat page costs the browser: first load, time to interactive, and a chat of 2,000 messages.

    bench/page.py --url http://127.0.0.1:8080
    bench/page.py --url http://127.0.0.1:8080 --peer http://127.0.0.1:8081 --pairs 5 --json out.json

The peer is llama-server with its own page and the same model. Each of the --pairs opens both pages,
ours first in one and last in the next, each in a fresh browser profile (nothing cached; service
workers are blocked, so that only what the page itself loads is counted). Reported:

    transfer       bytes over the wire until the network is quiet, and how many requests
    fcp            first contentful paint
    interactive    the end of the last long task (over 50 ms) before two quiet seconds; fcp without any
    heap           JavaScript heap after a garbage collection: of the empty page, and of the long chat
    nodes          nodes of the document with the long chat
    opened         from the address to its last message being seen
    frame p95      between frames, while the wheel turns through it
    key            from a key to the next paint (event timing; at most 8 ms is reported as 0)

The long chat has the same messages on both: here they are put into the server by its API; the peer
keeps chats in the browser, so they are put into its IndexedDB, as its own import would. Times on a
machine that does other things mean little alone; the ratio within a pair is what counts.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import urllib.request

import machine
from playwright.sync_api import sync_playwright

QUIET_MS = 2000
OPEN_MS = 900_000  # A page that draws all of a long chat takes minutes on a busy machine.
TEXT = "## Part {n}\n\nSome *words* of `it`. " + "The river is long. " * 12 + \
       "\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(x):\n    return x + {n}\n```\n"

WATCH = """
window.seen = { long: [], paint: 0, frames: [], keys: [] };
new PerformanceObserver((l) => l.getEntries().forEach((e) => seen.long.push(e.startTime + e.duration)))
    .observe({ type: "longtask", buffered: true });
new PerformanceObserver((l) => l.getEntries().forEach((e) => {
    if (e.name === "first-contentful-paint") seen.paint = e.startTime;
})).observe({ type: "paint", buffered: true });
new PerformanceObserver((l) => l.getEntries().forEach((e) => {
    if (e.name.startsWith("key")) seen.keys.push(e.duration);
})).observe({ type: "event", durationThreshold: 16 });
"""

FILL = """async ([id, rows]) => {
    const open = indexedDB.open("LlamaUi");
    const db = await new Promise((done, fail) => { open.onsuccess = () => done(open.result); open.onerror = fail; });
    const work = db.transaction(["conversations", "messages"], "readwrite");
    const now = Date.now();
    const names = rows.map((_, i) => `message-${i}`);
    work.objectStore("messages").put({ id: "root", convId: id, type: "root", role: "system", content: "", parent: null,
        toolCalls: "", timestamp: now, children: [names[0]] });
    rows.forEach(([role, content], i) => work.objectStore("messages").put({
        id: names[i], convId: id, type: "text", role, content, parent: i ? names[i - 1] : "root",
        timestamp: now + i, children: i + 1 < rows.length ? [names[i + 1]] : [] }));
    work.objectStore("conversations").put({ id, name: "Long", lastModified: now, currNode: names.at(-1) });
    await new Promise((done, fail) => { work.oncomplete = done; work.onerror = fail; });
    db.close();
}"""

FRAMES = """() => { let last = 0; const frame = (now) => {
    if (last) seen.frames.push(now - last);
    last = now; requestAnimationFrame(frame); }; requestAnimationFrame(frame); }"""


def rows(n):
    return [("assistant", TEXT.replace("{n}", str(i))) if i % 2 else ("user", f"Message {i}. Tell me about it.")
            for i in range(n)]


def api(url, path, body=None):
    request = urllib.request.Request(url + path, json.dumps(body).encode() if body else None,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


class Page:
    """One page in a profile of its own."""

    def __init__(self, browser, url):
        self.url = url
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")
        self.context.set_default_timeout(OPEN_MS)
        self.page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("Network.enable")
        self.cdp.send("Performance.enable")
        self.bytes = self.requests = 0
        self.cdp.on("Network.loadingFinished", self.loaded)

    def loaded(self, event):
        self.bytes += event["encodedDataLength"]
        self.requests += 1

    def quiet(self):
        """Waits until there was no request and no long task for a while."""
        while True:
            before = (self.requests, self.page.evaluate("seen.long.length"))
            self.page.wait_for_timeout(QUIET_MS)
            # Both pages ask their server now and then how it is.
            if self.page.evaluate("seen.long.length") == before[1] and self.requests - before[0] < 5:
                return

    def heap(self):
        self.cdp.send("HeapProfiler.collectGarbage")
        got = {m["name"]: m["value"] for m in self.cdp.send("Performance.getMetrics")["metrics"]}
        return got["JSHeapUsedSize"], got["Nodes"]

    def first_load(self):
        self.page.goto(self.url)
        self.page.locator("textarea").first.wait_for()
        self.page.wait_for_timeout(1000)
        out = {"bytes": self.bytes, "requests": self.requests}
        self.quiet()
        seen = self.page.evaluate("seen")
        return {**out, "fcp_ms": seen["paint"], "interactive_ms": max([seen["paint"], *seen["long"]]),
                "empty_heap_bytes": self.heap()[0]}

    def long_chat(self, address, last):
        """Goes to the chat in a fresh document, reads it through, writes in it."""
        self.page.goto("about:blank")
        self.page.goto(address)
        self.page.get_by_text(last, exact=True).first.wait_for(timeout=OPEN_MS)
        opened = self.page.evaluate("performance.now()")
        self.quiet()
        heap, nodes = self.heap()
        self.page.mouse.move(700, 300)
        self.page.evaluate(FRAMES)
        for _ in range(40):
            self.page.mouse.wheel(0, -500)
            self.page.wait_for_timeout(30)
        frames = sorted(self.page.evaluate("seen.frames.splice(0)"))
        self.page.evaluate("seen.keys.splice(0)")
        self.page.locator("textarea").first.press_sequentially("Letter by letter.", delay=40)
        self.page.wait_for_timeout(500)
        keys = self.page.evaluate("seen.keys")
        return {"opened_ms": opened, "heap_bytes": heap, "nodes": nodes,
                "frame_p95_ms": frames[int(len(frames) * 0.95)], "key_ms": max(keys, default=0),
                "read_heap_bytes": self.heap()[0]}

    def close(self):
        self.context.close()


def fill_ours(url, messages):
    """The long chat in the server; made once."""
    chat = api(url, "/v1/tiro/chats", {"title": "Long"})["id"]
    parent = ""
    for role, text in messages:
        parent = api(url, f"/v1/tiro/chats/{chat}/messages",
                     {"role": role, "content": text, "parent_id": parent})["id"]
    return f"{url}/#/chat/{chat}"


def measure(browser, url, messages, address):
    page = Page(browser, url)
    try:
        figures = page.first_load()
        if not address:
            page.page.evaluate(FILL, ["long", messages])
        figures.update(page.long_chat(address or f"{url}/#/chat/long", f"Part {len(messages) - 1}"))
        return figures
    finally:
        page.close()


def median_of(runs):
    return {k: round(statistics.median(r[k] for r in runs), 1) for k in runs[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--peer", help="llama-server with its page")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    if args.messages % 2 or args.messages < 2:
        parser.error("--messages: an even number, so that the last one is an answer")
    facts = machine.facts()
    messages = rows(args.messages)
    address = fill_ours(args.url, messages)
    runs = {"ours": [], "peer": []}
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium") or "/usr/bin/chromium",
                                    args=["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"])
        for pair in range(args.pairs):
            order = ["ours", "peer"] if pair % 2 == 0 else ["peer", "ours"]
            for who in order:
                if who == "ours":
                    runs[who].append(measure(browser, args.url, messages, address))
                elif args.peer:
                    runs[who].append(measure(browser, args.peer, messages, None))
        version = browser.version
        browser.close()
    out = {"chromium": version, "messages": args.messages, "ours": median_of(runs["ours"]), "runs": runs}
    print(f"{'':18}{'ours':>14}{'peer':>14}{'peer/ours, median (least, most)':>36}")
    if runs["peer"]:
        out["peer"] = median_of(runs["peer"])
    for key, value in out["ours"].items():
        line = f"{key:18}{value:14.1f}"
        if runs["peer"]:
            ratios = [b[key] / a[key] for a, b in zip(runs["ours"], runs["peer"]) if a[key]]
            shown = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f})" if ratios else "-"
            line += f"{out['peer'][key]:14.1f}{shown:>36}"
        print(line)
    out["machine"] = machine.finish(facts) or facts
    if args.json:
        args.json.write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
