// What the server has and does right now, asked again while the page is looked at.
import { useEffect, useState } from "preact/hooks";

import { ApiError, said } from "./http";
import { listModels, listPulls, type Model, type Pull } from "./models";

const POLL_MS = 2000;

export interface Server {
    models: Model[];
    pulls: Pull[];
    /** It has answered once. */
    known: boolean;
    /** Why nothing is known of it; null: it answers. */
    problem: ApiError | null;
    again(): void;
}

export function useServer(): Server {
    const [models, setModels] = useState<Model[]>([]);
    const [pulls, setPulls] = useState<Pull[]>([]);
    const [known, setKnown] = useState(false);
    const [problem, setProblem] = useState<ApiError | null>(null);
    const [round, setRound] = useState(0);
    useEffect(() => {
        let live = true;
        let timer: ReturnType<typeof setTimeout>;
        let seen = "";
        const ask = async () => {
            try {
                const now = document.hidden && seen ? null : await Promise.all([listModels(), listPulls()]);
                if (!live) return;
                // What is the same is not drawn again.
                if (now && JSON.stringify(now) !== seen) {
                    seen = JSON.stringify(now);
                    setModels(now[0]);
                    setPulls(now[1]);
                    setKnown(true);
                }
                setProblem(null);
            } catch (e) {
                if (!live) return;
                setProblem(e instanceof ApiError ? e : new ApiError(0, said(e)));
            }
            timer = setTimeout(ask, POLL_MS);
        };
        void ask();
        return () => {
            live = false;
            clearTimeout(timer);
        };
    }, [round]);
    return { models, pulls, known, problem, again: () => setRound((r) => r + 1) };
}

