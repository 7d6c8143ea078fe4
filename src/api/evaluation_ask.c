#include "api/evaluation_ask.h"

#include "eval/code.h"

#include <math.h>

/* ---- The request ---- */

static int64_t chars_of(struct slice s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* Nothing is generated: the prompt's own tokens from there on are given back with
 * their probabilities. */
static void ask_scores(struct json_writer *w, int64_t from)
{
    json_member_int(w, "max_tokens", 0);
    json_member_int(w, "echo_from", from);
    json_key(w, "echo");
    json_bool(w, true);
    json_member_int(w, "logprobs", 0);
}

static void ask_choice(struct json_writer *w, const struct eval_item *item)
{
    struct buf whole;
    buf_init(&whole, 4 * EVAL_ITEM_BYTES_MAX);
    json_key(w, "prompt");
    json_array_begin(w);
    for (uint32_t i = 0; i < item->n_options; i++) {
        buf_reset(&whole);
        buf_add_slice(&whole, item->prompt);
        buf_add_slice(&whole, item->options[i].continuation);
        json_slice(w, buf_slice(&whole));
        w->out->failed |= whole.failed;
    }
    json_array_end(w);
    buf_release(&whole);
    ask_scores(w, chars_of(item->prompt));
}

static void ask_code(struct json_writer *w, const struct evaluation_asking *a)
{
    struct buf words;
    json_member_int(w, "temperature", 0);
    if (!a->chat) {
        json_member_slice(w, "prompt", a->item->prompt);
        json_member_int(w, "max_tokens", EVALUATION_ANSWER_TOKENS);
        json_key(w, "stop");
        json_raw(w, SLICE(EVAL_CODE_STOPS));
        return;
    }
    buf_init(&words, 2 * EVAL_ITEM_BYTES_MAX);
    buf_add_str(&words, "Complete this Python function. Answer with the whole function in one "
                        "```python block.\n\n```python\n");
    buf_add_slice(&words, a->item->prompt);
    buf_add_str(&words, "\n```");
    json_member_int(w, "max_completion_tokens", EVALUATION_ANSWER_TOKENS);
    json_key(w, "messages");
    json_array_begin(w);
    json_object_begin(w);
    json_member_slice(w, "role", SLICE("user"));
    json_member_slice(w, "content", buf_slice(&words));
    json_object_end(w);
    json_array_end(w);
    w->out->failed |= words.failed;
    buf_release(&words);
}

struct slice evaluation_ask(struct buf *body, const struct evaluation_asking *a)
{
    struct json_writer w;
    json_writer_init(&w, body);
    json_object_begin(&w);
    json_member_slice(&w, "model", a->model);
    switch (a->item->kind) {
    case EVAL_CHOICE: ask_choice(&w, a->item); break;
    case EVAL_CODE: ask_code(&w, a); break;
    case EVAL_TEXT:
        json_key(&w, "prompt");
        json_raw(&w, a->item->prompt);
        ask_scores(&w, a->item->skip);
        break;
    }
    json_object_end(&w);
    bool chat = a->item->kind == EVAL_CODE && a->chat;
    return chat ? SLICE("/v1/chat/completions") : SLICE("/v1/completions");
}

/* ---- The answer ---- */

static int strange(const char *what, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "The model's answer is strange: %s.", what);
}

/* The sum over the tokens of which a part lies within the text's last characters: a token that
 * reaches over the border from the prompt counts, as it is one only with the option behind it. */
static int sum_option(double *ret_sum, uint32_t *ret_n, const json_t *choice, struct slice option,
                      struct err *err)
{
    const json_t *l = json_object_get(choice, "logprobs"), *text = json_object_get(choice, "text");
    const json_t *values = json_object_get(l, "token_logprobs");
    const json_t *offsets = json_object_get(l, "text_offset");
    struct slice s = { json_string_value(text), json_string_length(text) };
    size_t n = json_array_size(values);
    if (!s.ptr || n == 0 || json_array_size(offsets) != n) return strange("no logprobs", err);
    int64_t end = chars_of(s), start = end - chars_of(option);
    double sum = 0;
    uint32_t n_tokens = 0;
    for (size_t i = n; i-- > 0;) {
        const json_t *value = json_array_get(values, i);
        if (end <= start) break;
        if (!json_is_number(value)) return strange("a token of an option has no logprob", err);
        sum += json_number_value(value);
        n_tokens++;
        end = (int64_t)json_integer_value(json_array_get(offsets, i));
    }
    if (n_tokens == 0) return strange("an option has no tokens", err);
    *ret_sum = sum;
    *ret_n = n_tokens;
    return 0;
}

static int hear_choice(struct eval_result *r, const struct eval_item *item, const json_t *choices,
                       struct err *err)
{
    if (json_array_size(choices) != item->n_options) return strange("not all options", err);
    r->n_options = item->n_options;
    for (uint32_t i = 0; i < item->n_options; i++)
        TRY(sum_option(&r->logprobs[i], &r->tokens[i], json_array_get(choices, i),
                       item->options[i].continuation, err));
    eval_score(r, item);
    return 0;
}

static int hear_text(struct eval_result *r, const struct eval_item *item, const json_t *choice,
                     struct err *err)
{
    const json_t *values = json_object_get(json_object_get(choice, "logprobs"), "token_logprobs");
    size_t n = json_array_size(values);
    if (n == 0) return strange("no logprobs", err);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(values, i);
        if (!json_is_number(value)) return strange("a token has no logprob", err);
        double nll = -json_number_value(value);
        r->nll += nll;
        r->nll_squares += nll * nll;
        r->n_tokens++;
    }
    r->bytes = item->bytes;
    r->right = true;
    return 0;
}

static int hear_code(struct eval_result *r, bool chat, const json_t *choice, struct arena *arena,
                     struct err *err)
{
    const json_t *text = chat ? json_object_get(json_object_get(choice, "message"), "content")
                              : json_object_get(choice, "text");
    struct slice s = { json_string_value(text), json_string_length(text) };
    if (!s.ptr) return strange("no text", err);
    r->answer = arena_slice(arena, s);
    return arena_check(arena, "the answer", err);
}

int evaluation_hear(struct eval_result *ret, const struct evaluation_asking *a, struct slice body,
                    struct arena *arena, struct err *err)
{
    json_t *root;
    struct eval_result r = { .kind = a->item->kind };
    TRY(json_read(&root, body, &json_limits_file, "the model's answer", err));
    const json_t *choices = json_object_get(root, "choices"), *first = json_array_get(choices, 0);
    int rc = 0;
    switch (r.kind) {
    case EVAL_CHOICE: rc = hear_choice(&r, a->item, choices, err); break;
    case EVAL_CODE: rc = hear_code(&r, a->chat, first, arena, err); break;
    case EVAL_TEXT: rc = hear_text(&r, a->item, first, err); break;
    }
    json_decref(root);
    if (rc == 0) *ret = r;
    return rc;
}
