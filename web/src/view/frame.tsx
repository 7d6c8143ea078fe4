import type { ComponentChildren } from "preact";

interface Props {
    title: string;
    /** What stands beside the title: buttons. */
    doings?: ComponentChildren;
    children: ComponentChildren;
}

/** A page beside the chat: its title, the way back, its content. */
export function Frame({ title, doings, children }: Props) {
    return (
        <div class="frame">
            <header>
                <a href="#/" aria-label="Back to the chats">
                    ‹ Chats
                </a>
                <h1>{title}</h1>
                {doings}
            </header>
            <main tabIndex={-1}>
                <div class="content">{children}</div>
            </main>
        </div>
    );
}
