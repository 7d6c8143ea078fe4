import { setKey } from "../server/http";

export function KeyForm({ onKey }: { onKey: () => void }) {
    return (
        <form
            class="key"
            onSubmit={(e) => {
                e.preventDefault();
                setKey(new FormData(e.currentTarget).get("key") as string);
                onKey();
            }}
        >
            <label>
                This server asks for an API key.
                <input name="key" type="password" autocomplete="off" required />
            </label>
            <button type="submit">Continue</button>
        </form>
    );
}

