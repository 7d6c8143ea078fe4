// A better title than the first line: the model makes one after the first answer, when nothing else
// waits for it. What it reads for that is what it has just read, so it costs a few tokens.
import { useEffect, useRef } from "preact/hooks";

import { readChat, updateChat, type Chat, type Message } from "../server/chats";
import { json } from "../server/http";
import { readPreferences } from "../server/memory";
import { withContext } from "./context";
import { titleOf, type Conversation } from "./conversation";
import { inputOf } from "./reads";

const WISH = "Give this conversation a title of two to six words. Answer with the title alone.";
const TOKENS_MAX = 24;
/** What is longer is no title. */
const LENGTH_MAX = 60;

/** The title in what a model says; "": there is none. */
export function titleIn(said: string): string {
    const line = said.trim().split("\n")[0]!;
    const title = line
        .replace(/^(title\s*:|#+)/i, "")
        .replace(/\*\*/g, "")
        .trim()
        .replace(/^["'“”«»‘’]+|["'“”«»‘’.]+$/g, "")
        .trim();
    return title.length <= LENGTH_MAX ? title : "";
}

interface Completion {
    choices: { message: { content: string | null } }[];
}

async function ask(chat: Chat, turns: Message[], model: string): Promise<string> {
    const { instructions } = await withContext(chat.settings, { folder: chat.folder_id, temporary: false });
    const messages = [
        ...(instructions ? [{ role: "system", content: instructions }] : []),
        ...inputOf(turns),
        { role: "user", content: WISH },
    ];
    const body = { model, messages, temperature: 0, max_completion_tokens: TOKENS_MAX, service_tier: "flex" };
    const made = await json<Completion>("POST", "/v1/chat/completions", body);
    return titleIn(made.choices[0]?.message.content ?? "");
}

/** `able`: the model is large enough to make good ones. `renamed` hears of a new title. */
export function useTitle(c: Conversation, model: string, able: boolean, renamed: (chat: Chat) => void): void {
    const was = useRef("");
    useEffect(() => {
        const id = c.chat?.id ?? "";
        if (c.busy) {
            was.current = id;
            return;
        }
        const answered = id !== "" && was.current === id;
        was.current = "";
        const [question, answer] = c.path;
        const first = answered && c.path.length === 2 && question && answer?.content && !answer.details.ended;
        if (!first || !able || c.chat!.title !== titleOf(question.content)) return;
        const make = async () => {
            if (!(await readPreferences()).titles) return;
            const title = await ask(c.chat!, c.path, model);
            // Whoever has renamed it meanwhile knows better.
            if (!title || (await readChat(id)).chat.title !== c.chat!.title) return;
            renamed(await updateChat(id, { title }));
        };
        void make().catch(() => undefined); // It has a title, after all.
    }, [c.busy, c.chat?.id]);
}
