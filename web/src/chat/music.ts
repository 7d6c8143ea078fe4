// Tunes that a grammar holds: made right again, and asked for.
import { grammarFor, type Mend, type Wish } from "../music/tunes";
import type { Message } from "../server/chats";
import type { Conversation } from "./conversation";

/** The answer once more, beside itself, with the broken tune made again under a grammar. */
export async function mendTune(c: Conversation, message: Message, mend: Mend, model: string): Promise<void> {
    const at = message.content.indexOf(mend.abc);
    const grammar = await grammarFor({ ...mend.wish, fence: at < 0 });
    await c.again(message, model, {
        grammar,
        more: [
            { role: "assistant", content: message.content },
            { role: "user", content: `This music is not right:\n${mend.words}\nWrite the whole tune again, right, in ABC notation.` },
        ],
        around: at < 0 ? undefined : [message.content.slice(0, at), message.content.slice(at + mend.abc.length)],
    });
}

export async function writeTune(c: Conversation, words: string, wish: Wish, model: string): Promise<void> {
    await c.send(words, [], [model], { grammar: await grammarFor({ ...wish, fence: true }) });
}
