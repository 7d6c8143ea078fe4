import type { Pull } from "../server/models";
import { duration, megabytes } from "../text/format";

function Line({ pull }: { pull: Pull }) {
    if (pull.state === "failed") {
        return (
            <p class="notice bad">
                {pull.name} could not be downloaded: {pull.text}
            </p>
        );
    }
    const left = (pull.bytes_total - pull.bytes) / pull.bytes_per_s;
    return (
        <p class="notice">
            <span>
                {pull.state === "verifying" ? "Checking" : "Downloading"} {pull.name}, a better model:{" "}
                {megabytes(pull.bytes)}
                {pull.bytes_total > 0 && ` of ${megabytes(pull.bytes_total)}`}
                {pull.bytes_per_s > 0 && `, ${megabytes(pull.bytes_per_s)}/s`}
                {pull.bytes_per_s > 0 && pull.bytes_total > 0 && `, ${duration(left)} left`}
            </span>
            <progress value={pull.bytes} max={pull.bytes_total || undefined} />
        </p>
    );
}

export function Downloads({ pulls }: { pulls: Pull[] }) {
    return (
        <>
            {pulls
                .filter((p) => p.state !== "done")
                .map((p) => (
                    <Line key={p.name} pull={p} />
                ))}
        </>
    );
}
