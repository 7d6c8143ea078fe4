#include "eval/result.h"

#include <math.h>

static const char *const kinds[] = { "choice", "code", "text" };

/* The harness divides by the characters of the option's text, without the space before it. */
static double chars_of(struct slice s)
{
    double n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n > 0 ? n : 1;
}

void eval_score(struct eval_result *r, const struct eval_item *item)
{
    double sum = 0, best_char = -INFINITY, best_token = -INFINITY;
    r->predicted = r->predicted_per_char = r->predicted_per_token = 0;
    for (uint32_t i = 0; i < r->n_options; i++) {
        double per_char = r->logprobs[i] / chars_of(item->options[i].text);
        double per_token = r->logprobs[i] / (r->tokens[i] ? r->tokens[i] : 1);
        if (r->logprobs[i] > r->logprobs[r->predicted]) r->predicted = i;
        if (per_char > best_char) r->predicted_per_char = i;
        if (per_token > best_token) r->predicted_per_token = i;
        best_char = fmax(best_char, per_char);
        best_token = fmax(best_token, per_token);
    }
    for (uint32_t i = 0; i < r->n_options; i++)
        sum += r->probabilities[i] = exp(r->logprobs[i] - r->logprobs[r->predicted]);
    r->brier = 0;
    for (uint32_t i = 0; i < r->n_options; i++) {
        r->probabilities[i] /= sum;
        double miss = r->probabilities[i] - (i == item->answer);
        r->brier += miss * miss;
    }
    r->right = r->predicted == item->answer;
    r->right_per_char = r->predicted_per_char == item->answer;
    r->right_per_token = r->predicted_per_token == item->answer;
}

/* ---- As JSON ---- */

static void write_choice(struct json_writer *w, const struct eval_result *r)
{
    json_key(w, "options");
    json_array_begin(w);
    for (uint32_t i = 0; i < r->n_options; i++) {
        json_object_begin(w);
        json_member_double(w, "logprob", r->logprobs[i]);
        json_member_uint(w, "tokens", r->tokens[i]);
        json_member_double(w, "probability", r->probabilities[i]);
        json_object_end(w);
    }
    json_array_end(w);
    json_member_uint(w, "predicted", r->predicted);
    json_member_uint(w, "predicted_per_char", r->predicted_per_char);
    json_member_uint(w, "predicted_per_token", r->predicted_per_token);
    json_member_bool(w, "right_per_char", r->right_per_char);
    json_member_bool(w, "right_per_token", r->right_per_token);
    json_member_double(w, "brier", r->brier);
}

void eval_result_write(struct json_writer *w, const struct eval_result *r)
{
    json_object_begin(w);
    json_member_slice(w, "kind", slice_of(kinds[r->kind]));
    json_member_bool(w, "right", r->right);
    if (r->problem.len) json_member_slice(w, "problem", r->problem);
    if (r->kind == EVAL_CHOICE && !r->problem.len) write_choice(w, r);
    if (r->kind == EVAL_CODE) {
        json_member_slice(w, "answer", r->answer);
        json_member_bool(w, "judged", r->judged);
        if (r->output.len) json_member_slice(w, "output", r->output);
    }
    if (r->kind == EVAL_TEXT) {
        json_member_double(w, "nll", r->nll);
        json_member_double(w, "nll_squares", r->nll_squares);
        json_member_uint(w, "tokens", r->n_tokens);
        json_member_uint(w, "bytes", r->bytes);
    }
    json_object_end(w);
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static uint32_t number(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n >= 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static double real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static struct slice text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value)
               ? (struct slice){ json_string_value(value), json_string_length(value) }
               : SLICE("");
}

static void read_choice(struct eval_result *r, const json_t *object)
{
    const json_t *options = json_object_get(object, "options");
    size_t n = json_array_size(options);
    r->n_options = n < EVAL_OPTIONS_MAX ? (uint32_t)n : EVAL_OPTIONS_MAX;
    for (uint32_t i = 0; i < r->n_options; i++) {
        const json_t *o = json_array_get(options, i);
        r->logprobs[i] = real(o, "logprob");
        r->tokens[i] = number(o, "tokens");
        r->probabilities[i] = real(o, "probability");
    }
    r->predicted = number(object, "predicted");
    r->predicted_per_char = number(object, "predicted_per_char");
    r->predicted_per_token = number(object, "predicted_per_token");
    if (r->predicted >= r->n_options) r->predicted = 0;
    r->right_per_char = flag(object, "right_per_char");
    r->right_per_token = flag(object, "right_per_token");
    r->brier = real(object, "brier");
}

int eval_result_read(struct eval_result *ret, const json_t *object, struct err *err)
{
    struct slice kind = text(object, "kind");
    size_t k = 0;
    while (k < 3 && !slice_is(kind, kinds[k])) k++;
    if (k == 3) return err_set(err, ERR_FORMAT, "a kept result has no kind");
    *ret = (struct eval_result){ .kind = (enum eval_kind)k, .right = flag(object, "right") };
    ret->problem = text(object, "problem");
    ret->answer = text(object, "answer");
    ret->output = text(object, "output");
    ret->judged = flag(object, "judged");
    ret->nll = real(object, "nll");
    ret->nll_squares = real(object, "nll_squares");
    ret->n_tokens = number(object, "tokens");
    ret->bytes = number(object, "bytes");
    read_choice(ret, object);
    return 0;
}
