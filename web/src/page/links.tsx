// All links to chats that work, and their end: #/links.
import { useEffect, useState } from "preact/hooks";

import { said } from "../server/http";
import { listShares, type Share } from "../server/shares";
import { Frame } from "../view/frame";
import { useLatest } from "../view/latest";
import { Links } from "../view/links";

export default function View() {
    const [shares, setShares] = useState<Share[] | null>(null);
    const [problem, setProblem] = useState("");
    const latest = useLatest();
    const again = () => void latest(listShares()).then(setShares, (e: unknown) => setProblem(said(e)));
    useEffect(again, []);
    return (
        <Frame title="Shared links">
            {problem && <p class="notice bad">{problem}</p>}
            {shares?.length === 0 && <p class="notice">No chat is shared. The menu of each chat has Share.</p>}
            {shares && <Links shares={shares} titles again={again} />}
        </Frame>
    );
}
