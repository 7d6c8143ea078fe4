// `#/people`: who may use this server, for its owners.
import { useEffect, useState } from "preact/hooks";

import type { PageProps } from "../pages";
import { said } from "../server/http";
import {
    changeUser,
    deleteInvite,
    deleteUser,
    invite,
    listInvites,
    listUsers,
    ownerLink,
    readMe,
    resetUser,
    when,
    type Invite,
    type Link,
    type Me,
    type User,
} from "../server/people";
import { Copy } from "../view/copy";
import { Frame } from "../view/frame";
import { useLatest } from "../view/latest";

interface Shown {
    me: Me;
    users: User[];
    invites: Invite[];
}

/** A link that is shown this once. */
function Fresh({ link, what }: { link: Link; what: string }) {
    const address = location.origin + link.path;
    return (
        <div class="fresh" role="status">
            <p>
                {what} It is good once, until {when(link.expires_at)}, and is not shown again.
            </p>
            <div class="row">
                <input aria-label="Link" readOnly value={address} onFocus={(e) => e.currentTarget.select()} />
                <Copy what="link" text={address} />
            </div>
        </div>
    );
}

type Work = (work: Promise<unknown>) => void;
type Give = (link: Promise<Link>, what: string) => void;

function Person({ user, me, then, give }: { user: User; me: Me; then: Work; give: Give }) {
    const own = user.id === me.user?.id;
    return (
        <tr>
            <td>
                {user.name} {own && <small>(you)</small>}
                <small class="under">{user.state === "leaving" ? "being deleted" : user.login}</small>
            </td>
            <td>
                <select
                    aria-label={`Role of ${user.name}`}
                    value={user.role}
                    disabled={user.state === "leaving"}
                    onChange={(e) => then(changeUser(user.id, { role: e.currentTarget.value as User["role"] }))}
                >
                    <option value="member">Member</option>
                    <option value="owner">Owner</option>
                </select>
            </td>
            <td class="acts">
                {!own && user.state !== "leaving" && (
                    <>
                        <button
                            onClick={() =>
                                then(changeUser(user.id, { state: user.state === "active" ? "disabled" : "active" }))
                            }
                        >
                            {user.state === "active" ? "Keep out" : "Let in"}
                        </button>
                        {user.state === "active" && (
                            <button
                                onClick={() => give(resetUser(user.id), `With this link ${user.name} sets a new password.`)}
                            >
                                New password
                            </button>
                        )}
                        <button
                            class="bad"
                            onClick={() => {
                                const ask = `Delete the account of ${user.name} and all that is theirs? It cannot be brought back.`;
                                if (confirm(ask)) then(deleteUser(user.id));
                            }}
                        >
                            Delete
                        </button>
                    </>
                )}
            </td>
        </tr>
    );
}

function Everybody({ shown, then, give }: { shown: Shown; then: Work; give: Give }) {
    return (
        <section>
            <h2>People</h2>
            <table class="people">
                <thead>
                    <tr>
                        <th>Name</th>
                        <th>Role</th>
                        <th>
                            <span class="unseen">What to do</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {shown.users.map((user) => (
                        <Person key={user.id} user={user} me={shown.me} then={then} give={give} />
                    ))}
                </tbody>
            </table>
        </section>
    );
}

function Invitations({ shown, then, give }: { shown: Shown; then: Work; give: Give }) {
    return (
        <section>
            <h2>Invite somebody</h2>
            <form
                class="row"
                onSubmit={(e) => {
                    e.preventDefault();
                    const form = new FormData(e.currentTarget);
                    const note = form.get("note") as string;
                    give(
                        invite(form.get("role") as string, note),
                        note ? `This link is for ${note}.` : "Send this link to whom you invite.",
                    );
                    e.currentTarget.reset();
                }}
            >
                <input name="note" aria-label="For whom" placeholder="For whom" maxLength={200} />
                <select name="role" aria-label="Role">
                    <option value="member">Member</option>
                    <option value="owner">Owner</option>
                </select>
                <button class="main">Make a link</button>
            </form>
            {shown.invites.length > 0 && (
                <ul class="rows" aria-label="Open invitations">
                    {shown.invites.map((i) => (
                        <li>
                            <span>
                                {i.note || "Somebody"}
                                <small class="under">
                                    {i.role}, until {when(i.expires_at)}
                                </small>
                            </span>
                            <button onClick={() => then(deleteInvite(i.id))}>Take back</button>
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}

/** On the machine itself, before there is anybody. */
function Begin({ give }: { give: Give }) {
    return (
        <section>
            <p>
                Only this machine uses the server, and nobody has to sign in. For others to use it, become its owner,
                then invite them. What is here already stays yours.
            </p>
            <button class="main" onClick={() => give(ownerLink(), "Open this link to become the owner.")}>
                Become the owner
            </button>
        </section>
    );
}

export default function People(_: PageProps) {
    const [shown, setShown] = useState<Shown | null>(null);
    const [fresh, setFresh] = useState<{ link: Link; what: string } | null>(null);
    const [problem, setProblem] = useState("");
    const latest = useLatest();
    const ask = () =>
        latest(Promise.all([readMe(), listUsers(), listInvites()])).then(
            ([me, users, invites]) => setShown({ me, users, invites }),
            (e: unknown) => setProblem(said(e)),
        );
    useEffect(() => void ask(), []);
    const then: Work = (work) => {
        setProblem("");
        void work.then(ask, (e: unknown) => {
            setProblem(said(e));
            void ask();
        });
    };
    const give: Give = (link, what) => then(link.then((l) => setFresh({ link: l, what })));
    const begun = shown && shown.users.length > 0;
    return (
        <Frame title="People">
            <div class="people-page">
                {problem && (
                    <p class="notice bad" role="alert">
                        {problem}
                    </p>
                )}
                {fresh && <Fresh {...fresh} />}
                {begun && <Everybody shown={shown} then={then} give={give} />}
                {begun && <Invitations shown={shown} then={then} give={give} />}
                {shown && !begun && <Begin give={give} />}
            </div>
        </Frame>
    );
}
