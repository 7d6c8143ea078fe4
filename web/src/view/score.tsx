// Music in an answer: scores that play, with their checks beside them. Loaded when a tune is there.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import abcjs, { type TuneObject } from "abcjs";

import { barAt, indexOf, tunesOf, type Placed } from "../music/source";
import { pieceOf } from "../music/piece";
import { checkTune, wishLike, type Check, type Header, type Issue, type Mend } from "../music/tunes";
import { said } from "../server/http";
import { Copy } from "./copy";
import { Controls } from "./player";
import { SaveTune } from "./save";

interface Props {
    abc: string;
    /** Asks the model to mend what the check found; absent where nothing can be asked. */
    onMend?: (mend: Mend) => void;
}

/** Narrower than this a score has fewer bars a line instead of smaller notes. */
const NARROW_PX = 480;
const STAFF_PX = 640;
const MARGIN_PX = 30;
const SVG = "http://www.w3.org/2000/svg";

/** A tune without X: is one that a model began in the middle; abcjs wants the number. */
const HEAD = "X:1\n";
const headOf = (abc: string): string => (/^X:/m.test(abc) ? "" : HEAD);

function useCheck(abc: string) {
    const [check, setCheck] = useState<Check | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        let live = true;
        setCheck(null);
        checkTune(abc).then(
            (found) => live && setCheck(found),
            (e) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, [abc]);
    return { check, problem };
}

interface IssuesProps extends Props {
    check: Check;
    line: number;
    onGo: (issue: Issue) => void;
}

function Issues({ abc, check, line, onMend, onGo }: IssuesProps) {
    if (check.ok) return <p class="notice">{check.bars === 1 ? "Its one bar adds up." : `All ${check.bars} bars add up.`}</p>;
    const words = (shift: number) => check.issues.map((i) => `Line ${i.line + shift}, column ${i.column}: ${i.message}`);
    return (
        <div class="notice">
            <ul class="issues">
                {words(line).map((w, n) => (
                    <li>
                        <button onClick={() => onGo(check.issues[n]!)}>{w}</button>
                    </li>
                ))}
            </ul>
            {check.issues_left_out > 0 && <p>And {check.issues_left_out} more.</p>}
            {onMend && (
                <button
                    class="mend"
                    onClick={() => onMend({ abc: abc.trimEnd(), wish: wishLike(check.headers[0]), words: words(0).join("\n") })}
                >
                    Make it right
                </button>
            )}
        </div>
    );
}

/** What the picture says, in words. */
function alternative(header: Header | undefined): string {
    if (!header) return "Sheet music";
    const { title, key, metre, bars, voices } = header;
    return [
        `Sheet music: ${title ?? "without a title"}`,
        key ? `in ${key}` : "",
        metre ? `metre ${metre}` : "free metre",
        `${bars} bars`,
        voices > 1 ? `${voices} voices` : "",
    ]
        .filter(Boolean)
        .join(", ");
}

/** The tune drawn into a box; null until it is there. */
function useScore(abc: string, transpose: number) {
    const box = useRef<HTMLDivElement>(null);
    const [tune, setTune] = useState<TuneObject | null>(null);
    const [narrow, setNarrow] = useState(false);
    useEffect(() => {
        const seen = new ResizeObserver(([entry]) => setNarrow(entry!.contentRect.width < NARROW_PX));
        seen.observe(box.current!);
        return () => seen.disconnect();
    }, []);
    useEffect(() => {
        const width = box.current!.clientWidth || STAFF_PX;
        const [made] = abcjs.renderAbc(box.current!, headOf(abc) + abc, {
            responsive: "resize",
            add_classes: true,
            visualTranspose: transpose,
            staffwidth: narrow ? Math.max(240, width - MARGIN_PX) : STAFF_PX,
            ...(narrow ? { wrap: { minSpacing: 1.6, maxSpacing: 2.8, preferredMeasuresPerLine: 2 } } : {}),
        });
        // Links and scripts have no place in a score.
        for (const node of box.current!.querySelectorAll("a, script, foreignObject")) node.remove();
        box.current!.querySelector("svg")?.setAttribute("role", "img");
        setTune(made ?? null);
    }, [abc, transpose, narrow]);
    return { box, tune };
}

/** Shades the bars that do not add up, behind their notes. */
function useMarks(box: { current: HTMLElement | null }, tune: TuneObject | null, abc: string, issues: Issue[] | undefined, onGo: (issue: Issue) => void) {
    const go = useRef(onGo);
    go.current = onGo;
    useEffect(() => {
        const svg = box.current?.querySelector("svg");
        if (!svg || !tune || !issues) return;
        const shift = headOf(abc).length;
        const marks = issues
            .filter((i) => i.bar !== null)
            .flatMap((issue) => {
                const elements = barAt(tune as unknown as { lines: Placed[] }, indexOf(abc, issue) + shift);
                const boxes = elements.map((e) => (e as SVGGraphicsElement).getBBox()).filter((b) => b.width > 0);
                if (boxes.length === 0) return [];
                const left = Math.min(...boxes.map((b) => b.x));
                const top = Math.min(...boxes.map((b) => b.y));
                const mark = document.createElementNS(SVG, "rect");
                mark.setAttribute("class", "wrong-bar");
                mark.setAttribute("x", String(left - 3));
                mark.setAttribute("y", String(top - 5));
                mark.setAttribute("width", String(Math.max(...boxes.map((b) => b.x + b.width)) - left + 6));
                mark.setAttribute("height", String(Math.max(...boxes.map((b) => b.y + b.height)) - top + 10));
                mark.addEventListener("click", () => go.current(issue));
                svg.prepend(mark);
                return [mark];
            });
        return () => marks.forEach((m) => m.remove());
    }, [tune, issues]);
}

function Tune({ abc, line, onMend }: Props & { line: number }) {
    const [transpose, setTranspose] = useState(0);
    const [source, setSource] = useState(false);
    const text = useRef<HTMLTextAreaElement>(null);
    const jump = useRef<[number, number] | null>(null);
    const { box, tune } = useScore(abc, transpose);
    const { check, problem } = useCheck(abc);
    const piece = useMemo(() => (tune ? pieceOf(tune, transpose) : null), [tune]);
    const go = (issue: Issue) => {
        const from = indexOf(abc, issue);
        const end = abc.indexOf("\n", from);
        jump.current = [from, end < 0 ? abc.length : end];
        setSource(true);
        show();
    };
    const show = () => {
        if (!jump.current || !text.current) return;
        text.current.focus();
        text.current.setSelectionRange(...jump.current);
        jump.current = null;
    };
    useEffect(show);
    useMarks(box, tune, abc, check?.issues, go);
    useEffect(() => box.current?.querySelector("svg")?.setAttribute("aria-label", alternative(check?.headers[0])), [tune, check]);
    const title = check?.headers[0]?.title ?? /^T:\s*(.+)$/m.exec(abc)?.[1] ?? "tune";
    return (
        <figure class="score" aria-label={title}>
            <Controls piece={piece} transpose={transpose} onTranspose={setTranspose}>
                {(qpm, mix) => (
                    <>
                        <SaveTune {...{ abc, title, tune, piece, qpm, mix }} svg={() => box.current!.querySelector("svg")!} />
                        <button class="quiet" onClick={() => setSource(!source)} aria-pressed={source}>
                            Text
                        </button>
                        <Copy text={abc} what="music" />
                    </>
                )}
            </Controls>
            <div ref={box} class="staff" />
            {source && <textarea ref={text} class="source" aria-label={`${title} in ABC notation`} readOnly rows={Math.min(16, abc.trimEnd().split("\n").length + 1)} value={abc} spellcheck={false} dir="ltr" />}
            {problem && <p class="notice bad">{problem}</p>}
            {check && <Issues {...{ abc, check, line, onMend }} onGo={go} />}
        </figure>
    );
}

/** A block of music may hold several tunes. */
export default function Score({ abc, onMend }: Props) {
    return (
        <>
            {tunesOf(abc).map((t, i) => (
                <Tune key={i} abc={t.abc} line={t.line} onMend={onMend} />
            ))}
        </>
    );
}
