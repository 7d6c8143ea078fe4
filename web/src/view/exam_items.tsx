// An exam's questions with what the model made of them, and two exams' side by side.
import { useEffect, useState } from "preact/hooks";

import { listItems, type Exam, type Item } from "../server/exams";
import { said } from "../server/http";
import { percent } from "./exam_report";

function useItems(exam: Exam) {
    const [items, setItems] = useState<Item[]>([]);
    const [more, setMore] = useState(true);
    const [problem, setProblem] = useState("");
    const further = async () => {
        try {
            const page = await listItems(exam.id, items.at(-1)?.number ?? 0);
            setItems([...items, ...page.data]);
            setMore(page.has_more);
        } catch (e) {
            setProblem(said(e));
        }
    };
    useEffect(() => void further(), []);
    return { items, more, problem, further };
}

function verdict(item: Item): string {
    if (item.state === "waiting") return "not asked yet";
    if (item.state === "answered") return "not judged yet";
    return item.right ? "right" : "wrong";
}

function Options({ item }: { item: Item }) {
    const { question, result } = item;
    return (
        <ul class="options">
            {question.options?.map((o, i) => {
                const p = result?.options?.[i]?.probability;
                const said = result?.options && result.predicted === i;
                const right = question.answer === i;
                return (
                    <li key={o.label} class={right ? "right" : ""}>
                        <span class="mark">{right ? "✓" : said ? "✗" : ""}</span>
                        <span>
                            {o.label}. {o.text}
                            {right && <span class="unseen"> (right)</span>}
                            {said && <b> · its answer</b>}
                        </span>
                        {p !== undefined && (
                            <>
                                <meter min={0} max={1} value={p} aria-label={`Probability of ${o.label}`} />
                                <span class="share">{percent(p)}</span>
                            </>
                        )}
                    </li>
                );
            })}
        </ul>
    );
}

function Question({ item }: { item: Item }) {
    const { question, result } = item;
    return (
        <li class={`question ${item.state === "done" ? (item.right ? "good" : "bad") : ""}`}>
            <h3>
                {item.number}. {verdict(item)} {question.subject && <small>{question.subject.replaceAll("_", " ")}</small>}
            </h3>
            <p class="asked" dir="auto">
                {question.question}
            </p>
            {question.options && <Options item={item} />}
            {result?.answer !== undefined && <pre>{result.answer}</pre>}
            {result?.output && <pre class="output">{result.output}</pre>}
            {result?.problem && <p class="notice bad">{result.problem}</p>}
        </li>
    );
}

export function Questions({ exam }: { exam: Exam }) {
    const { items, more, problem, further } = useItems(exam);
    const [wrongOnly, setWrongOnly] = useState(false);
    const shown = wrongOnly ? items.filter((i) => i.state === "done" && !i.right) : items;
    return (
        <section>
            <h2>Questions</h2>
            <label class="only">
                <input type="checkbox" checked={wrongOnly} onChange={(e) => setWrongOnly(e.currentTarget.checked)} />{" "}
                Wrong ones only
            </label>
            {problem && <p class="notice bad">{problem}</p>}
            <ol class="questions">
                {shown.map((item) => (
                    <Question key={item.number} item={item} />
                ))}
            </ol>
            {more && items.length > 0 && (
                <button type="button" onClick={() => void further()}>
                    More questions
                </button>
            )}
        </section>
    );
}

function answerOf(item: Item | undefined): string {
    const i = item?.result?.predicted;
    if (!item || i === undefined || !item.result?.options) return item ? verdict(item) : "";
    return `${item.question.options?.[i]?.label ?? ""} ${percent(item.result.options[i]?.probability ?? 0)}`;
}

interface ComparedProps {
    a: Exam;
    b: Exam;
    figure: (exam: Exam) => string;
}

export function Compared({ a, b, figure }: ComparedProps) {
    const left = useItems(a);
    const right = useItems(b);
    const [differing, setDiffering] = useState(true);
    const others = new Map(right.items.map((i) => [i.question.question, i]));
    const rows = left.items
        .map((one): [Item, Item | undefined] => [one, others.get(one.question.question)])
        .filter(([one, two]) => !differing || !two || one.right !== two.right);
    const more = left.more || right.more;
    const further = () => {
        if (left.more) void left.further();
        if (right.more) void right.further();
    };
    return (
        <>
            <div class="scrolled" tabIndex={0} role="region" aria-label="Figures">
                <table>
                    <thead>
                        <tr>
                            <th>Exam</th>
                            <th>Model</th>
                            <th>Right (95 %)</th>
                            <th>Calibration error</th>
                        </tr>
                    </thead>
                    <tbody>
                        {[a, b].map((e) => (
                            <tr key={e.id}>
                                <td>
                                    <a href={`#/exams/${e.id}`}>{e.name}</a>
                                </td>
                                <td>{e.model}</td>
                                <td>{figure(e)}</td>
                                <td>{e.report?.ece?.toFixed(3) ?? ""}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <label class="only">
                <input type="checkbox" checked={differing} onChange={(e) => setDiffering(e.currentTarget.checked)} /> Only
                where one is right and the other is not
            </label>
            <div class="scrolled" tabIndex={0} role="region" aria-label="Answers">
                <table class="compared">
                    <thead>
                        <tr>
                            <th>Question</th>
                            {[a, b].map((e) => (
                                <th key={e.id}>
                                    {e.model}
                                    <div class="hint">{e.name}</div>
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map(([one, two]) => (
                            <tr key={one.number}>
                                <td dir="auto">{one.question.question}</td>
                                {[one, two].map((item, i) => (
                                    <td key={i} class={item?.right ? "good" : "bad"}>
                                        {item?.right ? "✓" : "✗"} {answerOf(item)}
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {rows.length === 0 && <p>None among those looked at.</p>}
            {more && (
                <button type="button" onClick={further}>
                    More questions
                </button>
            )}
        </>
    );
}
