#include "eval/report.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static const double Z95 = 1.959963984540054;

struct eval_interval eval_wilson(uint64_t right, uint64_t n)
{
    if (n == 0) return (struct eval_interval){ 0, 1 };
    double p = (double)right / (double)n, zz = Z95 * Z95 / (double)n;
    double middle = p + zz / 2;
    double half = Z95 * sqrt(p * (1 - p) / (double)n + zz / (4 * (double)n));
    double low = (middle - half) / (1 + zz), high = (middle + half) / (1 + zz);
    return (struct eval_interval){ right == 0 ? 0 : low, right == n ? 1 : high };
}

int eval_report_init(struct eval_report *r, enum eval_kind kind, double abstain_below,
                     struct err *err)
{
    *r = (struct eval_report){ .kind = kind, .abstain_below = abstain_below };
    arena_init(&r->arena, 16 << 20);
    r->outcomes = ARENA_NEWS(&r->arena, EVAL_ITEMS_MAX, struct eval_outcome);
    if (r->outcomes) return 0;
    arena_release(&r->arena);
    return err_set(err, ERR_NO_MEMORY, "no memory for a report");
}

void eval_report_release(struct eval_report *r)
{
    arena_release(&r->arena);
}

static struct eval_subject *subject_of(struct eval_report *r, struct slice name)
{
    for (uint32_t i = 0; i < r->n_subjects; i++)
        if (slice_eq(r->subjects[i].name, name)) return &r->subjects[i];
    if (r->n_subjects == EVAL_SUBJECTS_MAX) return NULL;
    struct eval_subject *s = &r->subjects[r->n_subjects++];
    *s = (struct eval_subject){ .name = arena_slice(&r->arena, name) };
    return s;
}

static void add_choice(struct eval_report *r, const struct eval_result *result)
{
    double p = result->probabilities[result->predicted];
    int b = (int)(p * EVAL_BINS);
    struct eval_bin *bin = &r->bins[b < 0 ? 0 : b < EVAL_BINS ? b : EVAL_BINS - 1];
    bin->n++;
    bin->right += result->right;
    bin->confidence += p;
    r->right_per_char += result->right_per_char;
    r->right_per_token += result->right_per_token;
    r->brier += result->brier;
    if (p >= r->abstain_below) {
        r->answered++;
        r->answered_right += result->right;
    }
    r->outcomes[r->n_outcomes++] = (struct eval_outcome){ p, result->right };
}

int eval_report_add(struct eval_report *r, const struct eval_result *result, struct slice subject,
                    struct err *err)
{
    if (r->n == EVAL_ITEMS_MAX) return err_set(err, ERR_LIMIT, "too many results for a report");
    r->n++;
    r->right += result->right;
    if (subject.len) {
        struct eval_subject *s = subject_of(r, subject);
        if (s) {
            s->n++;
            s->right += result->right;
        }
    }
    if (result->problem.len) {
        r->failed++;
        return 0;
    }
    if (r->kind == EVAL_CHOICE) add_choice(r, result);
    r->nll += result->nll;
    r->nll_squares += result->nll_squares;
    r->tokens += result->n_tokens;
    r->bytes += result->bytes;
    return 0;
}

double eval_report_ece(const struct eval_report *r)
{
    double sum = 0;
    if (r->n_outcomes == 0) return 0;
    for (int i = 0; i < EVAL_BINS; i++)
        sum += fabs((double)r->bins[i].right - r->bins[i].confidence);
    return sum / r->n_outcomes;
}

/* ---- As JSON ---- */

static double share(uint64_t part, uint64_t n)
{
    return n ? (double)part / (double)n : 0;
}

/* "right", "accuracy", "interval" of n. */
static void write_share(struct json_writer *w, uint64_t right, uint64_t n)
{
    struct eval_interval i = eval_wilson(right, n);
    json_member_uint(w, "right", right);
    json_member_double(w, "accuracy", share(right, n));
    json_key(w, "interval");
    json_array_begin(w);
    json_double(w, i.low);
    json_double(w, i.high);
    json_array_end(w);
}

static void write_bins(struct json_writer *w, const struct eval_report *r)
{
    json_key(w, "bins");
    json_array_begin(w);
    for (int i = 0; i < EVAL_BINS; i++) {
        const struct eval_bin *b = &r->bins[i];
        json_object_begin(w);
        json_member_double(w, "from", (double)i / EVAL_BINS);
        json_member_double(w, "to", (double)(i + 1) / EVAL_BINS);
        json_member_uint(w, "n", b->n);
        json_member_double(w, "confidence", b->n ? b->confidence / (double)b->n : 0);
        json_member_double(w, "accuracy", share(b->right, b->n));
        json_object_end(w);
    }
    json_array_end(w);
}

static int more_certain(const void *a, const void *b)
{
    double x = ((const struct eval_outcome *)a)->confidence;
    double y = ((const struct eval_outcome *)b)->confidence;
    return (x < y) - (x > y);
}

/* Those it is most certain of: the first tenth, two tenths ... */
static void write_coverage(struct json_writer *w, struct eval_report *r)
{
    uint64_t n = 0, right = 0;
    qsort(r->outcomes, r->n_outcomes, sizeof *r->outcomes, more_certain);
    json_key(w, "coverage");
    json_array_begin(w);
    for (int i = 1; i <= EVAL_COVERAGE_STEPS && r->n_outcomes; i++) {
        uint64_t to = ((uint64_t)r->n_outcomes * (uint64_t)i + EVAL_COVERAGE_STEPS - 1) /
                      EVAL_COVERAGE_STEPS;
        if (to == n) continue; /* Of fewer than ten. */
        for (; n < to; n++) right += r->outcomes[n].right;
        json_object_begin(w);
        json_member_double(w, "coverage", share(n, r->n_outcomes));
        json_member_double(w, "from", r->outcomes[n - 1].confidence);
        json_member_uint(w, "n", n);
        json_member_double(w, "accuracy", share(right, n));
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_choice(struct eval_report *r, struct json_writer *w)
{
    json_key(w, "per_char");
    json_object_begin(w);
    write_share(w, r->right_per_char, r->n);
    json_object_end(w);
    json_key(w, "per_token");
    json_object_begin(w);
    write_share(w, r->right_per_token, r->n);
    json_object_end(w);
    json_member_double(w, "ece", eval_report_ece(r));
    json_member_double(w, "brier", r->n_outcomes ? r->brier / r->n_outcomes : 0);
    write_bins(w, r);
    write_coverage(w, r);
    json_key(w, "abstention");
    json_object_begin(w);
    json_member_double(w, "below", r->abstain_below);
    json_member_uint(w, "answered", r->answered);
    write_share(w, r->answered_right, r->answered);
    json_object_end(w);
}

static void write_text(const struct eval_report *r, struct json_writer *w)
{
    double n = (double)r->tokens, mean = n > 0 ? r->nll / n : 0;
    double variance = n > 1 ? fmax(0, r->nll_squares / n - mean * mean) : 0;
    double error = n > 1 ? sqrt(variance / (n - 1)) : 0;
    json_member_uint(w, "tokens", r->tokens);
    json_member_uint(w, "bytes", r->bytes);
    json_member_double(w, "nll", mean);
    json_member_double(w, "nll_error", error);
    json_member_double(w, "perplexity", exp(mean));
    json_key(w, "interval");
    json_array_begin(w);
    json_double(w, exp(mean - Z95 * error));
    json_double(w, exp(mean + Z95 * error));
    json_array_end(w);
    json_member_double(w, "bits_per_byte", r->bytes ? r->nll / M_LN2 / (double)r->bytes : 0);
}

void eval_report_write(struct eval_report *r, struct json_writer *w)
{
    json_object_begin(w);
    json_member_uint(w, "n", r->n);
    json_member_uint(w, "failed", r->failed);
    if (r->kind == EVAL_TEXT)
        write_text(r, w);
    else
        write_share(w, r->right, r->n);
    if (r->kind == EVAL_CHOICE) write_choice(r, w);
    json_key(w, "subjects");
    json_array_begin(w);
    for (uint32_t i = 0; i < r->n_subjects; i++) {
        json_object_begin(w);
        json_key(w, "subject");
        json_slice(w, r->subjects[i].name);
        json_member_uint(w, "n", r->subjects[i].n);
        write_share(w, r->subjects[i].right, r->subjects[i].n);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}
