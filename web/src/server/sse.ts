// Server-sent events out of a byte stream, as chat completions send them: only `data:` lines.

/** Yields the data of each event; ends at the end of the stream. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
        for (;;) {
            const { done, value } = await reader.read();
            if (done) return;
            rest += decoder.decode(value, { stream: true });
            for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
                const event = rest.slice(0, end);
                rest = rest.slice(end + 2);
                const data = event
                    .split("\n")
                    .filter((line) => line.startsWith("data:"))
                    .map((line) => line.slice(5).trimStart())
                    .join("\n");
                if (data) yield data;
            }
        }
    } finally {
        reader.releaseLock();
    }
}
