import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";

import { said } from "../server/http";

type LaterProps<P> = P & { load: () => Promise<{ default: ComponentType<P> }> };

/** What is rarely used, a dialog: its code comes when it is opened. */
export function Later<P extends object>({ load, ...props }: LaterProps<P>) {
    const [View, setView] = useState<ComponentType<P> | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        let live = true;
        load().then(
            (loaded) => live && setView(() => loaded.default),
            (e: unknown) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, []);
    if (problem) return <p class="notice bad">{problem}</p>;
    return View && <View {...(props as unknown as P)} />;
}
