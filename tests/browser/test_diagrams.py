"""Diagrams in Mermaid's language: pictures, in the page's colours, and nothing more."""
import pytest
from playwright.sync_api import expect

from app import answer, api, fits, make_chat, open_chat

DRAW = 90_000  # The library comes and is compiled, on a busy machine.
FLOW = "flowchart LR\n  A[Start] --> B{Good?}\n  B -->|yes| C[Done]\n  B -->|no| A"
KINDS = {
    "flowchart": FLOW,
    "sequence": "sequenceDiagram\n  Ann->>Bob: Hello\n  Bob-->>Ann: Hi",
    "class": "classDiagram\n  Animal <|-- Duck\n  Animal : +int age",
    "state": "stateDiagram-v2\n  [*] --> Still\n  Still --> [*]",
    "er": "erDiagram\n  CUSTOMER ||--o{ ORDER : places",
    "gantt": "gantt\n  title Plan\n  dateFormat YYYY-MM-DD\n  section A\n  One :a1, 2024-01-01, 30d",
    "pie": 'pie title Pets\n  "Dogs" : 386\n  "Cats" : 85',
    "mindmap": "mindmap\n  root((Tiro))\n    One\n    Two",
}


@pytest.fixture
def chat(page, server):
    made = []

    def make(*texts):
        text = "\n\n".join(f"```mermaid\n{t}\n```" for t in texts)
        made.append(make_chat(server, "Diagrams", [("user", "Draw"), ("assistant", text)]))
        open_chat(page, server, made[-1])

    yield make
    for one in made:
        api(server, "DELETE", f"/v1/tiro/chats/{one}")


def test_kinds_of_diagrams(page, chat):
    chat(*KINDS.values())
    pictures = page.locator(".diagram img")
    for n, kind in enumerate(KINDS):
        page.locator("figure.code").nth(n).scroll_into_view_if_needed()
        expect(pictures.nth(n), kind).to_be_visible(timeout=DRAW)
    expect(pictures).to_have_count(len(KINDS))
    for n, kind in enumerate(KINDS):
        picture = pictures.nth(n)
        picture.evaluate("i => i.decode()")  # It has come.
        width, height = picture.evaluate("i => [i.naturalWidth, i.naturalHeight]")
        assert width > 40 and height > 40, kind
    fits(page)


def test_the_source_stays(page, chat):
    chat(FLOW)
    expect(page.locator(".diagram img")).to_be_visible(timeout=DRAW)
    page.get_by_role("button", name="Source").click()
    expect(answer(page).locator("code")).to_contain_text("B -->|yes| C[Done]")
    page.get_by_role("button", name="Diagram", exact=True).click()
    expect(page.locator(".diagram img")).to_be_visible(timeout=DRAW)


def test_what_is_wrong_is_said(page, chat):
    chat("flowchart LR\n  A --> ", "nothing of the kind", "flowchart LR\n" + "  A --> B\n" * 6000)
    expect(page.locator(".undrawn")).to_have_count(3, timeout=DRAW)
    expect(page.locator(".undrawn").nth(0)).to_contain_text("Parse error on line")
    expect(page.locator(".undrawn").nth(1)).to_contain_text("No diagram type detected")
    expect(page.locator(".undrawn").nth(2)).to_contain_text("at most 50000 are drawn")


def test_it_follows_the_colours(page, chat):
    page.emulate_media(color_scheme="light")
    chat(FLOW)
    picture = page.locator(".diagram img")
    expect(picture).to_be_visible(timeout=DRAW)
    light = picture.get_attribute("src")
    page.emulate_media(color_scheme="dark")
    expect(picture).not_to_have_attribute("src", light, timeout=DRAW)


HOSTILE = [
    'flowchart LR\n  A["<img src=https://evil.example/i onerror=parent.owned=1>"] --> B["<script>parent.owned=1</script>"]',
    'flowchart LR\n  A --> B\n  click A "javascript:parent.owned=1"\n  click B call owned()',
    'flowchart LR\n  A --> B\n  click A href "https://evil.example/click" _top',
    '%%{init: {"securityLevel": "loose", "theme": "base", "themeVariables": {"fontFamily": "x;} *{background:url(https://evil.example/b)"}}}%%\nflowchart LR\n  A --> B',
    '%%{init: {"themeCSS": "@import url(https://evil.example/c.css); * {background: url(https://evil.example/d)}"}}%%\nflowchart LR\n  A --> B',
    '---\nconfig:\n  securityLevel: loose\n  htmlLabels: true\n  fontFamily: "x\'; @import url(https://evil.example/e)"\n---\nflowchart LR\n  A["`<iframe srcdoc=\'<script>parent.parent.owned=1</script>\'></iframe>`"] --> B',
    'flowchart LR\n  A@{ img: "https://evil.example/f.png", label: "x", h: 60 } --> B\n  style A fill:url(https://evil.example/g)',
    'flowchart LR\n  A:::x --> B\n  classDef x background:url(https://evil.example/h),fill:#fff',
    'sequenceDiagram\n  participant A\n  link A: x @ javascript:parent.owned=1\n  A->>A: <svg onload=parent.owned=1>',
    'classDiagram\n  class A\n  callback A "eval" "x"\n  link A "javascript:parent.owned=1"\n  A : <img src=x onerror=parent.owned=1>',
    'gantt\n  title <img src=https://evil.example/j>\n  section A\n  One :a1, 2024-01-01, 3d\n  click a1 href "javascript:parent.owned=1"',
    'flowchart LR\n  A["</style><script>parent.owned=1</script>"] --> B["</script><script>parent.owned=1</script>"]',
    'flowchart LR\n  A["$$\\href{javascript:parent.owned=1}{x}$$"] --> B[/"<math><mtext><style><img src=x onerror=parent.owned=1>"/]',
]


def test_hostile_diagrams(browser, server):
    chat = make_chat(server, "Hostile", [("assistant", "\n\n".join(f"```mermaid\n{t}\n```" for t in HOSTILE))])
    page = browser.new_page()
    reached, dialogs = [], []
    page.context.on("response", lambda r: reached.append(r.url))
    page.context.on("requestfinished", lambda r: reached.append(r.url))
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    open_chat(page, server, chat)
    for n in range(len(HOSTILE)):
        page.locator("figure.code").nth(n).scroll_into_view_if_needed()
        expect(page.locator("figure.code").nth(n).locator(".diagram img, .undrawn")).to_be_visible(timeout=DRAW)
    expect(page.locator(".diagram img").nth(5)).to_be_attached()  # Most are drawn, tamed.
    page.wait_for_timeout(1500)
    foreign = [u for u in reached if not u.startswith((server.url, "blob:", "data:"))]
    assert foreign == [] and dialogs == []
    assert page.evaluate("window.owned") is None and page.title() == "Tiro"
    assert page.locator("main svg, main script, main iframe, main style").count() == 0
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")
