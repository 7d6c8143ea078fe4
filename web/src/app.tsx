import { useEffect, useState } from "preact/hooks";
import type { ComponentType } from "preact";

import { useAddress } from "./address";
import { pages, type Page, type PageProps } from "./pages";
import { said } from "./server/http";
import { useServer, type Server } from "./server/live";
import { ChatPage } from "./view/chat";

/** A page whose code comes when somebody goes there. */
function Later({ page, ...props }: PageProps & { page: Page }) {
    const [View, setView] = useState<ComponentType<PageProps> | null>(null);
    const [problem, setProblem] = useState("");
    useEffect(() => {
        let live = true;
        page.load().then(
            (loaded) => live && setView(() => loaded.default),
            (e: unknown) => live && setProblem(said(e)),
        );
        return () => void (live = false);
    }, [page]);
    if (problem) return <p class="notice bad">{problem}</p>;
    return View && <View {...props} />;
}

const signIn: Page = { path: "", name: "", load: () => import("./page/sign_in") };

function Shown({ server }: { server: Server }) {
    const at = useAddress();
    const page = pages.find((p) => p.path === at[0]);
    if (page) return <Later key={page.path} page={page} server={server} rest={at.slice(1)} />;
    const named = (path: string) => (at[0] === path ? (at[1] ?? "") : "");
    return <ChatPage server={server} id={named("chat")} into={named("in")} />;
}

/** For pages that stand alone. */
const nobody: Server = { models: [], pulls: [], known: false, problem: null, again: () => undefined };

export function App() {
    const at = useAddress();
    const alone = pages.find((p) => p.alone && p.path === at[0]);
    if (alone) return <Later key={alone.path} page={alone} server={nobody} rest={at.slice(1)} />;
    return <Mine />;
}

function Mine() {
    const server = useServer();
    const at = useAddress();
    const open = pages.find((p) => p.path === at[0])?.open;
    if (server.problem?.status === 401 && !open)
        return <Later page={signIn} server={server} rest={[]} />;
    return <Shown server={server} />;
}
