// What an exam says of a model: figures, the reliability diagram, what leaving out answers would bring.
import type { Bin, Exam, Report, Share } from "../server/exams";

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function Figure({ name, share, n }: { name: string; share: Share; n: number }) {
    return (
        <tr>
            <th scope="row">{name}</th>
            <td>{percent(share.accuracy)}</td>
            <td>
                {percent(share.interval[0])} to {percent(share.interval[1])}
            </td>
            <td>
                {share.right} of {n}
            </td>
        </tr>
    );
}

const SIZE = 240;
const EDGE = 34;
const at = (share: number) => EDGE + share * SIZE;
const up = (share: number) => 8 + (1 - share) * SIZE;

/** How often it is right against how certain it is; on the diagonal the two are the same. */
function Reliability({ bins }: { bins: Bin[] }) {
    const most = Math.max(...bins.map((b) => b.n), 1);
    const words = bins
        .filter((b) => b.n)
        .map((b) => `${percent(b.confidence)} certain, ${percent(b.accuracy)} right (${b.n})`)
        .join("; ");
    return (
        <figure class="reliability">
            <svg viewBox={`0 0 ${SIZE + EDGE + 16} ${SIZE + 46}`} role="img" aria-label={`Reliability: ${words}`}>
                {[0, 0.5, 1].map((s) => (
                    <g key={s} class="grid">
                        <line x1={at(0)} x2={at(1)} y1={up(s)} y2={up(s)} />
                        <text x={EDGE - 5} y={up(s) + 4} text-anchor="end">
                            {100 * s}
                        </text>
                        <text x={at(s)} y={SIZE + 24} text-anchor="middle">
                            {100 * s}
                        </text>
                    </g>
                ))}
                {bins.map(
                    (b) =>
                        b.n > 0 && (
                            <rect
                                key={b.from}
                                x={at(b.from) + 1}
                                y={up(b.accuracy)}
                                width={SIZE / bins.length - 2}
                                height={Math.max(b.accuracy * SIZE, 1)}
                                opacity={0.35 + (0.65 * b.n) / most}
                            >
                                <title>{`${b.n} answers, ${percent(b.confidence)} certain, ${percent(b.accuracy)} right`}</title>
                            </rect>
                        ),
                )}
                <line class="even" x1={at(0)} y1={up(0)} x2={at(1)} y2={up(1)} />
                {bins.map((b) => b.n > 0 && <circle key={b.to} cx={at(b.confidence)} cy={up(b.accuracy)} r="3.5" />)}
                <text x={at(0.5)} y={SIZE + 42} text-anchor="middle">
                    how certain it is, %
                </text>
            </svg>
            <figcaption>
                Share of right answers at each certainty. On the line the two agree; the fainter a bar, the fewer
                answers.
            </figcaption>
        </figure>
    );
}

function Coverage({ report }: { report: Report }) {
    const { coverage = [], abstention } = report;
    return (
        <section>
            <h2>If it left out what it is least certain of</h2>
            {abstention && (
                <p>
                    Answers of {abstention.below} or more: {abstention.answered} of {report.n}, of which{" "}
                    {percent(abstention.accuracy)} are right.
                </p>
            )}
            <table>
                <thead>
                    <tr>
                        <th>Answered</th>
                        <th>Down to</th>
                        <th>Right</th>
                    </tr>
                </thead>
                <tbody>
                    {coverage.map((c) => (
                        <tr key={c.n}>
                            <td>{percent(c.coverage)}</td>
                            <td>{c.from.toFixed(3)}</td>
                            <td>{percent(c.accuracy)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </section>
    );
}

function Shares({ report, kind }: { report: Report; kind: Exam["kind"] }) {
    if (report.accuracy === undefined || !report.interval || report.right === undefined) return null;
    const all = { right: report.right, accuracy: report.accuracy, interval: report.interval };
    return (
        <div class="scrolled" tabIndex={0} role="region" aria-label="Figures">
            <table>
                <thead>
                    <tr>
                        <th>Scored</th>
                        <th>Right</th>
                        <th>95 %</th>
                        <th>Questions</th>
                    </tr>
                </thead>
                <tbody>
                    <Figure name={kind === "code" ? "Tests pass at the first try" : "By the sum"} share={all} n={report.n} />
                    {report.per_char && <Figure name="Per character" share={report.per_char} n={report.n} />}
                    {report.per_token && <Figure name="Per token" share={report.per_token} n={report.n} />}
                    {report.subjects.map((s) => (
                        <Figure key={s.subject} name={s.subject.replaceAll("_", " ")} share={s} n={s.n} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function ReportView({ report, kind }: { report: Report; kind: Exam["kind"] }) {
    if (report.perplexity !== undefined)
        return (
            <p>
                Perplexity {report.perplexity.toFixed(4)} ({report.interval?.map((x) => x.toFixed(4)).join(" to ")}),{" "}
                {report.bits_per_byte?.toFixed(4)} bits a byte, over {report.tokens} tokens.
            </p>
        );
    return (
        <>
            <Shares report={report} kind={kind} />
            {report.failed > 0 && <p>{report.failed} questions could not be asked; they count as wrong.</p>}
            {report.bins && report.ece !== undefined && (
                <section>
                    <h2>Calibration</h2>
                    <p>
                        Expected calibration error {report.ece.toFixed(3)}, Brier score {report.brier?.toFixed(3)}.
                    </p>
                    <Reliability bins={report.bins} />
                </section>
            )}
            {report.coverage && <Coverage report={report} />}
        </>
    );
}
