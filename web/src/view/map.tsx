import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { lanes, type Spot } from "../chat/lanes";
import type { Tree } from "../chat/tree";
import type { Message } from "../server/chats";

const ROW_PX = 32;
const LANE_PX = 18;
const RADIUS_PX = 5;
/** Rows that are drawn above and below those that are seen. */
const BESIDE = 8;
const WORDS_MAX = 120;

interface Props {
    messages: Message[];
    tree: Tree;
    path: Message[];
    busy: boolean;
    onGo: (message: Message) => void;
    onDelete: (message: Message) => void;
    onClose: () => void;
}

const x = (lane: number) => (lane + 0.7) * LANE_PX;
const y = (row: number) => (row + 0.5) * ROW_PX;

/** From the message it answers: down its lane, then over to its own. */
function edge(spot: Spot, spots: Spot[]): string {
    const from = spots[spot.parent]!;
    if (from.lane === spot.lane) return `M${x(from.lane)} ${y(from.row)}V${y(spot.row)}`;
    const bend = Math.min(LANE_PX, ROW_PX) / 2;
    return `M${x(from.lane)} ${y(from.row)}V${y(spot.row) - bend}Q${x(from.lane)} ${y(spot.row)} ${x(from.lane) + bend} ${y(spot.row)}H${x(spot.lane)}`;
}

function words({ content, role, details }: Message): string {
    const text = content.slice(0, WORDS_MAX * 2).replace(/\s+/g, " ").trim();
    if (!text) return role === "user" ? (details.attachments?.[0]?.name ?? "") : (details.problem ?? "Nothing");
    return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX - 1)}…` : text;
}

function label({ message, at, of, shown }: Spot): string {
    const who = message.role === "user" ? "You" : `Answer of ${message.model || "a model"}`;
    const place = of > 1 ? `, ${at + 1} of ${of}` : "";
    return `${who}${place}${shown ? ", shown" : ""}: ${words(message)}`;
}

/** The rows that are seen, of a box that scrolls. */
function useWindow(rows: number) {
    const box = useRef<HTMLDivElement>(null);
    const [range, setRange] = useState<[number, number]>([0, 40]);
    const look = () => {
        const el = box.current!;
        const first = Math.max(0, Math.floor(el.scrollTop / ROW_PX) - BESIDE);
        const last = Math.min(rows, Math.ceil((el.scrollTop + el.clientHeight) / ROW_PX) + BESIDE);
        setRange((now) => (now[0] === first && now[1] === last ? now : [first, last]));
    };
    useLayoutEffect(look, [rows]);
    const latest = useRef(look);
    latest.current = look;
    useEffect(() => {
        const seen = new ResizeObserver(() => latest.current());
        seen.observe(box.current!);
        return () => seen.disconnect();
    }, []);
    return { box, range, look };
}

function Lines({ spots, range }: { spots: Spot[]; range: [number, number] }) {
    const width = x(Math.max(...spots.slice(range[0], range[1]).map((s) => s.lane), 0)) + LANE_PX;
    const seen = spots.filter((s) => s.parent >= 0 && s.row >= range[0] && s.parent < range[1]);
    return (
        <svg class="lines" width={width} height={spots.length * ROW_PX} aria-hidden="true">
            {seen.filter((s) => !s.shown).map((s) => <path key={s.row} d={edge(s, spots)} />)}
            {seen.filter((s) => s.shown).map((s) => <path key={s.row} class="shown" d={edge(s, spots)} />)}
            {spots.slice(range[0], range[1]).map((s) => (
                <circle
                    key={s.row}
                    class={[s.shown && "shown", s.message.role].filter(Boolean).join(" ")}
                    cx={x(s.lane)}
                    cy={y(s.row)}
                    r={RADIUS_PX}
                />
            ))}
        </svg>
    );
}

/** Where a key leads from a row. */
function step(key: string, at: Spot, spots: Spot[], page: number): Spot | undefined {
    switch (key) {
        case "ArrowDown":
            return spots[at.row + 1];
        case "ArrowUp":
            return spots[at.row - 1];
        case "ArrowLeft":
            return spots[at.parent];
        case "ArrowRight":
            return spots[at.row + 1]?.parent === at.row ? spots[at.row + 1] : undefined;
        case "PageDown":
            return spots[Math.min(at.row + page, spots.length - 1)];
        case "PageUp":
            return spots[Math.max(at.row - page, 0)];
        case "Home":
            return spots[0];
        case "End":
            return spots.at(-1);
    }
    return undefined;
}

/** All branches of a chat: which is shown, and the way to any message of any other. */
export default function BranchMap({ messages, tree, path, busy, onGo, onDelete, onClose }: Props) {
    const dialog = useRef<HTMLDialogElement>(null);
    // First: what is not shown has no height.
    useLayoutEffect(() => dialog.current?.showModal(), []);
    const spots = useMemo(() => lanes(messages, tree, path), [messages, tree, path]);
    const [chosen, setChosen] = useState(path.at(-1)?.id ?? "");
    const { box, range, look } = useWindow(spots.length);
    const at = spots.find((s) => s.message.id === chosen) ?? spots.at(-1);
    // What is chosen is seen.
    useLayoutEffect(() => {
        const el = box.current!;
        if (!at) return;
        const top = at.row * ROW_PX;
        if (top < el.scrollTop) el.scrollTop = top;
        else if (top + ROW_PX > el.scrollTop + el.clientHeight) el.scrollTop = top + ROW_PX - el.clientHeight;
        look();
    }, [at?.row, spots.length]);
    useLayoutEffect(() => box.current?.focus(), []);

    const go = (message: Message) => {
        dialog.current!.close();
        onGo(message);
    };
    const remove = () => {
        if (!at || busy) return;
        const gone = tree.below(at.message.id).size;
        if (!confirm(`Delete this message${gone > 1 ? ` and the ${gone - 1} that follow it` : ""}?`)) return;
        setChosen(at.message.parent_id);
        onDelete(at.message);
    };
    const key = (e: KeyboardEvent) => {
        if (!at) return;
        const next = step(e.key, at, spots, Math.floor(box.current!.clientHeight / ROW_PX) - 1);
        if (next) setChosen(next.message.id);
        else if (e.key === "Enter") go(at.message);
        else if (e.key === "Delete") remove();
        else if (!e.key.startsWith("Arrow")) return;
        e.preventDefault();
    };
    const branches = spots.filter((s) => tree.answers(s.message.id).length === 0).length;
    return (
        <dialog ref={dialog} class="map" onClose={onClose} aria-label="Map of this chat">
            <h2>Map of this chat</h2>
            <p class="notice">
                {messages.length} messages, {branches === 1 ? "one branch" : `${branches} branches`}
            </p>
            <div
                ref={box}
                class="rows"
                role="tree"
                tabIndex={0}
                aria-label="Messages"
                aria-activedescendant={at && `map-${at.row}`}
                onScroll={look}
                onKeyDown={key}
            >
                <div role="presentation" class="high" style={{ height: `${spots.length * ROW_PX}px` }}>
                    <Lines spots={spots} range={range} />
                    {spots.slice(range[0], range[1]).map((s) => (
                        <div
                            key={s.message.id}
                            id={`map-${s.row}`}
                            role="treeitem"
                            class={["row", s === at && "at", s.shown && "shown"].filter(Boolean).join(" ")}
                            aria-level={s.lane + 1}
                            aria-setsize={s.of}
                            aria-posinset={s.at + 1}
                            aria-selected={s === at}
                            aria-current={s.shown ? "true" : undefined}
                            aria-label={label(s)}
                            style={{ top: `${s.row * ROW_PX}px`, paddingInlineStart: `${x(s.lane) + LANE_PX}px` }}
                            onClick={() => setChosen(s.message.id)}
                            onDblClick={() => go(s.message)}
                        >
                            <span class="who">{s.message.role === "user" ? "You" : "Answer"}</span>
                            <span class="words" dir="auto">
                                {words(s.message)}
                            </span>
                        </div>
                    ))}
                </div>
            </div>
            <div class="actions">
                <button disabled={!at} onClick={() => at && go(at.message)}>
                    Go there
                </button>
                <button class="bad" disabled={!at || busy} onClick={remove}>
                    Delete this branch
                </button>
                <button onClick={() => dialog.current!.close()}>Close</button>
            </div>
        </dialog>
    );
}
