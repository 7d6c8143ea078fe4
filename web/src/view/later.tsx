import { useEffect, useState } from "preact/hooks";
import type { ComponentType, VNode } from "preact";

import { said } from "../server/http";

/** A component whose code comes when it is first shown. */
export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): (props: P) => VNode | null {
    let known: ComponentType<P> | null = null;
    return function Later(props: P) {
        const [View, setView] = useState<ComponentType<P> | null>(() => known);
        const [problem, setProblem] = useState("");
        useEffect(() => {
            let live = true;
            if (!View)
                load().then(
                    (loaded) => {
                        known = loaded.default;
                        if (live) setView(() => known);
                    },
                    (e: unknown) => live && setProblem(said(e)),
                );
            return () => void (live = false);
        }, []);
        if (problem) return <p class="notice bad">{problem}</p>;
        return View && <View {...props} />;
    };
}
