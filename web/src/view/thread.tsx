import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

import type { Conversation } from "../chat/conversation";
import { readOf } from "../chat/reads";
import type { Message } from "../server/chats";
import { Turn, type Doings } from "./message";

/** Nearer to the end than this, the view follows what is written. */
const NEAR_PX = 120;
/** A scroll so soon after a wheel, a finger or a key is a person's. */
const GESTURE_MS = 700;

interface Props {
    conversation: Conversation;
    doings: Doings;
    /** The message to go to; a new object each time. */
    aim: { id: string } | null;
    children: ComponentChildren;
}

/** The answers that stand side by side at the end of the branch; none: there is one. */
export function pairOf({ path, tree }: Pick<Conversation, "path" | "tree">): Message[] {
    const last = path.at(-1);
    if (!last?.details.pair) return [];
    const both = tree.siblings(last).filter((m) => m.details.pair === last.details.pair);
    return both.length > 1 ? both : [];
}

/** Says to who does not see it what an answer does: that it begins and how it ended, no more. */
function Spoken({ conversation: c }: { conversation: Conversation }) {
    const [words, setWords] = useState("");
    const was = useRef(false);
    useEffect(() => {
        const ended = c.path.at(-1)?.details.ended;
        if (c.busy) setWords("An answer is being written.");
        else if (was.current) setWords(ended === "stopped" ? "The answer was stopped." : ended === "failed" ? "" : "The answer is complete.");
        was.current = c.busy;
    }, [c.busy]);
    return (
        <p class="unseen" role="status">
            {words}
        </p>
    );
}

export function Thread({ conversation: c, doings, aim, children }: Props) {
    const box = useRef<HTMLElement>(null);
    const turns = useRef<HTMLDivElement>(null);
    const follow = useRef(true);
    // The props of a Turn must not change with every drawing.
    const latest = useRef(doings);
    latest.current = doings;
    const stable = useRef<Doings>({
        edit: (m, text) => latest.current.edit(m, text),
        again: (m, model) => latest.current.again(m, model),
        models: () => latest.current.models(),
        choose: (m) => latest.current.choose(m),
        readAgain: (m) => latest.current.readAgain(m),
        remedy: (remedy, m) => latest.current.remedy(remedy, m),
        remove: (m) => latest.current.remove(m),
        show: (m) => latest.current.show(m),
        mend: (m, mend) => latest.current.mend(m, mend),
        remember: (m) => latest.current.remember(m),
        amend: (m, change) => latest.current.amend(m, change),
    });
    const id = c.chat?.id ?? "";
    useEffect(() => {
        follow.current = true;
    }, [id, c.busy]);
    const toEnd = () => {
        const el = box.current;
        if (el && follow.current) el.scrollTop = el.scrollHeight;
    };
    useLayoutEffect(toEnd);
    // What comes into view takes its real height only then.
    useEffect(() => {
        const seen = new ResizeObserver(toEnd);
        seen.observe(turns.current!);
        return () => seen.disconnect();
    }, []);
    // At once: the next key goes on from there.
    useLayoutEffect(() => {
        const goal = aim && document.getElementById(`message-${aim.id}`);
        if (!goal) return;
        follow.current = false;
        const go = () => goal.scrollIntoView({ block: "start" });
        go();
        goal.focus({ preventScroll: true });
        // What lies between takes its real height as it comes near.
        const settle = [50, 150, 400].map((ms) => setTimeout(go, ms));
        return () => settle.forEach(clearTimeout);
    }, [aim]);
    // A person moves away from the end; what takes its real height below only seems to.
    const last = useRef({ top: 0, touched: 0 });
    const touched = () => {
        last.current.touched = performance.now();
    };
    const scrolled = () => {
        const el = box.current!;
        const left = el.scrollHeight - el.scrollTop - el.clientHeight;
        const up = last.current.top - el.scrollTop;
        const meant = performance.now() - last.current.touched < GESTURE_MS || up > 2 * el.clientHeight;
        last.current.top = el.scrollTop;
        if (left < NEAR_PX) follow.current = true;
        else if (meant) follow.current = false;
    };
    const pair = pairOf(c);
    const alone = pair.length ? c.path.slice(0, -1) : c.path;
    const read = new Set(readOf(c.path));
    const turn = (m: Message, paired = false) => (
        <Turn
            key={m.id}
            message={m}
            siblings={c.tree.siblings(m)}
            live={c.writing.has(m.id)}
            busy={c.busy}
            out={!read.has(m) && !paired && (m.role === "user" || m.content !== "")}
            pair={paired}
            doings={stable.current}
        />
    );
    return (
        <main
            ref={box}
            onScroll={scrolled}
            onWheel={touched}
            onTouchMove={touched}
            onKeyDown={touched}
            onPointerDown={touched}
            onPointerMove={(e) => e.buttons && touched()}
            tabIndex={-1}
            class={pair.length ? "wide" : undefined}
        >
            <div ref={turns} class="turns">
                {c.path.length === 0 && children}
                {alone.map((m) => turn(m))}
                {pair.length > 0 && (
                    <section class="pair" aria-label="Two answers">
                        {pair.map((m) => turn(m, true))}
                    </section>
                )}
                {c.problem && (
                    <p class="notice bad" role="alert">
                        {c.problem}
                    </p>
                )}
            </div>
            <Spoken conversation={c} />
        </main>
    );
}
