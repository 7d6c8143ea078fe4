/* report - what an exam says of a model: accuracy with its interval, how far the model's certainty
 * can be believed, and what happens when it may leave out what it is not certain of.
 *
 *     eval_report_init(&r, EVAL_CHOICE, 0.5);
 *     TRY(eval_report_add(&r, &result, subject, err));       each of them
 *     eval_report_write(&r, &w);
 *     eval_report_release(&r);
 *
 * accuracy: share of right answers; interval: Wilson's score interval, 95 %.
 * ece: expected calibration error over EVAL_BINS equal bins of the likeliest option's probability,
 *   weighted by their numbers (Naeini et al. 2015; Guo et al. 2017, equation 3).
 * abstention: with answers below a probability left out, how many remain and how many are right.
 * perplexity: exp of the mean negative log probability; its interval from the standard error of
 *   that mean over tokens, as llama.cpp has it.
 */
#ifndef TIRO_EVAL_REPORT_H
#define TIRO_EVAL_REPORT_H

#include "eval/result.h"

enum { EVAL_BINS = 10, EVAL_SUBJECTS_MAX = 256, EVAL_COVERAGE_STEPS = 10 };

struct eval_interval {
    double low, high;
};
/* Wilson 1927, for 95 %; n 0: all there is. */
struct eval_interval eval_wilson(uint64_t right, uint64_t n);

struct eval_bin {
    uint64_t n, right;
    double confidence; /* sum */
};

struct eval_subject {
    struct slice name;
    uint64_t n, right;
};

struct eval_outcome {
    double confidence;
    bool right;
};

struct eval_report {
    enum eval_kind kind;
    double abstain_below;
    uint64_t n, failed, right, right_per_char, right_per_token;
    uint64_t answered, answered_right; /* at abstain_below or above */
    double brier, nll, nll_squares;
    uint64_t tokens, bytes;
    struct eval_bin bins[EVAL_BINS];
    struct eval_subject subjects[EVAL_SUBJECTS_MAX]; /* those beyond are in none */
    uint32_t n_subjects;
    struct eval_outcome *outcomes; /* EVAL_ITEMS_MAX */
    uint32_t n_outcomes;
    struct arena arena;
};

int eval_report_init(struct eval_report *r, enum eval_kind kind, double abstain_below,
                     struct err *err) MUST_USE;
void eval_report_release(struct eval_report *r);
int eval_report_add(struct eval_report *r, const struct eval_result *result, struct slice subject,
                    struct err *err) MUST_USE;
double eval_report_ece(const struct eval_report *r);
void eval_report_write(struct eval_report *r, struct json_writer *w);

#endif
