import type { Message } from "../server/chats";
import { bill, receipt } from "../text/format";
import { Copy } from "./copy";

/** What an answer cost and where it came from: a line, and all of it when it is opened. */
export function Receipt({ message }: { message: Message }) {
    const line = receipt(message);
    if (!line) return null;
    const rows = bill(message);
    const json = JSON.stringify(Object.fromEntries(rows.map((r) => [r.key, r.value])), null, 2);
    return (
        <details class="receipt">
            <summary title={message.details.made?.sha256 && `sha256 ${message.details.made.sha256}`}>{line}</summary>
            <div>
                <table>
                    <caption class="unseen">Receipt</caption>
                    <tbody>
                        {rows.map((r) => (
                            <tr key={r.key}>
                                <th scope="row">{r.name}</th>
                                <td class={r.key === "sha256" ? "mono" : undefined}>{r.text}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
                <Copy text={json} what="receipt as JSON" />
            </div>
        </details>
    );
}
