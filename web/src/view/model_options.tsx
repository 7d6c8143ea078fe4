// The models of a list to choose from.
import type { Model } from "../server/models";

export function ModelOptions({ models }: { models: Model[] }) {
    return (
        <>
            {models.map((m) => (
                <option key={m.id} value={m.id}>
                    {m.id}
                </option>
            ))}
        </>
    );
}
