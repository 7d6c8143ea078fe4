// What the server has and does right now, asked again while the page is looked at.
import { useEffect, useState } from "preact/hooks";

import { ApiError, said } from "./http";
import { listModels, listPulls, type Model, type Pull } from "./models";

const POLL_MS = 2000;

export interface Server {
    models: Model[];
    pulls: Pull[];
    /** Why nothing is known of it; null: it answers. */
    problem: ApiError | null;
    again(): void;
}

export function useServer(): Server {
    const [models, setModels] = useState<Model[]>([]);
    const [pulls, setPulls] = useState<Pull[]>([]);
    const [problem, setProblem] = useState<ApiError | null>(null);
    const [round, setRound] = useState(0);
    useEffect(() => {
        let timer: ReturnType<typeof setTimeout>;
        let seen = "";
        const ask = async () => {
            try {
                const now = document.hidden && seen ? null : await Promise.all([listModels(), listPulls()]);
                // What is the same is not drawn again.
                if (now && JSON.stringify(now) !== seen) {
                    seen = JSON.stringify(now);
                    setModels(now[0]);
                    setPulls(now[1]);
                }
                setProblem(null);
            } catch (e) {
                setProblem(e instanceof ApiError ? e : new ApiError(0, said(e)));
            }
            timer = setTimeout(ask, POLL_MS);
        };
        void ask();
        return () => clearTimeout(timer);
    }, [round]);
    return { models, pulls, problem, again: () => setRound((r) => r + 1) };
}

