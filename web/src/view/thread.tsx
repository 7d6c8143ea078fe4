import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";

import type { Conversation } from "../chat/conversation";
import { Turn, type Doings } from "./message";

/** Nearer to the end than this, the view follows what is written. */
const NEAR_PX = 120;

interface Props {
    conversation: Conversation;
    doings: Doings;
    children: ComponentChildren;
}

export function Thread({ conversation: c, doings, children }: Props) {
    const box = useRef<HTMLElement>(null);
    const turns = useRef<HTMLDivElement>(null);
    const follow = useRef(true);
    // The props of a Turn must not change with every drawing.
    const latest = useRef(doings);
    latest.current = doings;
    const stable = useRef<Doings>({
        edit: (m, text) => latest.current.edit(m, text),
        again: (m) => latest.current.again(m),
        remove: (m) => latest.current.remove(m),
        show: (m) => latest.current.show(m),
        remember: (m) => latest.current.remember(m),
        amend: (m, change) => latest.current.amend(m, change),
        mend: (m, words) => latest.current.mend(m, words),
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
    const scrolled = () => {
        const el = box.current!;
        follow.current = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_PX;
    };
    return (
        <main ref={box} onScroll={scrolled} tabIndex={-1}>
            <div ref={turns} class="turns">
                {c.path.length === 0 && children}
                {c.path.map((m, i) => (
                    <Turn
                        key={m.id}
                        message={m}
                        siblings={c.tree.siblings(m)}
                        live={c.busy && i === c.path.length - 1 && m.role === "assistant"}
                        busy={c.busy}
                        doings={stable.current}
                    />
                ))}
                {c.problem && (
                    <p class="notice bad" role="alert">
                        {c.problem}
                    </p>
                )}
            </div>
        </main>
    );
}
