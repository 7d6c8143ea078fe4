"""People in the app: the owner's link, an invitation, two who do not see each other, a passkey, and leaving."""
import re
import subprocess
import time

import pytest
from playwright.sync_api import expect

from app import WAIT, api, box_of, fits
from conftest import TIRO, Server, data_dir
from test_access import violations

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    data = data_dir(tmp_path_factory.mktemp("people"), "smollm2-135m")
    server = Server(data, TIRO_REQUIRE_SIGN_IN="yes")
    server.data = data
    # The page is opened by a name, as passkeys want it.
    server.url = server.url.replace("127.0.0.1", "localhost")
    yield server
    server.stop()


def link(server, *words):
    done = subprocess.run([TIRO, "people", *words, "--data", server.data], capture_output=True, text=True, check=True)
    return server.url + re.search(r"/#/\S+", done.stdout).group(0)


def new_page(browser, **options):
    context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda e: page.wrong.append(str(e)))
    page.on("console", lambda m: page.wrong.append(m.text)
            if m.type == "error" and "the server responded with a status of 401" not in m.text else None)
    return page


def join(page, address, login, name=""):
    page.goto(address)
    page.get_by_label("Name to sign in with").fill(login)
    page.get_by_label("What to call you").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(box_of(page)).to_be_visible()


def sign_in(page, login, password=PASSWORD):
    page.get_by_label("Name", exact=True).fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def go(page, name):
    page.get_by_role("link", name=name, exact=True).click()


@pytest.fixture(scope="module")
def owner(browser, guarded):
    """Signed in as the owner, at the chats."""
    page = new_page(browser)
    page.goto(guarded.url)
    expect(page.get_by_text("has no owner yet")).to_be_visible()
    assert violations(page) == []
    join(page, link(guarded, "link"), "olga", "Olga")
    yield page
    assert page.wrong == []
    page.context.close()


def invited(browser, owner, login, name):
    """A person of their own, who came by a link that the owner made in the page."""
    owner.bring_to_front()
    go(owner, "People")
    owner.get_by_label("For whom").fill(name)
    owner.get_by_role("button", name="Make a link").click()
    expect(owner.get_by_text(f"This link is for {name}.")).to_be_visible()
    address = owner.get_by_label("Link", exact=True).input_value()
    go(owner, "Back to the chats")
    page = new_page(browser)
    join(page, address, login, name)
    page.address = address
    return page


def test_an_invitation_makes_two_who_do_not_see_each_other(browser, guarded, owner):
    ann = invited(browser, owner, "ann", "Ann")
    box_of(ann).fill("My secret garden")
    ann.get_by_role("button", name="Send", exact=True).click()
    expect(ann.get_by_role("button", name="My secret garden").first).to_be_visible(timeout=WAIT)
    box_of(ann).press("Escape")
    owner.reload()
    expect(owner.get_by_role("link", name="People", exact=True)).to_be_visible()
    expect(owner.get_by_text("My secret garden")).to_have_count(0)
    # By its address neither.
    owner.goto(ann.url)
    expect(owner.get_by_text("not found")).to_be_visible()
    owner.goto(guarded.url + "/#/")
    # A member has no page of people.
    expect(ann.get_by_role("link", name="Account", exact=True)).to_be_visible()
    expect(ann.get_by_role("link", name="People", exact=True)).to_have_count(0)
    ann.goto(guarded.url + "/#/people")
    expect(ann.get_by_role("alert")).to_contain_text("Only an owner")
    # The link has been used.
    late = new_page(browser)
    late.goto(ann.address)
    expect(late.get_by_role("alert")).to_contain_text("not good any more")
    late.context.close()
    # Signed out, and in again.
    ann.goto(guarded.url + "/#/account")
    ann.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(ann, "ann", "not the password")
    expect(ann.get_by_role("alert")).to_contain_text("not right")
    sign_in(ann, "Ann")
    expect(ann.get_by_role("button", name="My secret garden").first).to_be_visible()
    ann.wrong = [w for w in ann.wrong if "403" not in w]
    assert ann.wrong == []
    ann.context.close()
    owner.wrong = [w for w in owner.wrong if "404" not in w]


def test_nothing_of_a_session_is_there_for_scripts(owner):
    assert owner.evaluate("document.cookie") == ""
    assert owner.evaluate("JSON.stringify([localStorage, sessionStorage])").count("session") == 0
    cookie = next(c for c in owner.context.cookies() if c["name"] == "tiro_session")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/"


def test_a_foreign_page_gets_nothing_by_the_session(browser, guarded, owner):
    """Another origin on the same machine, which even is the same site."""
    other = Server(data_dir(guarded.data / "other"))
    page = owner.context.new_page()
    page.goto(other.url.replace("127.0.0.1", "localhost"))
    tried = page.evaluate("""async (url) => {
        const all = [["GET", "/v1/tiro/chats"], ["POST", "/v1/tiro/chats"], ["POST", "/v1/tiro/sign_out"]];
        return Promise.all(all.map(([method, path]) =>
            fetch(url + path, {method, credentials: "include", ...(method === "POST" ? {body: "{}", mode: "no-cors"} : {})})
                .then((r) => r.type + r.status, () => "refused")));
    }""", guarded.url)
    assert tried[0] == "refused"
    page.close()
    other.stop()
    owner.reload()
    expect(box_of(owner)).to_be_visible()  # Still signed in.


def authenticator(page):
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    return client, client.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True}})["authenticatorId"]


def test_a_passkey(browser, guarded, owner):
    page = invited(browser, owner, "pat", "Pat")
    client, device = authenticator(page)
    go(page, "Account")
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Add a passkey").click()
    keys = page.get_by_role("list", name="Passkeys")
    expect(keys.get_by_text("My laptop")).to_be_visible()
    # The same device a second time: the browser itself says no.
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(box_of(page)).to_be_visible()
    go(page, "Account")
    expect(page.get_by_text("You sign in as pat.")).to_be_visible()
    # A copied one counts behind.
    found = client.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"][0]
    client.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": found["credentialId"]})
    client.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {**found, "signCount": 0}})
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("may have been copied")
    client.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": found["credentialId"]})
    client.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {**found, "signCount": 100}})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(box_of(page)).to_be_visible()
    go(page, "Account")
    keys.get_by_role("button", name="Delete My laptop").click()
    expect(keys.get_by_text("My laptop")).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    page.context.close()


def test_account(browser, guarded, owner):
    page = invited(browser, owner, "quinn", "Quinn")
    elsewhere = new_page(browser)
    elsewhere.goto(guarded.url)
    sign_in(elsewhere, "quinn")
    expect(box_of(elsewhere)).to_be_visible()
    go(page, "Account")
    sessions = page.get_by_role("list", name="Sessions")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    sessions.get_by_role("button", name="Sign out").click()
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    elsewhere.reload()
    expect(elsewhere.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    page.get_by_label("What the key is for").fill("My editor")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_label("API key", exact=True)).to_have_value(re.compile("^sk-tiro-"))
    key = page.get_by_label("API key", exact=True).input_value()
    # The key opens the page, too.
    elsewhere.get_by_text("Use an API key").click()
    elsewhere.get_by_label("This server asks for an API key.").fill(key)
    elsewhere.get_by_role("button", name="Continue").click()
    expect(box_of(elsewhere)).to_be_visible()
    elsewhere.context.close()
    page.get_by_role("button", name="Delete My editor").click()
    expect(page.get_by_role("list", name="API keys").get_by_role("listitem")).to_have_count(0)
    page.get_by_label("Password so far").fill(PASSWORD)
    page.get_by_label("New password").fill("another horse battery")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everything").click()
    assert '"object":"tiro.export"' in open(download.value.path()).read()
    page.get_by_role("button", name="Delete the account").click()
    dialog = page.get_by_role("dialog", name="Delete the account")
    dialog.get_by_label("Write quinn to confirm").fill("nobody")
    dialog.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was deleted")
    page.get_by_role("button", name="Delete the account").click()
    dialog.get_by_label("Write quinn to confirm").fill("quinn")
    dialog.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    sign_in(page, "quinn", "another horse battery")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    page.context.close()


def test_owners_keep_the_list(browser, guarded, owner):
    page = invited(browser, owner, "rosa", "Rosa")
    go(owner, "People")
    row = owner.get_by_role("row", name=re.compile("Rosa"))
    row.get_by_role("button", name="Keep out").click()
    expect(row.get_by_role("button", name="Let in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    row.get_by_role("button", name="Let in").click()
    expect(row.get_by_role("button", name="Keep out")).to_be_visible()
    row.get_by_role("button", name="New password").click()
    expect(owner.get_by_text("With this link Rosa sets a new password.")).to_be_visible()
    page.goto(owner.get_by_label("Link", exact=True).input_value())
    expect(page.get_by_text("Choose a new password for rosa.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("third horse battery")
    page.get_by_label("Password again").fill("third horse battery")
    page.get_by_role("button", name="Set the password").click()
    expect(box_of(page)).to_be_visible()
    with owner.expect_response("**/v1/tiro/users/**"):
        row.get_by_label("Role of Rosa").select_option("owner")
    page.reload()
    expect(page.get_by_role("link", name="People", exact=True)).to_be_visible()
    owner.get_by_label("For whom").fill("Somebody else")
    owner.get_by_role("button", name="Make a link").click()
    owner.get_by_role("listitem").filter(has_text="Somebody else").get_by_role("button", name="Take back").click()
    expect(owner.get_by_role("list", name="Open invitations").filter(has_text="Somebody else")).to_have_count(0)
    owner.once("dialog", lambda d: d.accept())
    row.get_by_role("button", name="Delete").click()
    expect(row.get_by_role("button")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    page.context.close()
    go(owner, "Back to the chats")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_for_everybody(browser, guarded, owner, scheme, size):
    page = new_page(browser, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)

    def look(name):
        assert violations(page) == [], name
        fits(page)
    page.goto(guarded.url)
    page.get_by_role("button", name="Sign in", exact=True).wait_for()
    look("sign in")
    page.goto(link(guarded, "invite", "a look"))
    page.get_by_role("button", name="Begin").wait_for()
    look("join")
    page.goto(guarded.url + "/#/")
    sign_in(page, "olga")
    box_of(page).wait_for()
    page.goto(guarded.url + "/#/account")
    page.get_by_role("heading", name="Your data").wait_for()
    look("account")
    page.goto(guarded.url + "/#/people")
    page.get_by_role("heading", name="Invite somebody").wait_for()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_label("Link", exact=True).wait_for()
    look("people")
    assert page.wrong == []
    page.context.close()


def test_on_this_machine_it_just_works(browser, tmp_path):
    server = Server(data_dir(tmp_path / "own", "smollm2-135m"))
    page = new_page(browser)
    page.goto(server.url)
    expect(box_of(page)).to_be_visible()
    expect(page.get_by_role("link", name="Account", exact=True)).to_have_count(0)
    api(server, "POST", "/v1/tiro/chats", {"title": "From before"})
    go(page, "People")
    page.get_by_role("button", name="Become the owner").click()
    join(page, page.get_by_label("Link", exact=True).input_value(), "me")
    expect(page.get_by_role("button", name="From before").first).to_be_visible()
    # Signed out, it is the machine's own user again, who may sign in as somebody.
    page.goto(server.url + "/#/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(box_of(page)).to_be_visible()
    go(page, "Sign in")
    sign_in(page, "me")
    expect(page.get_by_role("link", name="Account", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_have_count(0)
    assert page.wrong == []
    page.context.close()
    server.stop()
