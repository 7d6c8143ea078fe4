import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Chat } from "../server/chats";
import { said } from "../server/http";
import { listShares, share, type Share } from "../server/shares";
import { Copy } from "./copy";
import { useLatest } from "./latest";
import { Links } from "./links";

const HOUR = 3600;
const TIMES: readonly [name: string, seconds: number][] = [
    ["an hour", HOUR],
    ["a day", 24 * HOUR],
    ["a week", 7 * 24 * HOUR],
    ["30 days", 30 * 24 * HOUR],
    ["a year", 365 * 24 * HOUR],
];
const WEEK = 2;

interface Props {
    chat: Chat;
    /** The end of the branch that is shared. */
    leaf: string;
    onClose: () => void;
}

/** Makes a link to a chat as it is now, and ends those that there are. */
export default function ShareDialog({ chat, leaf, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    const [time, setTime] = useState(WEEK);
    const [link, setLink] = useState("");
    const [shares, setShares] = useState<Share[]>([]);
    const [problem, setProblem] = useState("");
    const latest = useLatest();
    const again = () => void latest(listShares(chat.id)).then(setShares, (e: unknown) => setProblem(said(e)));
    useLayoutEffect(() => dialog.current?.showModal(), []);
    useEffect(again, []);
    const make = (e: Event) => {
        e.preventDefault();
        setProblem("");
        share(chat.id, leaf, TIMES[time]![1]).then(
            (made) => {
                setLink(made.link);
                again();
            },
            (why: unknown) => setProblem(said(why)),
        );
    };
    return (
        <dialog ref={dialog} onClose={onClose} aria-label="Share this chat">
            <form onSubmit={make}>
                <h2>
                    Share <bdi>{chat.title || "this chat"}</bdi>
                </h2>
                <p class="notice">
                    Whoever has the link and reaches this server reads the messages of the branch that is shown, as
                    they are now. Not in it: what is written later, other branches, attached files, thoughts, sources,
                    instructions.
                </p>
                <div class="buttons">
                    <label class="inline">
                        For{" "}
                        <select aria-label="For how long" value={time} onChange={(e) => setTime(Number(e.currentTarget.value))}>
                            {TIMES.map(([name], i) => (
                                <option value={i}>{name}</option>
                            ))}
                        </select>
                    </label>
                    <button type="submit">Make a link</button>
                    <button type="button" onClick={() => dialog.current!.close()}>
                        Close
                    </button>
                </div>
                {problem && <p class="notice bad">{problem}</p>}
                {link && (
                    <p class="link" role="status">
                        <input
                            readOnly
                            aria-label="Link"
                            value={link}
                            onFocus={(e) => e.currentTarget.select()}
                        />
                        <Copy text={link} what="link" />
                    </p>
                )}
                {link && <p class="notice">It is shown this once: the server keeps no copy of it.</p>}
            </form>
            {shares.length > 0 && (
                <>
                    <h3>Links to this chat</h3>
                    <Links shares={shares} titles={false} again={again} />
                </>
            )}
        </dialog>
    );
}
