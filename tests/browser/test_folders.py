"""Folders with instructions and files, what is remembered, presets: what a person does with them."""
import json

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, api, ask, finished, fits, make_chat, open_chat
from conftest import Server, data_dir
from test_access import violations

FACTS = "The lighthouse of Skerry Point was built in 1874. Its keeper, Ada Quill, kept bees in the garden behind it."
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Of its own: the chats of other tests would stand beside these."""
    server = Server(data_dir(tmp_path_factory.mktemp("data"), "smollm2-135m", "all-minilm-l6-v2"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def clean(server):
    """Nothing is left for the next test."""
    yield
    for folder in api(server, "GET", "/v1/tiro/folders")["data"]:
        api(server, "DELETE", f"/v1/tiro/folders/{folder['id']}?chats=delete")
    for entry in api(server, "GET", "/v1/tiro/memory")["data"]:
        api(server, "DELETE", f"/v1/tiro/memory/{entry['id']}")
    for preset in api(server, "GET", "/v1/tiro/presets")["data"]:
        api(server, "DELETE", f"/v1/tiro/presets/{preset['id']}")
    api(server, "POST", "/v1/tiro/preferences", {"memory": True, "remember": False})


def sent(page):
    """The bodies of the questions that the page asks from now on."""
    bodies = []
    page.on("request", lambda r: bodies.append(json.loads(r.post_data))
            if r.method == "POST" and r.url.endswith("/v1/responses") else None)
    return bodies


def held(page, **fields):
    """What so small a model shall not decide for itself; its answers end soon."""
    page.route("**/v1/responses", lambda route: route.continue_(
        post_data=json.dumps({"max_output_tokens": 24, **json.loads(route.request.post_data), **fields})))


def make_folder(page, name, instructions=""):
    page.get_by_role("button", name="New folder").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Name", exact=True).press("Tab")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    if instructions:
        page.get_by_label("Instructions, before").fill(instructions)
        page.get_by_label("Instructions, before").press("Tab")
        expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_folder_with_files(page, server):
    bodies = sent(page)
    held(page, temperature=0, max_output_tokens=200)
    make_folder(page, "Lighthouses", "Answer from the files.")
    page.get_by_label("Files for this folder").set_input_files(
        {"name": "skerry.txt", "mimeType": "text/plain", "buffer": FACTS.encode()})
    expect(page.get_by_label("Files of this folder")).to_contain_text("searchable", timeout=WAIT)
    page.get_by_role("link", name="New chat here").click()
    expect(page.get_by_text("This chat will be in the folder Lighthouses.")).to_be_visible()
    ask(page, "Who kept the lighthouse of Skerry Point?")
    finished(page)
    body = bodies[0]
    assert body["instructions"] == "Answer from the files."
    assert body["tools"][0]["type"] == "file_search" and body["tool_choice"] == {"type": "file_search"}
    sources = answer(page).locator(".sources")
    if sources.get_attribute("open") is None:  # None is cited.
        sources.locator("summary").click()
    expect(sources).to_contain_text("skerry.txt")
    expect(sources).to_contain_text("Ada Quill, kept bees")
    # It is in the folder, and its sources are there after a reload.
    group = page.get_by_label("Chats in Lighthouses")
    expect(group.get_by_role("button", name="Who kept the lighthouse")).to_be_visible()
    page.reload()
    expect(answer(page).locator(".sources")).to_contain_text("skerry.txt")
    # The search says where it is.
    page.get_by_role("searchbox").fill("skerry")
    expect(page.locator("nav .chats")).to_contain_text("in Lighthouses")


def test_chats_move_and_stay(page, server):
    chat = make_chat(server, "About rivers", [("user", "Rivers?")])
    folder = api(server, "POST", "/v1/tiro/folders", {"name": "Water"})["id"]
    page.reload()
    group = page.get_by_role("button", name="Water", exact=True)
    expect(group).to_have_attribute("aria-expanded", "false")
    page.get_by_label("More for About rivers").click()
    page.get_by_label("Folder", exact=True).select_option("Water")
    # By the keyboard alone.
    group.focus()
    page.keyboard.press("Enter")
    expect(group).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_label("Chats in Water").get_by_text("About rivers")).to_be_visible()
    assert api(server, "GET", f"/v1/tiro/chats/{chat}")["chat"]["folder_id"] == folder
    page.reload()  # It is open still.
    expect(page.get_by_label("Chats in Water").get_by_text("About rivers")).to_be_visible()
    page.get_by_label("More for the folder Water").click()
    page.get_by_role("button", name="Instructions and files").click()
    page.once("dialog", lambda d: d.accept())
    page.get_by_role("button", name="Delete the folder, keep its chats").click()
    expect(page.get_by_role("button", name="About rivers").first).to_be_visible()
    expect(page.get_by_role("button", name="Water", exact=True)).to_have_count(0)
    assert api(server, "GET", f"/v1/tiro/chats/{chat}")["chat"]["folder_id"] == ""
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


def test_a_folder_goes_with_its_chats(page, server):
    folder = api(server, "POST", "/v1/tiro/folders", {"name": "Fire"})["id"]
    chat = make_chat(server, "About fire", [("user", "Fire?")])
    api(server, "POST", f"/v1/tiro/chats/{chat}", {"folder_id": folder})
    page.goto(f"{server.url}/#/folder/{folder}")
    page.once("dialog", lambda d: d.accept())
    page.get_by_role("button", name="Delete it and its chats (1)").click()
    expect(page.get_by_text("Ask something.")).to_be_visible()
    assert all(c["id"] != chat for c in api(server, "GET", "/v1/tiro/chats")["data"])


def test_what_is_remembered(page, server):
    bodies = sent(page)
    held(page)
    page.get_by_role("link", name="Memory").click()
    page.get_by_label("Something to remember").fill("Writes C.")
    page.get_by_role("button", name="Remember", exact=True).click()
    rows = page.get_by_label("What is remembered")
    expect(rows).to_contain_text("Writes C.")
    page.get_by_role("button", name="Change: Writes C.").click()
    page.get_by_role("textbox", name="What is remembered", exact=True).fill("Writes only C.")
    page.get_by_role("button", name="Save").click()
    expect(rows).to_contain_text("Writes only C.")
    page.get_by_role("link", name="Back to the chats").click()
    # From a message, after a look at it.
    ask(page, "I live by a river")
    finished(page)
    page.get_by_label("You", exact=True).get_by_role("button", name="Remember").click()
    dialog = page.get_by_role("dialog", name="Remember this")
    expect(dialog.get_by_role("textbox")).to_have_value("I live by a river")
    dialog.get_by_role("button", name="Remember").click()
    expect(dialog).to_have_count(0)
    ask(page, "And now?")
    finished(page, 1)
    told = "What you know of the user, from earlier:\n- Writes only C."
    assert bodies[0]["instructions"] == told
    assert bodies[1]["instructions"] == told + "\n- I live by a river"
    # Off for this chat.
    page.keyboard.press("Control+,")
    page.get_by_label("Tell this chat what stands in the memory").uncheck()
    page.get_by_role("button", name="Done").click()
    ask(page, "And here?")
    finished(page, 2)
    assert "instructions" not in bodies[2]
    # Never in a temporary one, nor can anything of it be remembered.
    page.get_by_role("button", name="Temporary").click()
    ask(page, "Secret")
    finished(page)
    assert "instructions" not in bodies[3]
    expect(page.get_by_role("button", name="Remember", exact=True)).to_have_count(0)
    # Off altogether, and forgotten.
    page.get_by_role("link", name="Memory").click()
    page.get_by_label("Use the memory").uncheck()
    expect(page.get_by_label("Let the model add")).to_be_disabled()
    page.get_by_role("button", name="Forget: Writes only C.").click()
    expect(rows.get_by_text("Writes only C.")).to_have_count(0)
    page.once("dialog", lambda d: d.accept())
    assert len(api(server, "GET", "/v1/tiro/memory")["data"]) == 1
    assert api(server, "GET", "/v1/tiro/memory")["instructions"] == ""


def test_the_model_remembers(page, server):
    """Only by the user's choice; seen in the answer, and taken back there."""
    bodies = sent(page)
    held(page)
    ask(page, "Remember that I like tea.")
    finished(page)
    assert "tools" not in bodies[0]
    page.get_by_role("link", name="Memory").click()
    with page.expect_response("**/v1/tiro/preferences"):  # The next question asks the server for it.
        page.get_by_label("Let the model add").check()
    page.get_by_role("link", name="Back to the chats").click()
    page.unroute("**/v1/responses")
    held(page, tool_choice={"type": "tiro_memory"}, max_tool_calls=1, max_output_tokens=120)
    page.get_by_role("button", name="New chat").click()
    ask(page, "Remember that I like tea.")
    expect(answer(page).locator(".remembered")).to_contain_text("Remembered: ", timeout=WAIT)
    finished(page)
    assert bodies[1]["tools"] == [{"type": "tiro_memory"}]
    kept = api(server, "GET", "/v1/tiro/memory")["data"]
    assert len(kept) == 1 and kept[0]["origin"] == "model"
    answer(page).get_by_role("button", name="Undo").click()
    expect(answer(page)).to_contain_text("Not remembered: ")
    assert api(server, "GET", "/v1/tiro/memory")["data"] == []
    page.reload()
    expect(answer(page)).to_contain_text("Not remembered: ")


def test_presets(page, server, tmp_path):
    page.keyboard.press("Control+,")
    dialog = page.get_by_role("dialog", name="Settings of this chat")
    dialog.get_by_label("Instructions").fill("Answer in one word.")
    dialog.get_by_label("Temperature").fill("0")
    dialog.get_by_label("Name of a new preset").fill("Terse")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog.get_by_label("Use the settings of")).to_contain_text("Terse")
    dialog.get_by_text("Change, import, export").click()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Export presets").click()
    path = tmp_path / "presets.json"
    download.value.save_as(path)
    saved = json.loads(path.read_text())
    assert saved["format"] == "tiro.presets"
    assert saved["presets"][0]["settings"]["instructions"] == "Answer in one word."
    assert saved["presets"][0]["settings"]["model"] == "smollm2-135m"
    dialog.get_by_role("button", name="Done").click()
    # Into another chat.
    page.get_by_role("button", name="New chat").click()
    page.keyboard.press("Control+,")
    dialog.get_by_label("Instructions").fill("")
    dialog.get_by_label("Use the settings of").select_option("Terse")
    expect(dialog.get_by_label("Instructions")).to_have_value("Answer in one word.")
    # Renamed, deleted, and back from the file.
    dialog.get_by_text("Change, import, export").click()
    dialog.get_by_role("button", name="Rename Terse").click()
    dialog.get_by_label("Name of the preset").fill("Curt")
    dialog.get_by_label("Name of the preset").press("Enter")
    dialog.get_by_role("button", name="Delete Curt").click()
    expect(dialog.get_by_label("Presets", exact=True).get_by_role("listitem")).to_have_count(0)
    dialog.get_by_label("Presets to import").set_input_files(path)
    expect(dialog.get_by_role("button", name="Delete Terse")).to_be_visible()
    path.write_text('{"format":"other"}')
    dialog.get_by_label("Presets to import").set_input_files(path)
    expect(dialog).to_contain_text("These are no presets that were saved here.")
    dialog.get_by_role("button", name="Done").click()
    ask(page, "Say something")
    finished(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_no_violations(browser, server, scheme, size):
    folder = api(server, "POST", "/v1/tiro/folders", {"name": "Rivers and lakes", "instructions": "Be brief."})["id"]
    chat = make_chat(server, "About rivers", [("user", "Rivers?"), ("assistant", "They flow [1].")])
    api(server, "POST", f"/v1/tiro/chats/{chat}", {"folder_id": folder})
    leaf = api(server, "GET", f"/v1/tiro/chats/{chat}")["messages"][-1]["id"]
    source = {"n": 1, "file_id": "f", "filename": "rivers.txt", "quote": "All rivers flow.", "cited": True, "start": 0}
    api(server, "POST", f"/v1/tiro/chats/{chat}/messages/{leaf}",
        {"details": {"sources": [source], "remembered": [{"id": "mem_1", "text": "Likes rivers."}]}})
    api(server, "POST", "/v1/tiro/memory", {"text": "Likes rivers."})
    api(server, "POST", "/v1/tiro/presets", {"name": "Terse", "settings": {"temperature": 0}})
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    open_chat(page, server, chat)
    if size is PHONE:
        page.get_by_role("button", name="Chats", exact=True).click()
    expect(page.get_by_label("Chats in Rivers and lakes")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("More for About rivers").click()
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_label("Links")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+,")
    page.get_by_label("Use the settings of").wait_for()
    assert violations(page) == []
    for place, words in ((f"folder/{folder}", "Delete it and its chats"), ("memory", "Likes rivers."), ("links", "About rivers")):
        page.goto(f"{server.url}/#/{place}")
        page.reload()
        page.get_by_text(words).first.wait_for()
        assert violations(page) == []
        fits(page)
    page.close()
