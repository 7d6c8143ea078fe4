// `#/setup/TOKEN` and `#/invite/TOKEN`: a one-time link becomes an account, or a new password.
import { useEffect, useState } from "preact/hooks";

import type { PageProps } from "../pages";
import { said } from "../server/http";
import { beginAnew, join, lookAtLink, when, type Look } from "../server/people";

const PASSWORD_MIN = 10;

function words(look: Look): string {
    if (look.kind === "owner") return "You set up this server and become its owner, who invites the others.";
    if (look.kind === "reset") return `Choose a new password for ${look.login}.`;
    return look.role === "owner" ? "You are invited to this server, as one of its owners." : "You are invited to this server.";
}

function Form({ token, look }: { token: string; look: Look }) {
    const [problem, setProblem] = useState("");
    const [busy, setBusy] = useState(false);
    const submit = async (form: FormData) => {
        const of = (name: string) => (form.get(name) as string | null) ?? "";
        if (of("password") !== of("again")) return setProblem("The two passwords are not the same.");
        setBusy(true);
        setProblem("");
        try {
            await join({ token, login: of("login"), name: of("name"), password: of("password") });
            beginAnew();
        } catch (e) {
            setProblem(said(e));
            setBusy(false);
        }
    };
    return (
        <form
            onSubmit={(e) => {
                e.preventDefault();
                void submit(new FormData(e.currentTarget));
            }}
        >
            {look.kind === "reset" ? (
                <input hidden name="username" autocomplete="username" value={look.login} readOnly />
            ) : (
                <>
                    <label>
                        Name to sign in with
                        <input
                            name="login"
                            autocomplete="username"
                            autocapitalize="none"
                            pattern="[A-Za-z0-9._@+\-]+"
                            title="Letters a to z, digits and . _ - @ +"
                            maxLength={64}
                            required
                        />
                    </label>
                    <label>
                        What to call you
                        <input name="name" autocomplete="name" maxLength={100} />
                    </label>
                </>
            )}
            <label>
                Password
                <input
                    name="password"
                    type="password"
                    autocomplete="new-password"
                    minLength={PASSWORD_MIN}
                    maxLength={256}
                    aria-describedby="password-hint"
                    required
                />
            </label>
            <small id="password-hint">At least {PASSWORD_MIN} characters; three or four words are good.</small>
            <label>
                Password again
                <input name="again" type="password" autocomplete="new-password" required />
            </label>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            <button class="main" type="submit" disabled={busy}>
                {look.kind === "reset" ? "Set the password" : "Begin"}
            </button>
        </form>
    );
}

export default function Join({ rest }: PageProps) {
    const token = rest[0] ?? "";
    const [look, setLook] = useState<Look | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        setLook(null);
        setProblem("");
        lookAtLink(token).then(setLook, (e: unknown) => setProblem(said(e)));
    }, [token]);
    return (
        <main class="door">
            <h1>Tiro</h1>
            {problem && (
                <>
                    <p class="notice bad" role="alert">
                        {problem}
                    </p>
                    <a href="#/">To the server</a>
                </>
            )}
            {look && (
                <>
                    <p>{words(look)}</p>
                    <Form token={token} look={look} />
                    <small>This link is good once, until {when(look.expires_at)}.</small>
                </>
            )}
        </main>
    );
}
