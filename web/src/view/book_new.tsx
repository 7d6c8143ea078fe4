// A new book: an idea, and how long it shall be. What is left open the model decides.
import { useState } from "preact/hooks";

import { goTo } from "../address";
import { useDraft } from "../book/draft";
import { counted } from "../book/state";
import {
    CHAPTERS_MAX,
    createBook,
    IDEA_MAX,
    NAME_MAX,
    PARALLEL_MAX,
    SCENE_WORDS_MIN,
    SCENES_MAX,
    startBook,
    TEXT_MAX,
    TITLE_MAX,
    WORDS_MAX,
    WORDS_MIN,
    type Until,
} from "../server/books";
import { said } from "../server/http";
import type { Server } from "../server/live";
import { about } from "../text/format";
import { Frame } from "./frame";
import { ModelOptions } from "./model_options";

const CHAPTER_WORDS = 3000;
const SCENE_WORDS = 600;
/** English has about so many tokens for a word. */
const WORD_TOKENS = 1.3;

const PLACE =
    "A lighthouse keeper finds that the light answers ships that sank long ago. She wants to know who lit it before her, and why nobody in the village speaks of him.";

const EMPTY = {
    idea: "",
    model: "",
    genre: "",
    language: "English",
    words: "6000",
    chapters: "",
    scenes: "",
    title: "",
    premise: "",
    people: "",
    style_sheet: "",
    parallel: "1",
    seed: "",
};
type Wishes = typeof EMPTY;

const shared = (words: number, each: number, most: number) => Math.min(Math.max(Math.floor((words + each / 2) / each), 1), most);

/** What follows from what is asked for; as the server would choose where nothing is said. */
function shapeOf({ words, chapters, scenes }: Wishes): { words: number; chapters: number; scenes: number; each: number } {
    const all = Number(words) || 0;
    const n = Number(chapters) || shared(all, CHAPTER_WORDS, CHAPTERS_MAX);
    const k = Number(scenes) || shared(all / n, SCENE_WORDS, SCENES_MAX);
    return { words: all, chapters: n, scenes: k, each: Math.floor(all / (n * k)) };
}

interface NumberProps {
    name: string;
    value: string;
    /** What it is where nothing is said. */
    else?: number;
    min: number;
    max: number;
    onValue: (value: string) => void;
}

function Numbered(props: NumberProps) {
    return (
        <label>
            {props.name}
            <input
                type="number"
                required={props.else === undefined}
                placeholder={props.else?.toString()}
                min={props.min}
                max={props.max}
                value={props.value}
                onInput={(e) => props.onValue(e.currentTarget.value)}
            />
        </label>
    );
}

interface TextProps {
    name: string;
    rows: number;
    max: number;
    place: string;
    value: string;
    needed?: boolean;
    onValue: (value: string) => void;
}

function Long({ name, rows, max, place, value, needed, onValue }: TextProps) {
    return (
        <label class="wide">
            {name}
            <textarea
                rows={rows}
                dir="auto"
                required={needed}
                maxLength={max}
                placeholder={place}
                value={value}
                onInput={(e) => onValue(e.currentTarget.value)}
            />
        </label>
    );
}

function More({ wishes, set }: { wishes: Wishes; set: (key: keyof Wishes) => (value: string) => void }) {
    return (
        <details class="wide">
            <summary>More</summary>
            <div class="head-form">
                <label class="wide">
                    Title
                    <input
                        dir="auto"
                        maxLength={TITLE_MAX}
                        placeholder="The model finds one"
                        value={wishes.title}
                        onInput={(e) => set("title")(e.currentTarget.value)}
                    />
                </label>
                <Long
                    name="Premise"
                    rows={4}
                    max={TEXT_MAX}
                    place="Who wants what, what stands in the way, how it ends. Empty: the model writes it"
                    value={wishes.premise}
                    onValue={set("premise")}
                />
                <Long
                    name="People"
                    rows={3}
                    max={TEXT_MAX}
                    place="A line each, such as: Ada Reed: a keeper of bees. Empty: the model invents them"
                    value={wishes.people}
                    onValue={set("people")}
                />
                <Long
                    name="Style sheet"
                    rows={3}
                    max={TEXT_MAX}
                    place="Who tells it, tense, tone, places. Empty: the model writes it"
                    value={wishes.style_sheet}
                    onValue={set("style_sheet")}
                />
                <Numbered name="Chapters at a time" value={wishes.parallel} min={1} max={PARALLEL_MAX} onValue={set("parallel")} />
                <label>
                    Seed
                    <input
                        type="number"
                        placeholder="a random one"
                        value={wishes.seed}
                        onInput={(e) => set("seed")(e.currentTarget.value)}
                    />
                </label>
                <p class="hint wide">
                    One chapter at a time knows most of what came before; several are sooner done. The same seed and wishes
                    make the same book.
                </p>
            </div>
        </details>
    );
}

/** Of what is asked for; what is empty is left to the server. */
function bodyOf(wishes: Wishes, model: string) {
    const { words, chapters, scenes } = shapeOf(wishes);
    const { seed, parallel, idea, ...texts } = wishes;
    const given = Object.entries({ ...texts, idea, model }).filter(
        ([key, value]) => !["words", "chapters", "scenes"].includes(key) && value.trim() !== "",
    );
    return {
        ...(Object.fromEntries(given.map(([key, value]) => [key, value.trim()])) as { idea: string; model: string }),
        words,
        chapters,
        scenes,
        parallel: Number(parallel),
        ...(seed ? { seed: Number(seed) } : {}),
    };
}

export function NewBook({ server }: { server: Server }) {
    const [draft, setDraft] = useDraft<Wishes>("new-book");
    const [problem, setProblem] = useState("");
    const [busy, setBusy] = useState(false);
    const wishes = draft ?? EMPTY;
    const { models } = server;
    const model = (models.find((m) => m.id === wishes.model) ?? models.find((m) => m.tiro.default) ?? models[0])?.id ?? "";
    const shape = shapeOf(wishes);
    const short = shape.each < SCENE_WORDS_MIN;
    const rate = models.find((m) => m.id === model)?.tiro.decode_tokens_per_s;
    const set = (key: keyof Wishes) => (value: string) => setDraft({ ...wishes, [key]: value });
    const begin = async (until: Until) => {
        if (busy) return;
        setBusy(true);
        setProblem("");
        try {
            const book = await createBook(bodyOf(wishes, model));
            setDraft(null);
            await startBook(book.id, until).catch(() => undefined); // Its page shows how it stands.
            goTo("books", book.id);
        } catch (e) {
            setProblem(said(e));
            setBusy(false);
        }
    };
    const submit = (event: SubmitEvent) => {
        event.preventDefault();
        void begin((event.submitter as HTMLButtonElement | null)?.value === "end" ? "end" : "outline");
    };
    return (
        <Frame title="New book" doings={<a href="#/books">All books</a>}>
            <form class="head-form new-book" onSubmit={submit}>
                <Long name="Idea" rows={5} max={IDEA_MAX} place={PLACE} needed value={wishes.idea} onValue={set("idea")} />
                <label>
                    Model
                    <select value={model} onChange={(e) => set("model")(e.currentTarget.value)}>
                        <ModelOptions models={models} />
                    </select>
                </label>
                <label>
                    Genre and style
                    <input
                        dir="auto"
                        maxLength={NAME_MAX}
                        placeholder="a quiet mystery"
                        value={wishes.genre}
                        onInput={(e) => set("genre")(e.currentTarget.value)}
                    />
                </label>
                <label>
                    Language
                    <input
                        required
                        dir="auto"
                        maxLength={NAME_MAX}
                        value={wishes.language}
                        onInput={(e) => set("language")(e.currentTarget.value)}
                    />
                </label>
                <Numbered name="Words" value={wishes.words} min={WORDS_MIN} max={WORDS_MAX} onValue={set("words")} />
                <Numbered
                    name="Chapters"
                    value={wishes.chapters}
                    else={shape.chapters}
                    min={1}
                    max={CHAPTERS_MAX}
                    onValue={set("chapters")}
                />
                <Numbered
                    name="Scenes in each"
                    value={wishes.scenes}
                    else={shape.scenes}
                    min={1}
                    max={SCENES_MAX}
                    onValue={set("scenes")}
                />
                <p class={short ? "bad wide" : "hint wide"} role="status">
                    {short
                        ? `That leaves a scene only ${counted(shape.each, "word")}; it needs ${SCENE_WORDS_MIN}. Ask for more words, or fewer chapters or scenes.`
                        : `${counted(shape.chapters, "chapter")} of ${counted(shape.scenes, "scene")}: about ${counted(shape.each, "word")} a scene.`}
                    {!short && rate ? ` The text alone takes ${model} at least ${about((shape.words * WORD_TOKENS) / (rate * Number(wishes.parallel || 1))).replace(/^about /, "")}.` : ""}
                </p>
                <More wishes={wishes} set={set} />
                {problem && (
                    <p class="notice bad wide" role="alert">
                        {problem}
                    </p>
                )}
                {server.known && models.length === 0 && (
                    <p class="notice wide">No model is here yet. In a terminal: tiro pull smollm2-135m</p>
                )}
                <p class="buttons wide">
                    <button type="submit" class="main" value="outline" disabled={!model || short}>
                        Plan it
                    </button>
                    <button type="submit" value="end" disabled={!model || short}>
                        Write it
                    </button>
                    <span class="hint">
                        A plan waits for you to read and change it. <i>Write it</i> plans and writes without asking.
                    </span>
                </p>
            </form>
        </Frame>
    );
}
