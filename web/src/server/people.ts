// Who uses this server: sessions, accounts, invitations, passkeys: /v1/tiro/me and what stands beside it.
import { useEffect, useState } from "preact/hooks";

import { json, setKey } from "./http";

export interface User {
    id: string;
    login: string;
    name: string;
    role: "owner" | "member";
    state: "active" | "disabled" | "leaving";
    created_at: number;
}

export interface Me {
    signed_in: "nobody" | "local" | "key" | "session";
    owner: boolean;
    /** Somebody can sign in. */
    people: boolean;
    /** Whoever shows nothing is nobody. */
    guarded: boolean;
    /** Nobody can use it before its first owner has come. */
    setup: boolean;
    user: User | null;
}

export interface Session {
    id: string;
    browser: string;
    address: string;
    created_at: number;
    seen_at: number;
    current: boolean;
}

export interface Key {
    id: string;
    name: string;
    hint: string;
    created_at: number;
    seen_at: number;
}

export interface Passkey {
    id: string;
    name: string;
    site: string;
    created_at: number;
    used_at: number;
}

export interface Invite {
    id: string;
    role: "owner" | "member";
    note: string;
    created_at: number;
    expires_at: number;
}

export interface Link {
    token: string;
    path: string;
    expires_at: number;
}

export interface Look {
    kind: "owner" | "invite" | "reset";
    role: "owner" | "member";
    login: string;
    expires_at: number;
}

interface List<T> {
    data: T[];
}

const ROOT = "/v1/tiro";
const list = async <T>(what: string): Promise<T[]> => (await json<List<T>>("GET", `${ROOT}/${what}`)).data;
const post = <T>(what: string, body?: unknown): Promise<T> => json("POST", `${ROOT}/${what}`, body ?? {});
const remove = (what: string): Promise<unknown> => json("DELETE", `${ROOT}/${what}`);

export const readMe = (): Promise<Me> => json("GET", `${ROOT}/me`);
export const signIn = (login: string, password: string): Promise<User> => post("sign_in", { login, password });
export const signOut = (): Promise<unknown> => post("sign_out");
export const lookAtLink = (token: string): Promise<Look> => post("join/look", { token });
export const join = (body: { token: string; login: string; name: string; password: string }): Promise<User> =>
    post("join", body);
export const changeMe = (body: { name?: string; current_password?: string; password?: string }): Promise<User> =>
    post("me", body);
export const deleteMe = (login: string): Promise<unknown> => remove(`me?login=${encodeURIComponent(login)}`);

export const listUsers = (): Promise<User[]> => list("users");
export const changeUser = (id: string, body: Partial<Pick<User, "role" | "state">>): Promise<User> =>
    post(`users/${id}`, body);
export const resetUser = (id: string): Promise<Link> => post(`users/${id}/reset`);
export const deleteUser = (id: string): Promise<unknown> => remove(`users/${id}`);
export const listInvites = (): Promise<Invite[]> => list("invites");
export const invite = (role: string, note: string): Promise<Link> => post("invites", { role, note });
export const deleteInvite = (id: string): Promise<unknown> => remove(`invites/${id}`);
export const ownerLink = (): Promise<Link> => post("owner_link");

export const listSessions = (): Promise<Session[]> => list("sessions");
export const deleteSession = (id: string): Promise<unknown> => remove(`sessions/${id}`);
export const listKeys = (): Promise<Key[]> => list("keys");
export const createKey = (name: string): Promise<Key & { key: string }> => post("keys", { name });
export const deleteKey = (id: string): Promise<unknown> => remove(`keys/${id}`);
export const listPasskeys = (): Promise<Passkey[]> => list("passkeys");
export const deletePasskey = (id: string): Promise<unknown> => remove(`passkeys/${id}`);

/** Who is asking; null: not known yet, or no answer. */
export function useMe(): Me | null {
    const [me, setMe] = useState<Me | null>(null);
    useEffect(() => {
        let live = true;
        readMe().then(
            (now) => live && setMe(now),
            () => undefined, // What the page asks besides says why.
        );
        return () => void (live = false);
    }, []);
    return me;
}

/** Whom a page is for. A guest is at the machine itself, and may sign in as somebody. */
export function is(me: Me | null, what: "person" | "owner" | "guest"): boolean {
    if (!me || me.signed_in === "key") return false; // A key opens no accounts.
    if (what === "guest") return me.signed_in === "local" && me.people;
    return what === "owner" ? me.owner : me.user !== null;
}

/** Nothing of another person's stays in the page's memory. */
export function beginAnew(here = false): void {
    setKey(""); // It would count for more than the session.
    if (!here) location.hash = "";
    location.reload();
}

/** In the reader's own way: 28 Nov 2026, 14:05. */
export const when = (seconds: number): string =>
    seconds ? new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "never";

// ---- Passkeys ----

/** They need https or localhost, and a name. */
export const canPasskeys = (): boolean =>
    isSecureContext && "PublicKeyCredential" in window && /[a-z]/i.test(location.hostname) && location.hostname[0] !== "[";

const bytes = (text: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

function text(buffer: ArrayBuffer | null): string {
    const raw = String.fromCharCode(...new Uint8Array(buffer ?? new ArrayBuffer(0)));
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const ES256 = -7;
const ED25519 = -8;
const RS256 = -257;

interface Made {
    challenge: string;
    site: string;
    user_handle: string;
    login: string;
    name: string;
}

export async function createPasskey(name: string): Promise<Passkey> {
    const [o, have] = await Promise.all([
        post<Made>("passkeys/options"),
        list<Passkey & { credential: string }>("passkeys"),
    ]);
    const made = (await navigator.credentials.create({
        publicKey: {
            challenge: bytes(o.challenge),
            rp: { id: o.site, name: "Tiro" },
            user: { id: bytes(o.user_handle), name: o.login, displayName: o.name },
            pubKeyCredParams: [ES256, ED25519, RS256].map((alg) => ({ type: "public-key", alg })),
            authenticatorSelection: { residentKey: "required", userVerification: "required" },
            excludeCredentials: have
                .filter((k) => k.site === o.site)
                .map((k) => ({ type: "public-key", id: bytes(k.credential) })),
            attestation: "none",
        },
    })) as PublicKeyCredential | null;
    if (!made) throw new Error("The browser made no passkey.");
    const response = made.response as AuthenticatorAttestationResponse;
    return post("passkeys", {
        name,
        challenge: o.challenge,
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.getAuthenticatorData()),
        public_key: text(response.getPublicKey()),
    });
}

export async function signInByPasskey(): Promise<User> {
    const o = await post<{ challenge: string; site: string }>("sign_in/options");
    const used = (await navigator.credentials.get({
        publicKey: { challenge: bytes(o.challenge), rpId: o.site, userVerification: "required" },
    })) as PublicKeyCredential | null;
    if (!used) throw new Error("The browser gave no passkey.");
    const response = used.response as AuthenticatorAssertionResponse;
    return post("sign_in/passkey", {
        credential: text(used.rawId),
        challenge: o.challenge,
        client_data: text(response.clientDataJSON),
        authenticator_data: text(response.authenticatorData),
        signature: text(response.signature),
    });
}
