// `#/exams`: exams that models sit here; `#/exams/ID`: one's report; `#/exams/ID/ID`: two side by side.
import { useCallback, useEffect, useState } from "preact/hooks";

import type { PageProps } from "../pages";
import {
    continueExam,
    createExam,
    deleteExam,
    listExams,
    readExam,
    stopExam,
    type Exam,
} from "../server/exams";
import { said } from "../server/http";
import { listModels } from "../server/models";
import { Compared, Questions } from "../view/exam_items";
import { ReportView, percent } from "../view/exam_report";
import { Frame } from "../view/frame";
import { useLatest } from "../view/latest";

const LOOK_MS = 1500;
/** A longer file is not shown, and goes as a file. */
const SHOWN_BYTES = 200_000;
const EXAMPLE = '{"question": "Which is a fruit?", "options": ["Stone", "Apple", "Chair"], "answer": "B"}';

const goes = (exam: Exam) => exam.status === "in_progress" || exam.status === "judging";
const when = (seconds: number) => new Date(seconds * 1000).toLocaleString();

function figure(exam: Exam): string {
    const { report, counts } = exam;
    if (!report) return `${counts.answered} of ${counts.items}`;
    if (report.perplexity !== undefined) return `perplexity ${report.perplexity.toFixed(3)}`;
    const [low, high] = report.interval ?? [0, 1];
    return `${percent(report.accuracy ?? 0)} (${percent(low)} to ${percent(high)})`;
}

const STATUS: Record<Exam["status"], string> = {
    in_progress: "goes on",
    judging: "programs wait for tiro eval",
    completed: "completed",
    failed: "failed",
    cancelled: "stopped",
};

/** Who sits it, and the questions: a file, or typed in. */
function Sit({ onBegun }: { onBegun: () => void }) {
    const [models, setModels] = useState<string[]>([]);
    const [model, setModel] = useState("");
    const [name, setName] = useState("");
    const [questions, setQuestions] = useState("");
    const [long, setLong] = useState<File | null>(null);
    const [busy, setBusy] = useState(false);
    const [limit, setLimit] = useState("");
    const [below, setBelow] = useState("0.5");
    const [problem, setProblem] = useState("");
    useEffect(() => {
        listModels().then(
            (all) => {
                setModels(all.map((m) => m.id));
                setModel((all.find((m) => m.tiro.default) ?? all[0])?.id ?? "");
            },
            (e: unknown) => setProblem(said(e)),
        );
    }, []);
    const read = async (file: File | undefined) => {
        if (!file) {
            setLong(null);
            return;
        }
        const shown = file.size <= SHOWN_BYTES;
        setLong(shown ? null : file);
        setQuestions(shown ? await file.text() : "");
        setName(file.name);
    };
    const begin = async (event: Event) => {
        event.preventDefault();
        setProblem("");
        setBusy(true);
        const exam = {
            model,
            name: name || "Exam",
            abstain_below: Number(below),
            ...(limit ? { limit: Number(limit) } : {}),
        };
        try {
            await createExam(exam, long ?? questions);
            onBegun();
        } catch (e) {
            setProblem(said(e));
        }
        setBusy(false);
    };
    return (
        <details class="sit">
            <summary>Take an exam</summary>
            <form onSubmit={begin}>
                <p class="hint">
                    A question a line: MMLU (CSV or JSONL), ARC, HellaSwag or MedQA as they are published, or your
                    own, such as <code>{EXAMPLE}</code>
                </p>
                <label>
                    Model
                    <select value={model} onChange={(e) => setModel(e.currentTarget.value)}>
                        {models.map((id) => (
                            <option key={id}>{id}</option>
                        ))}
                    </select>
                </label>
                <label>
                    File
                    <input
                        type="file"
                        accept=".jsonl,.json,.csv,.txt"
                        onChange={(e) => void read(e.currentTarget.files?.[0])}
                    />
                </label>
                <label class="wide">
                    Questions
                    <textarea
                        rows={6}
                        required={!long}
                        disabled={long !== null}
                        placeholder={
                            long ? `${long.name}, ${(long.size / 1e6).toFixed(1)} MB: too long to be shown` : ""
                        }
                        spellcheck={false}
                        value={questions}
                        onInput={(e) => setQuestions(e.currentTarget.value)}
                    />
                </label>
                <label>
                    Name
                    <input value={name} maxLength={200} onInput={(e) => setName(e.currentTarget.value)} />
                </label>
                <label>
                    At most
                    <input
                        type="number"
                        min="1"
                        max="20000"
                        placeholder="all"
                        value={limit}
                        onInput={(e) => setLimit(e.currentTarget.value)}
                    />
                </label>
                <label>
                    Leave out answers below
                    <input
                        type="number"
                        min="0"
                        max="1"
                        step="0.05"
                        required
                        value={below}
                        onInput={(e) => setBelow(e.currentTarget.value)}
                    />
                </label>
                <button type="submit" class="main" disabled={busy || !model || !(long || questions.trim())}>
                    Begin
                </button>
            </form>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
        </details>
    );
}

interface RowProps {
    exam: Exam;
    chosen: boolean;
    onChoose: (chosen: boolean) => void;
    onDo: (doing: Promise<unknown>) => void;
}

function Row({ exam, chosen, onChoose, onDo }: RowProps) {
    const remove = () => {
        if (confirm(`Delete “${exam.name}” of ${exam.model} with its results?`)) onDo(deleteExam(exam.id));
    };
    return (
        <tr>
            <td>
                <input
                    type="checkbox"
                    aria-label={`Compare ${exam.name}, ${exam.model}`}
                    checked={chosen}
                    onChange={(e) => onChoose(e.currentTarget.checked)}
                />
            </td>
            <td>
                <a href={`#/exams/${exam.id}`}>{exam.name || "Exam"}</a>
                <div class="hint">{when(exam.created_at)}</div>
            </td>
            <td>{exam.model}</td>
            <td>
                {figure(exam)}
                {goes(exam) && (
                    <progress max={exam.counts.items} value={exam.counts.answered} aria-label="Answered" />
                )}
                {exam.status !== "completed" && <div class="hint">{exam.problem ?? STATUS[exam.status]}</div>}
            </td>
            <td>{exam.report?.ece?.toFixed(3) ?? ""}</td>
            <td class="acts">
                {goes(exam) && (
                    <button type="button" onClick={() => onDo(stopExam(exam.id))}>
                        Stop
                    </button>
                )}
                {(exam.status === "cancelled" || exam.status === "failed") && (
                    <button type="button" onClick={() => onDo(continueExam(exam.id))}>
                        Go on
                    </button>
                )}
                <button type="button" onClick={remove}>
                    Delete
                </button>
            </td>
        </tr>
    );
}

function All() {
    const [exams, setExams] = useState<Exam[] | null>(null);
    const [more, setMore] = useState(false);
    const [chosen, setChosen] = useState<string[]>([]);
    const [problem, setProblem] = useState("");
    const latest = useLatest();
    const look = useCallback(async () => {
        try {
            const page = await latest(listExams());
            setExams((old) => {
                const seen = new Set(page.data.map((e) => e.id));
                const last = page.data.at(-1)?.created_at ?? 0;
                return [...page.data, ...(old ?? []).filter((e) => !seen.has(e.id) && e.created_at < last)];
            });
            setMore(page.has_more);
            setProblem("");
        } catch (e) {
            setProblem(said(e));
        }
    }, []);
    const further = async () => {
        const page = await listExams(exams?.at(-1)?.id);
        setExams([...(exams ?? []), ...page.data]);
        setMore(page.has_more);
    };
    const busy = exams?.some(goes) ?? false;
    useEffect(() => void look(), [look]);
    useEffect(() => {
        if (!busy) return;
        const timer = setInterval(() => void look(), LOOK_MS);
        return () => clearInterval(timer);
    }, [busy, look]);
    const act = (doing: Promise<unknown>) => {
        doing.then(
            () => {
                setExams(null);
                void look();
            },
            (e: unknown) => setProblem(said(e)),
        );
    };
    return (
        <Frame
            title="Exams"
            doings={
                chosen.length === 2 && (
                    <a class="button" href={`#/exams/${chosen.join("/")}`}>
                        Compare
                    </a>
                )
            }
        >
            <Sit onBegun={() => void look()} />
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {exams?.length === 0 && <p>No model has sat an exam here yet.</p>}
            {exams && exams.length > 0 && (
                <div class="scrolled" tabIndex={0} role="region" aria-label="Exams">
                    <table>
                        <thead>
                            <tr>
                                <th>
                                    <span class="unseen">Compare</span>
                                </th>
                                <th>Exam</th>
                                <th>Model</th>
                                <th>Right (95 %)</th>
                                <th>Calibration error</th>
                                <th>
                                    <span class="unseen">Doings</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {exams.map((exam) => (
                                <Row
                                    key={exam.id}
                                    exam={exam}
                                    chosen={chosen.includes(exam.id)}
                                    onChoose={(yes) =>
                                        setChosen([
                                            ...chosen.filter((id) => id !== exam.id).slice(yes ? -1 : 0),
                                            ...(yes ? [exam.id] : []),
                                        ])
                                    }
                                    onDo={act}
                                />
                            ))}
                        </tbody>
                    </table>
                </div>
            )}
            {more && (
                <button type="button" onClick={() => void further()}>
                    Older ones
                </button>
            )}
        </Frame>
    );
}

function useExam(id: string): [Exam | null, string] {
    const [exam, setExam] = useState<Exam | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        let timer = 0;
        let live = true;
        const look = async () => {
            try {
                const now = await readExam(id);
                if (!live) return;
                setExam(now);
                if (goes(now)) timer = window.setTimeout(() => void look(), LOOK_MS);
            } catch (e) {
                if (live) setProblem(said(e));
            }
        };
        void look();
        return () => {
            live = false;
            clearTimeout(timer);
        };
    }, [id]);
    return [exam, problem];
}

const Back = () => <a href="#/exams">All exams</a>;

function One({ id }: { id: string }) {
    const [exam, problem] = useExam(id);
    return (
        <Frame title={exam ? `${exam.name}: ${exam.model}` : "Exam"} doings={<Back />}>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {exam && (
                <>
                    <p class="hint">
                        {when(exam.created_at)}, {STATUS[exam.status]}; {exam.format}, {exam.settings.shots} examples
                        before each question; model {exam.fingerprint || "unknown"}
                    </p>
                    {exam.report ? <ReportView report={exam.report} kind={exam.kind} /> : <p>{figure(exam)} answered.</p>}
                    {exam.kind !== "text" && <Questions key={`${exam.id}${exam.status}`} exam={exam} />}
                </>
            )}
        </Frame>
    );
}

function Two({ ids }: { ids: [string, string] }) {
    const [a, aProblem] = useExam(ids[0]);
    const [b, bProblem] = useExam(ids[1]);
    const problem = aProblem || bProblem;
    return (
        <Frame title="Two exams" doings={<Back />}>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {a && b && <Compared a={a} b={b} figure={figure} />}
        </Frame>
    );
}

export default function Exams({ rest }: PageProps) {
    const [first, second] = rest;
    if (first && second) return <Two ids={[first, second]} />;
    return first ? <One id={first} /> : <All />;
}
