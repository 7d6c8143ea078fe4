// Instead of everything else, while the server does not know who looks at the page.
import { useEffect, useState } from "preact/hooks";

import type { PageProps } from "../pages";
import { said } from "../server/http";
import { beginAnew, canPasskeys, readMe, signIn, signInByPasskey, type Me } from "../server/people";
import { KeyForm } from "../view/key";

function Passwords() {
    const [problem, setProblem] = useState("");
    const [busy, setBusy] = useState(false);
    const during = async (work: Promise<unknown>) => {
        setBusy(true);
        setProblem("");
        try {
            await work;
            beginAnew(!location.hash.startsWith("#/sign-in"));
        } catch (e) {
            // The person has closed the browser's own dialog: that is no news to them.
            if (!(e instanceof DOMException && e.name === "NotAllowedError")) setProblem(said(e));
            setBusy(false);
        }
    };
    return (
        <>
            <form
                onSubmit={(e) => {
                    e.preventDefault();
                    const form = new FormData(e.currentTarget);
                    void during(signIn(form.get("login") as string, form.get("password") as string));
                }}
            >
                <label>
                    Name
                    <input name="login" autocomplete="username" autocapitalize="none" required />
                </label>
                <label>
                    Password
                    <input name="password" type="password" autocomplete="current-password" required />
                </label>
                {problem && (
                    <p class="notice bad" role="alert">
                        {problem}
                    </p>
                )}
                <button class="main" type="submit" disabled={busy}>
                    Sign in
                </button>
            </form>
            {canPasskeys() && (
                <button disabled={busy} onClick={() => void during(signInByPasskey())}>
                    Sign in with a passkey
                </button>
            )}
        </>
    );
}

export default function SignIn({ server }: PageProps) {
    const [me, setMe] = useState<Me | null>(null);
    useEffect(() => {
        readMe().then(setMe, () => undefined);
    }, []);
    if (!me) return null;
    return (
        <main class="door">
            <h1>Tiro</h1>
            {me.people && <Passwords />}
            {me.setup && (
                <p>
                    This server has no owner yet. Open the link that it printed when it started; on its machine,{" "}
                    <code>tiro people link</code> prints another.
                </p>
            )}
            {me.people && (
                <details>
                    <summary>Use an API key</summary>
                    <KeyForm onKey={server.again} />
                </details>
            )}
            {!me.people && !me.setup && <KeyForm onKey={server.again} />}
        </main>
    );
}
