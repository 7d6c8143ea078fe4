#include "cmd/eval_print.h"

#include <string.h>

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static long long whole(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static double end_of(const json_t *object, size_t i)
{
    return json_number_value(json_array_get(json_object_get(object, "interval"), i));
}

static void add_share(struct buf *out, const char *name, const json_t *of, long long n)
{
    buf_printf(out, "%-22s %5.1f %%  (%lld of %lld; 95 %%: %.1f to %.1f)\n", name,
               100 * number(of, "accuracy"), whole(of, "right"), n, 100 * end_of(of, 0),
               100 * end_of(of, 1));
}

static void add_choice(struct buf *out, const json_t *report)
{
    const json_t *left = json_object_get(report, "abstention");
    add_share(out, "per character", json_object_get(report, "per_char"), whole(report, "n"));
    add_share(out, "per token", json_object_get(report, "per_token"), whole(report, "n"));
    buf_printf(out, "%-22s %.3f\n%-22s %.3f\n", "calibration error", number(report, "ece"),
               "Brier score", number(report, "brier"));
    buf_printf(out, "answers of %.2f or more: ", number(left, "below"));
    buf_printf(out, "%lld of %lld, of which %.1f %% are right\n", whole(left, "answered"),
               whole(report, "n"), 100 * number(left, "accuracy"));
}

void eval_summary(struct buf *out, const json_t *evaluation)
{
    const json_t *report = json_object_get(evaluation, "report"), *subject;
    const char *kind = text(evaluation, "kind");
    size_t i;
    buf_printf(out, "%s, %s", text(evaluation, "name"), text(evaluation, "model"));
    if (*text(evaluation, "fingerprint")) buf_printf(out, " (%s)", text(evaluation, "fingerprint"));
    buf_add_str(out, "\n\n");
    if (!json_is_object(report)) {
        const json_t *counts = json_object_get(evaluation, "counts");
        buf_printf(out, "%s: %lld of %lld questions are answered. %s\n", text(evaluation, "status"),
                   whole(counts, "answered"), whole(counts, "items"), text(evaluation, "problem"));
        return;
    }
    if (strcmp(kind, "text") == 0) {
        buf_printf(out, "perplexity %.4f (95 %%: %.4f to %.4f), %.4f bits per byte; %lld tokens\n",
                   number(report, "perplexity"), end_of(report, 0), end_of(report, 1),
                   number(report, "bits_per_byte"), whole(report, "tokens"));
    } else {
        add_share(out, strcmp(kind, "code") == 0 ? "pass@1" : "accuracy", report,
                  whole(report, "n"));
        if (strcmp(kind, "choice") == 0) add_choice(out, report);
    }
    if (whole(report, "failed"))
        buf_printf(out, "%lld questions could not be asked; they count as wrong.\n",
                   whole(report, "failed"));
    json_array_foreach(json_object_get(report, "subjects"), i, subject)
    {
        if (i == 0) buf_add_char(out, '\n');
        buf_add_str(out, "  ");
        add_share(out, text(subject, "subject"), subject, whole(subject, "n"));
    }
}

/* ---- Markdown ---- */

static void add_bins(struct buf *out, const json_t *report)
{
    const json_t *bin;
    size_t i;
    buf_add_str(out, "\n## Calibration\n\n| probability | answers | mean | right |\n"
                     "|---|---:|---:|---:|\n");
    json_array_foreach(json_object_get(report, "bins"), i, bin)
    {
        if (whole(bin, "n") == 0) continue;
        buf_printf(out, "| %.1f to %.1f | %lld | %.3f | %.3f |\n", number(bin, "from"),
                   number(bin, "to"), whole(bin, "n"), number(bin, "confidence"),
                   number(bin, "accuracy"));
    }
    buf_add_str(out, "\n## When it may leave out what it is least certain of\n\n"
                     "| answered | down to | right |\n|---:|---:|---:|\n");
    json_array_foreach(json_object_get(report, "coverage"), i, bin)
    {
        buf_printf(out, "| %.0f %% | %.3f | %.1f %% |\n", 100 * number(bin, "coverage"),
                   number(bin, "from"), 100 * number(bin, "accuracy"));
    }
}

void eval_markdown(struct buf *out, const json_t *evaluation)
{
    const json_t *report = json_object_get(evaluation, "report");
    buf_printf(out, "# %s: %s\n\n```\n", text(evaluation, "name"), text(evaluation, "model"));
    eval_summary(out, evaluation);
    buf_add_str(out, "```\n");
    if (json_is_object(report) && strcmp(text(evaluation, "kind"), "choice") == 0)
        add_bins(out, report);
    buf_add_str(out, "\n## Questions\n");
}

/* As a block that no text of it can end. */
static void add_block(struct buf *out, const char *s)
{
    buf_add_str(out, "\n    ");
    for (; *s; s++) {
        buf_add_char(out, *s);
        if (*s == '\n') buf_add_str(out, "    ");
    }
    buf_add_str(out, "\n\n");
}

static void add_options(struct buf *out, const json_t *question, const json_t *result)
{
    const json_t *option;
    size_t i;
    json_array_foreach(json_object_get(question, "options"), i, option)
    {
        const json_t *r = json_array_get(json_object_get(result, "options"), i);
        bool right = (long long)i == whole(question, "answer");
        bool said = r && (long long)i == whole(result, "predicted");
        buf_printf(out, "    %c %c %5.1f %%  %s. ", right ? '*' : ' ', said ? '>' : ' ',
                   100 * number(r, "probability"), text(option, "label"));
        for (const char *s = text(option, "text"); *s; s++)
            buf_add_char(out, *s == '\n' ? ' ' : *s);
        buf_add_char(out, '\n');
    }
}

void eval_markdown_item(struct buf *out, const json_t *item)
{
    const json_t *question = json_object_get(item, "question");
    const json_t *result = json_object_get(item, "result");
    buf_printf(out, "\n%lld. **%s**\n", whole(item, "number"),
               json_is_true(json_object_get(item, "right")) ? "right" : "wrong");
    add_block(out, text(question, "question"));
    add_options(out, question, result);
    if (*text(result, "answer")) add_block(out, text(result, "answer"));
    if (*text(result, "output")) add_block(out, text(result, "output"));
    if (*text(result, "problem")) add_block(out, text(result, "problem"));
}
