// Formulas as MathML, loaded when the first one is there.
import temml from "temml";

/** A formula's node, or null when it is none. */
export function formula(tex: string, display: boolean): Element | null {
    try {
        const holder = document.createElement("span");
        // maxExpand and maxSize bound what a hostile formula can ask for.
        temml.render(tex, holder, { displayMode: display, trust: false, maxExpand: 200, maxSize: [20, 20], strict: false });
        for (const node of holder.querySelectorAll("*")) {
            node.removeAttribute("style");
            node.removeAttribute("href");
            node.removeAttribute("id");
        }
        return holder.querySelector("math");
    } catch {
        return null;
    }
}
