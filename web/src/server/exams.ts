// Exams that models sit: /v1/tiro/evaluations.
import { withFile } from "./files";
import { json } from "./http";

export interface Share {
    right: number;
    accuracy: number;
    /** 95 %. */
    interval: [number, number];
}

export interface Bin {
    from: number;
    to: number;
    n: number;
    confidence: number;
    accuracy: number;
}

/** Of multiple choice and of programs; what a kind does not have is absent. */
export interface Report extends Partial<Share> {
    n: number;
    failed: number;
    per_char?: Share;
    per_token?: Share;
    ece?: number;
    brier?: number;
    bins?: Bin[];
    coverage?: { coverage: number; from: number; n: number; accuracy: number }[];
    abstention?: Share & { below: number; answered: number };
    subjects: (Share & { subject: string; n: number })[];
    tokens?: number;
    perplexity?: number;
    bits_per_byte?: number;
}

export interface Exam {
    id: string;
    name: string;
    model: string;
    fingerprint: string;
    format: string;
    kind: "choice" | "code" | "text";
    settings: { shots: number; limit: number; seed: number | null; abstain_below: number; style: string };
    status: "in_progress" | "judging" | "completed" | "failed" | "cancelled";
    problem: string | null;
    counts: { items: number; answered: number; done: number; right: number };
    report: Report | null;
    created_at: number;
}

export interface Item {
    number: number;
    state: "waiting" | "answered" | "done";
    right: boolean;
    question: {
        id: string;
        subject: string;
        question: string;
        options?: { label: string; text: string }[];
        answer?: number;
    };
    result: {
        options?: { logprob: number; probability: number; tokens: number }[];
        predicted?: number;
        problem?: string;
        answer?: string;
        output?: string;
    } | null;
}

export interface NewExam {
    model: string;
    name: string;
    format?: string;
    limit?: number;
    abstain_below?: number;
}

interface Listed<T> {
    data: T[];
    has_more: boolean;
}

const ROOT = "/v1/tiro/evaluations";

export const listExams = (after = ""): Promise<Listed<Exam>> =>
    json("GET", `${ROOT}?limit=50${after && `&after=${after}`}`);
export const readExam = (id: string): Promise<Exam> => json("GET", `${ROOT}/${id}`);
/** The questions as text, or a file of them. */
export const createExam = (exam: NewExam, questions: string | File): Promise<Exam> =>
    typeof questions === "string"
        ? json("POST", ROOT, { ...exam, questions })
        : withFile(questions, "evals", (id) => json("POST", ROOT, { ...exam, questions_file_id: id }));
export const deleteExam = (id: string): Promise<unknown> => json("DELETE", `${ROOT}/${id}`);
export const stopExam = (id: string): Promise<Exam> => json("POST", `${ROOT}/${id}`, { status: "cancelled" });
export const continueExam = (id: string): Promise<Exam> =>
    json("POST", `${ROOT}/${id}`, { status: "in_progress" });
export const listItems = (id: string, after: number): Promise<Listed<Item>> =>
    json("GET", `${ROOT}/${id}/items?limit=50&after=${after}`);
