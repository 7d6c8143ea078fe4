// `#/account`: one's own name, password, passkeys, sessions, API keys, and data.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { PageProps } from "../pages";
import { said, send } from "../server/http";
import {
    beginAnew,
    canPasskeys,
    changeMe,
    createKey,
    createPasskey,
    deleteKey,
    deleteMe,
    deletePasskey,
    deleteSession,
    listKeys,
    listPasskeys,
    listSessions,
    readMe,
    signOut,
    when,
    type Key,
    type Me,
    type Passkey,
    type Session,
    type User,
} from "../server/people";
import { save } from "../chat/files";
import { Copy } from "../view/copy";
import { Frame } from "../view/frame";
import { useLatest } from "../view/latest";

/** What a person does, and what became of it. */
function useWork(again: () => void) {
    const [problem, setProblem] = useState("");
    const [done, setDone] = useState("");
    const work = async (doing: Promise<unknown>, words = ""): Promise<boolean> => {
        setProblem("");
        setDone("");
        try {
            await doing;
            setDone(words);
            again();
            return true;
        } catch (e) {
            if (!(e instanceof DOMException && e.name === "NotAllowedError")) setProblem(said(e));
            return false;
        }
    };
    const note = (
        <>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {done && (
                <p class="notice" role="status">
                    {done}
                </p>
            )}
        </>
    );
    return { work, note };
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
    return (
        <section>
            <h2>{title}</h2>
            {children}
        </section>
    );
}

function Name({ user, again }: { user: User; again: () => void }) {
    const { work, note } = useWork(again);
    return (
        <Section title="You">
            <p>
                You sign in as <b>{user.login}</b>.
            </p>
            <form
                class="row"
                onSubmit={(e) => {
                    e.preventDefault();
                    void work(changeMe({ name: new FormData(e.currentTarget).get("name") as string }), "Saved.");
                }}
            >
                <input name="name" aria-label="What to call you" defaultValue={user.name} maxLength={100} required />
                <button>Save the name</button>
            </form>
            {note}
        </Section>
    );
}

function Password({ user }: { user: User }) {
    const { work, note } = useWork(() => undefined);
    return (
        <Section title="Password">
            <form
                class="stack"
                onSubmit={(e) => {
                    e.preventDefault();
                    const form = e.currentTarget;
                    const of = new FormData(form);
                    const change = changeMe({
                        current_password: of.get("current") as string,
                        password: of.get("password") as string,
                    });
                    void work(change, "The password is changed; elsewhere you are signed out.").then(
                        (good) => good && form.reset(),
                    );
                }}
            >
                <input hidden name="username" autocomplete="username" value={user.login} readOnly />
                <label>
                    Password so far
                    <input name="current" type="password" autocomplete="current-password" required />
                </label>
                <label>
                    New password
                    <input
                        name="password"
                        type="password"
                        autocomplete="new-password"
                        minLength={10}
                        maxLength={256}
                        required
                    />
                </label>
                <button>Change the password</button>
            </form>
            {note}
        </Section>
    );
}

function Passkeys() {
    const [keys, setKeys] = useState<Passkey[]>([]);
    const latest = useLatest();
    const ask = () => void latest(listPasskeys()).then(setKeys);
    const { work, note } = useWork(ask);
    useEffect(ask, []);
    return (
        <Section title="Passkeys">
            <p>
                {canPasskeys()
                    ? "A passkey is kept by your device and opened with your finger, face or PIN: nothing to type, nothing to steal."
                    : "Passkeys need an address with https, or localhost: this page has neither."}
            </p>
            <ul class="rows" aria-label="Passkeys">
                {keys.map((k) => (
                    <li>
                        <span>
                            {k.name}
                            <small class="under">
                                {k.site}, used {when(k.used_at)}
                            </small>
                        </span>
                        <button aria-label={`Delete ${k.name}`} onClick={() => void work(deletePasskey(k.id))}>
                            Delete
                        </button>
                    </li>
                ))}
            </ul>
            {canPasskeys() && (
                <form
                    class="row"
                    onSubmit={(e) => {
                        e.preventDefault();
                        const form = e.currentTarget;
                        const name = (new FormData(form).get("name") as string).trim();
                        void work(createPasskey(name || "Passkey")).then((good) => good && form.reset());
                    }}
                >
                    <input name="name" aria-label="Name of the passkey" placeholder="This laptop" maxLength={100} />
                    <button>Add a passkey</button>
                </form>
            )}
            {note}
        </Section>
    );
}

/** "Firefox on Windows", out of what a browser calls itself; else its own words. */
function browserOf(agent: string): string {
    const name = ["Firefox", "Edg", "OPR", "Chrome", "Safari"].find((n) => agent.includes(n));
    const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((n) => agent.includes(n));
    const spoken: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
    return name ? (spoken[name] ?? name) + (system ? ` on ${system}` : "") : agent;
}

function Sessions() {
    const [sessions, setSessions] = useState<Session[]>([]);
    const latest = useLatest();
    const ask = () => void latest(listSessions()).then(setSessions);
    const { work, note } = useWork(ask);
    useEffect(ask, []);
    return (
        <Section title="Where you are signed in">
            <ul class="rows" aria-label="Sessions">
                {sessions.map((s) => (
                    <li>
                        <span>
                            {browserOf(s.browser) || "A program"}
                            {s.current && <b> (here)</b>}
                            <small class="under">
                                {s.address || "this machine"}, seen {when(s.seen_at)}
                            </small>
                        </span>
                        {!s.current && (
                            <button onClick={() => void work(deleteSession(s.id), "Signed out there.")}>Sign out</button>
                        )}
                    </li>
                ))}
            </ul>
            {note}
        </Section>
    );
}

function Keys() {
    const [keys, setKeys] = useState<Key[]>([]);
    const [fresh, setFresh] = useState("");
    const latest = useLatest();
    const ask = () => void latest(listKeys()).then(setKeys);
    const { work, note } = useWork(ask);
    useEffect(ask, []);
    return (
        <Section title="API keys">
            <p>For programs of yours: what they make is yours, and nobody else sees it.</p>
            <ul class="rows" aria-label="API keys">
                {keys.map((k) => (
                    <li>
                        <span>
                            {k.name}
                            <small class="under">
                                <code>{k.hint}</code>, used {when(k.seen_at)}
                            </small>
                        </span>
                        <button aria-label={`Delete ${k.name}`} onClick={() => void work(deleteKey(k.id), "Deleted.")}>
                            Delete
                        </button>
                    </li>
                ))}
            </ul>
            {fresh && (
                <div class="fresh" role="status">
                    <p>The key is shown this once:</p>
                    <div class="row">
                        <input aria-label="API key" readOnly value={fresh} onFocus={(e) => e.currentTarget.select()} />
                        <Copy what="key" text={fresh} />
                    </div>
                </div>
            )}
            <form
                class="row"
                onSubmit={(e) => {
                    e.preventDefault();
                    const form = e.currentTarget;
                    const made = createKey(new FormData(form).get("name") as string).then((k) => setFresh(k.key));
                    void work(made).then((good) => good && form.reset());
                }}
            >
                <input name="name" aria-label="What the key is for" placeholder="My editor" maxLength={100} required />
                <button>Make a key</button>
            </form>
            {note}
        </Section>
    );
}

function Data({ user }: { user: User }) {
    const { work, note } = useWork(() => undefined);
    const dialog = useRef<HTMLDialogElement>(null);
    const take = async () => save("tiro.json", await (await send("GET", "/v1/tiro/me/export")).blob());
    return (
        <Section title="Your data">
            <p>
                <button onClick={() => void work(take())}>Export everything</button>{" "}
                <button class="bad" onClick={() => dialog.current!.showModal()}>
                    Delete the account
                </button>
            </p>
            {note}
            <dialog ref={dialog} aria-labelledby="leaving">
                <h2 id="leaving">Delete the account</h2>
                <p>
                    All chats, files and answers of yours are deleted with it, at once. Nobody can bring them back, but
                    from backups that the owner made.
                </p>
                <form
                    class="stack"
                    onSubmit={(e) => {
                        e.preventDefault();
                        const login = new FormData(e.currentTarget).get("login") as string;
                        dialog.current!.close();
                        void work(deleteMe(login)).then((good) => good && beginAnew());
                    }}
                >
                    <label>
                        Write <b>{user.login}</b> to confirm
                        <input name="login" autocomplete="off" autocapitalize="none" required />
                    </label>
                    <div class="row">
                        <button class="bad">Delete everything</button>
                        <button type="button" onClick={() => dialog.current!.close()}>
                            Cancel
                        </button>
                    </div>
                </form>
            </dialog>
        </Section>
    );
}

export default function Account(_: PageProps) {
    const [me, setMe] = useState<Me | null>(null);
    const ask = () => void readMe().then(setMe);
    useEffect(ask, []);
    const leave = () => void signOut().finally(() => beginAnew());
    return (
        <Frame
            title="Account"
            doings={me?.signed_in === "session" && <button onClick={leave}>Sign out</button>}
        >
            <div class="people-page">
                {me && !me.user && <p>You are not signed in: this is the machine's own user.</p>}
                {me?.user && (
                    <>
                        <Name user={me.user} again={ask} />
                        <Password user={me.user} />
                        <Passkeys />
                        <Sessions />
                        <Keys />
                        <Data user={me.user} />
                    </>
                )}
            </div>
        </Frame>
    );
}
