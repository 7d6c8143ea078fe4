import type { Model } from "../server/models";
import type { Dialog } from "./chat_keys";
import { ModelOptions } from "./model_options";

interface Props {
    models: Model[];
    model: string;
    /** That answers beside the first; "": none. */
    second: string;
    busy: boolean;
    /** Whether the panel of files is open; null: there is nothing to show in it. */
    files: boolean | null;
    /** There is something to draw a map of. */
    branches: boolean;
    onModel: (id: string) => void;
    onSecond: (id: string) => void;
    onFiles: () => void;
    /** The list of chats, where there is no room for it. */
    onChats: () => void;
    onDialog: (which: Dialog) => void;
}

/** Above a chat: who answers, and what can be opened. */
export function Header(props: Props) {
    const { models, model, second, busy, files, branches } = props;
    return (
        <header>
            <button class="only-narrow" aria-label="Chats" onClick={props.onChats}>
                ☰
            </button>
            <h1>Tiro</h1>
            <select
                aria-label="Model"
                value={model}
                disabled={busy}
                onChange={(e) => props.onModel(e.currentTarget.value)}
            >
                <ModelOptions models={models} />
            </select>
            {second && (
                <select
                    aria-label="Second model"
                    value={second}
                    disabled={busy}
                    onChange={(e) => props.onSecond(e.currentTarget.value)}
                >
                    <ModelOptions models={models} />
                </select>
            )}
            <button
                aria-pressed={second !== ""}
                aria-label="Compare two models"
                title="Two answers side by side"
                disabled={models.length === 0}
                onClick={() => props.onSecond(second ? "" : (models.find((m) => m.id !== model)?.id ?? model))}
            >
                Compare
            </button>
            {files !== null && (
                <button
                    aria-pressed={files}
                    title="Ctrl ."
                    onClick={props.onFiles}
                >
                    Files
                </button>
            )}
            <button aria-label="Settings" class="only-wide" onClick={() => props.onDialog("settings")}>
                Settings
            </button>
            {branches && (
                <button aria-label="Map of this chat" title="Ctrl Shift M" class="only-wide" onClick={() => props.onDialog("map")}>
                    Map
                </button>
            )}
            <button aria-label="Commands" title="Ctrl K" onClick={() => props.onDialog("palette")}>
                ⌘
            </button>
        </header>
    );
}
