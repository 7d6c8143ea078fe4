/* From a request message to the engine: prompt to tokens, options checked against what the model
 * can do. Whatever it cannot do is refused by name. All but worker_check runs on the encoder's
 * thread, which reads the tokenizer, the template and the model's facts. */
#include "base/log.h"
#include "base/seam.h"
#include "chat/tools.h"
#include "worker/worker_state.h"

#include <assert.h>
#include <stdio.h>

/* One token is at least one byte of text, or added around it. */
enum { TOKENS_MAX = MSG_TEXT_MAX + 64 };

/* ---- Chats ---- */

static int refuse_part(uint32_t message, uint32_t part, uint32_t kind, struct err *err)
{
    static const char *const names[PART_KINDS] = { "text", "image_url", "input_audio", "file",
                                                   "refusal" };
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "messages[%u].content[%u].type", message, part);
    return err_param(err, ERR_UNSUPPORTED_VALUE, param,
                     "Unsupported value: '%s' does not support '%s' with this model.", param,
                     names[kind]);
}

static int convert_chat(struct chat_message *ret, struct arena *a, const struct msg_chat *m,
                        uint32_t index, struct err *err)
{
    struct chat_part *parts = ARENA_NEWS(a, m->n_parts, struct chat_part);
    struct chat_tool_call *calls = ARENA_NEWS(a, m->n_tool_calls, struct chat_tool_call);
    if (!parts || !calls) return err_set(err, ERR_NO_MEMORY, "out of memory for the messages");
    for (uint32_t i = 0; i < m->n_parts; i++) {
        if (m->parts[i].kind != PART_TEXT && m->parts[i].kind != PART_REFUSAL)
            return refuse_part(index, i, m->parts[i].kind, err);
        parts[i] = (struct chat_part){ .type = SLICE("text"), .text = m->parts[i].text };
        /* Present, even if empty. */
        if (!parts[i].text.ptr) parts[i].text.ptr = "";
    }
    for (uint32_t i = 0; i < m->n_tool_calls; i++)
        calls[i] = (struct chat_tool_call){ .id = m->tool_calls[i].id,
                                            .name = m->tool_calls[i].name,
                                            .arguments = m->tool_calls[i].arguments };
    *ret = (struct chat_message){ .role = m->role,
                                  .name = m->name,
                                  .tool_call_id = m->tool_call_id,
                                  .parts = parts,
                                  .n_parts = m->n_parts,
                                  .tool_calls = calls,
                                  .n_tool_calls = m->n_tool_calls };
    /* A single text is plain content, which every template knows. */
    if (m->n_parts == 1) {
        ret->content = parts[0].text;
        ret->parts = NULL;
        ret->n_parts = 0;
    }
    return 0;
}

static int chat_tokens(const struct worker *w, struct tokens *ids, struct errand *e,
                       struct err *err)
{
    const struct msg_request *m = e->m;
    if (!w->chat)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "messages",
                         "This model has no chat template: it does completions, not chats.");
    bool callable = m->tools.len && m->tool_choice != TOOL_CHOICE_NONE;
    if (callable) TRY(tool_list_open(&e->tools, m->tools, m->tool_names, m->n_tool_names, err));
    struct chat_message *messages = ARENA_NEWS(&e->scratch, m->n_messages, struct chat_message);
    if (!messages) return err_set(err, ERR_NO_MEMORY, "out of memory for the messages");
    for (uint32_t i = 0; i < m->n_messages; i++)
        TRY(convert_chat(&messages[i], &e->scratch, &m->messages[i], i, err));
    struct chat_request request = {
        .messages = messages,
        .n_messages = m->n_messages,
        .tools = e->tools ? m->tools
                          : (struct slice){ 0 }, /* What may not be called is not told. */
        .kwargs = m->template_args,
        .add_generation_prompt = !m->no_generation_prompt,
    };
    return chat_prompt(w->chat, ids, &request, &e->thinks, err);
}

/* ---- Prompts ---- */

static int given_tokens(struct tokens *ids, const struct msg_request *m, struct err *err)
{
    for (uint32_t i = 0; i < m->n_tokens; i++) {
        if (m->tokens[i] > INT32_MAX)
            return err_param(err, ERR_INVALID_VALUE, "prompt", "Invalid token id %u in 'prompt'.",
                             m->tokens[i]);
        int r = tokens_add(ids, (int32_t)m->tokens[i]);
        if (r < 0) return err_set(err, (enum err_code) - r, "too many tokens in the prompt");
    }
    return 0;
}

static int add_one(struct tokens *ids, int32_t id, struct err *err)
{
    int r = tokens_add(ids, id);
    return r < 0 ? err_set(err, (enum err_code) - r, "too many tokens in the prompt") : 0;
}

/* Prefix, suffix, middle: the order that Qwen2.5-Coder, StarCoder and Code Llama share. */
static int fim_tokens(const struct worker *w, struct tokens *ids, const struct msg_request *m,
                      struct err *err)
{
    const struct tokenizer_special *s = tokenizer_special(w->tokenizer);
    const struct tokenizer_options raw = { .trust = TRUST_ALL };
    if (!tokenizer_has_fim(w->tokenizer))
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "suffix",
                         "Unsupported parameter: 'suffix' is not supported with this model (%s has "
                         "no fill-in-the-middle tokens).",
                         model_facts(w->model)->arch);
    if (s->add_bos && s->bos >= 0) TRY(add_one(ids, s->bos, err));
    TRY(add_one(ids, s->fim_prefix, err));
    if (m->n_tokens)
        TRY(given_tokens(ids, m, err));
    else
        TRY(tokenizer_encode(w->tokenizer, ids, m->prompt, &raw, err));
    TRY(add_one(ids, s->fim_suffix, err));
    TRY(tokenizer_encode(w->tokenizer, ids, m->suffix, &raw, err));
    return add_one(ids, s->fim_middle, err);
}

static int text_tokens(const struct worker *w, struct tokens *ids, const struct msg_request *m,
                       struct err *err)
{
    if (m->has_suffix) return fim_tokens(w, ids, m, err);
    if (m->n_tokens) return given_tokens(ids, m, err);
    /* A raw prompt is the developer's own: control tokens count. A text to embed is data. */
    const struct tokenizer_options options = {
        .trust = m->kind == REQUEST_EMBED ? TRUST_NONE : TRUST_ALL,
        .add_special = true,
    };
    TRY(tokenizer_encode(w->tokenizer, ids, m->prompt, &options, err));
    /* An empty prompt begins a document, as OpenAI's <|endoftext|> default does. */
    const struct tokenizer_special *s = tokenizer_special(w->tokenizer);
    int32_t begin = s->bos >= 0 ? s->bos : s->eos;
    if (ids->len == 0 && begin >= 0 && m->kind != REQUEST_EMBED) return add_one(ids, begin, err);
    return 0;
}

static int encode(const struct worker *w, struct tokens *ids, struct errand *e)
{
    return e->m->n_messages ? chat_tokens(w, ids, e, &e->err) : text_tokens(w, ids, e->m, &e->err);
}

/* ---- Options ---- */

static int copy_sampling(struct engine_request *r, const struct msg_sampling *m, struct err *err)
{
    if (m->top_k > INT32_MAX || m->repeat_last_n > INT32_MAX)
        return err_param(err, ERR_INVALID_VALUE, "top_k", "Invalid 'top_k' or 'repeat_last_n'.");
    struct logit_bias *bias = ARENA_NEWS(&r->arena, m->n_logit_bias, struct logit_bias);
    if (!bias) return err_set(err, ERR_NO_MEMORY, "out of memory for a request");
    for (uint32_t i = 0; i < m->n_logit_bias; i++)
        bias[i] = (struct logit_bias){
            .token = m->logit_bias[i].token > INT32_MAX ? -1 : (int32_t)m->logit_bias[i].token,
            .bias = m->logit_bias[i].bias,
        };
    r->sampling = (struct sampling){
        .temperature = m->temperature,
        .top_k = (int32_t)m->top_k,
        .top_p = m->top_p,
        .min_p = m->min_p,
        .typical_p = m->typical_p,
        .repetition_penalty = m->repetition_penalty,
        .frequency_penalty = m->frequency_penalty,
        .presence_penalty = m->presence_penalty,
        .repeat_last_n = (int32_t)m->repeat_last_n,
        .logit_bias = bias,
        .n_logit_bias = (int32_t)m->n_logit_bias,
        .seed = m->seed,
    };
    if (!m->has_seed) random_bytes_fill(&r->sampling.seed, sizeof r->sampling.seed);
    return 0;
}

static int copy_stops(struct engine_request *r, const struct msg_request *m, struct err *err)
{
    struct slice *stops = ARENA_NEWS(&r->arena, m->n_stop, struct slice);
    for (uint32_t i = 0; stops && i < m->n_stop; i++) stops[i] = arena_slice(&r->arena, m->stop[i]);
    r->stops = stops;
    r->n_stops = (int32_t)m->n_stop;
    return arena_check(&r->arena, "a request", err);
}

/* What prefixes are shared within: a person's project, so that nobody can time what somebody else
 * asked. The length, so that a tenant's name cannot run into the project's. */
static struct slice whose(struct arena *arena, const struct principal *p)
{
    return slice_of(arena_printf(arena, "%zu:%.*s%.*s", p->tenant.len, SLICE_FMT(p->tenant),
                                 SLICE_FMT(p->project)));
}

static int copy_options(struct engine_request *r, const struct errand *e, struct err *err)
{
    const struct msg_request *m = e->m;
    bool score = m->kind == REQUEST_SCORE;
    r->id = m->id;
    r->arrived_ns = e->arrived_ns;
    r->what = m->kind == REQUEST_EMBED ? "input" : m->n_messages ? "messages" : "prompt";
    r->tenant = whose(&r->arena, &m->principal);
    r->n_choices = (int32_t)(m->best_of > m->n ? m->best_of : m->n ? m->n : 1);
    if (m->has_max_tokens && m->max_tokens > INT32_MAX / 2)
        return err_param(err, ERR_INTEGER_ABOVE_MAX, "max_tokens",
                         "Invalid 'max_tokens': integer above maximum value.");
    r->max_tokens = score ? 0 : m->has_max_tokens ? (int32_t)m->max_tokens : -1;
    r->echo = m->echo || score;
    r->logprobs = m->logprobs || score;
    r->rank = m->best_of > m->n;
    r->n_top = (int32_t)m->top_logprobs;
    r->prefill_only = m->prefill_only;
    r->ignore_eos = m->ignore_eos;
    r->pin = m->pin;
    r->priority = m->priority;
    if (m->deadline_ms) r->deadline_ns = e->arrived_ns + m->deadline_ms * 1000000;
    r->index = m->index;
    r->dimensions = m->dimensions;
    TRY(copy_sampling(r, &m->sampling, err));
    return copy_stops(r, m, err);
}

int worker_check(const struct worker *w, const struct msg_request *m, struct err *err)
{
    const char *arch = model_facts(w->model)->arch;
    if (m->id == 0) return err_set(err, ERR_PROTOCOL, "a request needs an id");
    if (w->quitting) return err_set(err, ERR_SHUTTING_DOWN, "The server is shutting down.");
    if (m->adapter.len && worker_find_adapter(w, m->adapter) < 0)
        return err_param(err, ERR_MODEL_NOT_FOUND, "model",
                         "The adapter `%.*s` of this model is not there.", SLICE_FMT(m->adapter));
    if (m->kind == REQUEST_EMBED && !w->embedder)
        return err_param(err, ERR_UNSUPPORTED_VALUE, "model",
                         "This model (%s) makes text, not embeddings.", arch);
    bool generates = m->kind != REQUEST_EMBED && m->kind != REQUEST_TOKENIZE;
    if (generates && !w->scheduler)
        return err_param(err, ERR_UNSUPPORTED_VALUE, "model",
                         "This model (%s) makes embeddings, not text.", arch);
    if (m->kind == REQUEST_CHAT && m->n_messages == 0)
        return err_param(err, ERR_ARRAY_TOO_SHORT, "messages",
                         "Invalid 'messages': empty array. Expected an array with minimum length "
                         "1, but got an empty array instead.");
    return 0;
}

/* ---- Tokenising ---- */

static int fill_tokens(const struct worker *w, struct errand *e, const struct tokens *ids)
{
    struct msg_tokens *reply = &e->reply;
    struct buf text;
    reply->id = e->m->id;
    reply->tokens = ARENA_NEWS(&e->scratch, ids->len, uint32_t);
    reply->pieces = ARENA_NEWS(&e->scratch, ids->len, struct slice);
    TRY(arena_check(&e->scratch, "a list of tokens", &e->err));
    if (ids->len > MSG_TOKENS_MAX)
        return err_set(&e->err, ERR_LIMIT, "The text has too many tokens: %zu.", ids->len);
    for (size_t i = 0; i < ids->len; i++) {
        reply->tokens[i] = (uint32_t)ids->ids[i];
        reply->pieces[i] = tokenizer_bytes(w->tokenizer, ids->ids[i]);
    }
    reply->n_tokens = reply->n_pieces = (uint32_t)ids->len;
    if (!e->m->n_tokens) return 0;
    buf_init(&text, MSG_TEXT_MAX);
    tokenizer_decode(w->tokenizer, &text, ids->ids, ids->len, true);
    reply->text = arena_slice(&e->scratch, buf_slice(&text));
    bool short_of = text.failed;
    buf_release(&text);
    if (short_of) return err_set(&e->err, ERR_NO_MEMORY, "out of memory for a text");
    return arena_check(&e->scratch, "a text", &e->err);
}

/* ---- All of it ---- */

/* Which of the prompt's tokens is the first of which a part lies at or behind that byte of it. What
 * was put before the text by ourselves lies before all of it. */
static int32_t echo_from(const struct worker *w, const struct msg_request *m,
                         const struct tokens *ids)
{
    size_t n = ids->len, tail = 0;
    if (!m->echo || !m->echo_from || m->kind != REQUEST_PROMPT || m->has_suffix) return 0;
    if (m->n_tokens) return (int32_t)(m->echo_from < n ? m->echo_from : n - 1);
    if (m->echo_from < m->prompt.len) tail = m->prompt.len - m->echo_from;
    for (size_t bytes = 0; n > 1 && bytes < tail; n--)
        bytes += tokenizer_bytes(w->tokenizer, ids->ids[n - 1]).len;
    return (int32_t)(n < ids->len ? n : ids->len - 1);
}

static int fill_request(const struct worker *w, struct errand *e, const struct tokens *ids)
{
    TRY(engine_request_open(&e->request, &e->err));
    struct engine_request *r = e->request;
    TRY(copy_options(r, e, &e->err));
    r->tokens = ARENA_NEWS(&r->arena, ids->len, int32_t);
    TRY(arena_check(&r->arena, "a prompt", &e->err));
    if (ids->len) memcpy(r->tokens, ids->ids, ids->len * sizeof *ids->ids);
    r->n_tokens = (int32_t)ids->len;
    r->echo_from = ids->len > 1 ? echo_from(w, e->m, ids) : 0;
    TRY(worker_hold(w, e));
    return worker_parts_open(w, e);
}

void worker_prepare(const struct worker *w, struct errand *e)
{
    struct tokens ids;
    tokens_init(&ids, TOKENS_MAX);
    e->rc = encode(w, &ids, e);
    if (e->rc == 0)
        e->rc = e->m->kind == REQUEST_TOKENIZE ? fill_tokens(w, e, &ids) : fill_request(w, e, &ids);
    tokens_release(&ids);
}
