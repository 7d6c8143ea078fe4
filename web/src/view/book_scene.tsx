// A scene of a book: its plan; its text to read, to change, to have written again, to choose among versions.
import { useState } from "preact/hooks";

import { count, counted, repeats } from "../book/state";
import { TEXT_MAX, updateScene, writeAgain, type Book, type Chapter, type Plan, type Scene } from "../server/books";
import { said } from "../server/http";
import { Editable } from "./editable";
import { later } from "./later";

const Versions = later(() => import("./book_versions"));

const SCENE_MAX = 256 * 1024;

/** "Scene 2 of chapter 1". */
const named = (chapter: { number: number }, scene: { number: number }) => `scene ${scene.number} of chapter ${chapter.number}`;

export function stateOf(scene: Plan, underWay: boolean): string {
    if (underWay) return scene.state === "written" ? "being summed up" : scene.words > 0 ? "being written again" : "being written";
    if (scene.state === "waiting") return scene.words > 0 ? "to be written again" : "not written yet";
    return scene.state === "written" ? "written, not summed up yet" : "written";
}

interface PlanProps {
    book: Book;
    chapter: { number: number };
    scene: Plan;
    onSaved: () => Promise<unknown>;
}

export function ScenePlan({ book, chapter, scene, onSaved }: PlanProps) {
    return (
        <Editable
            what={`the plan of ${named(chapter, scene)}`}
            place={`plan.${scene.id}`}
            text={scene.plan}
            max={TEXT_MAX}
            rows={4}
            needed
            save={(plan) => updateScene(book.id, scene.id, { plan }).then(onSaved)}
        >
            {(edit) => (
                <p class="plain">
                    <span dir="auto">{scene.plan}</span> {edit}
                </p>
            )}
        </Editable>
    );
}

/** Prose as it was written: nothing in it is markup. */
export function Prose({ text }: { text: string }) {
    return (
        <div class="prose">
            {text.split(/\n\s*\n/).map((p, i) => (
                <p key={i} dir="auto">
                    {p}
                </p>
            ))}
        </div>
    );
}

interface Props {
    book: Book;
    chapter: Chapter;
    scene: Scene;
    underWay: boolean;
    onChapter: (chapter: Chapter) => void;
    onBook: (book: Book) => void;
    look: () => Promise<unknown>;
}

export function SceneView({ book, chapter, scene, underWay, onChapter, onBook, look }: Props) {
    const [problem, setProblem] = useState("");
    const [compares, setCompares] = useState(false);
    const name = named(chapter, scene);
    const save = async (text: string) => {
        onChapter(await updateScene(book.id, scene.id, { text }));
        await look();
    };
    const again = () => {
        setProblem("");
        writeAgain(book.id, scene.id).then(onBook, (e: unknown) => setProblem(said(e)));
    };
    const figures = [
        scene.words > 0 ? `${count(scene.words)} of ${counted(scene.words_wanted, "word")}` : `about ${counted(scene.words_wanted, "word")}`,
        scene.words > 0 && repeats(scene.repeated),
        stateOf(scene, underWay),
    ].filter(Boolean);
    return (
        <section class="scene" aria-label={`Scene ${scene.number}`}>
            <div class="scene-head">
                <h3>Scene {scene.number}</h3>
                <span class="hint">{figures.join(" · ")}</span>
            </div>
            <details class="scene-plan">
                <summary>Plan{scene.summary && " and summary"}</summary>
                <ScenePlan book={book} chapter={chapter} scene={scene} onSaved={look} />
                {scene.summary && (
                    <p class="plain" dir="auto">
                        <strong>Summary:</strong> {scene.summary}
                    </p>
                )}
            </details>
            <Editable
                what={`the text of ${name}`}
                place={`scene.${scene.id}`}
                text={scene.text}
                max={SCENE_MAX}
                rows={16}
                needed
                word={scene.text ? "Edit" : "Write it yourself"}
                save={save}
            >
                {(edit) => (
                    <>
                        {scene.text && <Prose text={scene.text} />}
                        <p class="scene-doings">
                            {edit}
                            {scene.text && !underWay && scene.state !== "waiting" && (
                                <button type="button" class="quiet" aria-label={`Write again: ${name}`} onClick={again}>
                                    Write again
                                </button>
                            )}
                            {scene.versions.length > 1 && (
                                <button
                                    type="button"
                                    class="quiet"
                                    aria-label={`Versions (${scene.versions.length}) of ${name}`}
                                    onClick={() => setCompares(true)}
                                >
                                    Versions ({scene.versions.length})
                                </button>
                            )}
                        </p>
                    </>
                )}
            </Editable>
            {problem && (
                <p class="notice bad" role="alert">
                    {problem}
                </p>
            )}
            {compares && (
                <Versions
                    name={name}
                    scene={scene}
                    choose={async (version_id: string) => {
                        onChapter(await updateScene(book.id, scene.id, { version_id }));
                        void look();
                    }}
                    onClose={() => setCompares(false)}
                />
            )}
        </section>
    );
}
