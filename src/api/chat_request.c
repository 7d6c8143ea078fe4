#include "api/chat_request.h"

#include "api/messages.h"
#include "api/metadata.h"
#include "api/output_format.h"
#include "api/prepare.h"

static const char *const service_tiers[] = { "auto", "default", "flex", NULL };
static const char *const cache_retentions[] = { "in_memory", "24h", NULL };
enum { CACHE_RETENTION_DAY = 1 };
static const char *const efforts[] = { "none", "minimal", "low", "medium",
                                       "high", "xhigh",   "max", NULL };
enum { EFFORT_NONE = 0 };
static const char *const prediction_types[] = { "content", NULL };
static const char *const text_types[] = { "text", NULL };

struct prediction_req {
    struct field_enum type;
    struct field_content content; /* of struct text_req */
};

struct text_req {
    struct field_enum type;
    struct field_string text;
};

static const struct field text_fields[] = {
    FIELD_ENUM(struct text_req, type, .required = true, .names = text_types, .help = "text"),
    FIELD_STRING(struct text_req, text, .required = true, .help = "The text."),
    FIELDS_END,
};

static const struct field prediction_fields[] = {
    FIELD_ENUM(struct prediction_req, type, .required = true, .names = prediction_types,
               .help = "content"),
    FIELD_CONTENT(struct prediction_req, content, .required = true, .len_min = 1,
                  .len_max = MSG_PARTS_MAX, .fields = text_fields, .size = sizeof(struct text_req),
                  .help = "The text, or a list of its parts."),
    FIELDS_END,
};

/* clang-format off */
const struct field chat_request_fields[] = {
    FIELD_OBJECTS(struct chat_req, messages, .required = true, .len_min = 1,
                  .len_max = MSG_MESSAGES_MAX, .fields = message_fields,
                  .size = sizeof(struct message_req), .help = "The conversation so far."),
    FIELD_INCLUDE(struct chat_req, generation, generation_fields),
    FIELD_INT(struct chat_req, max_completion_tokens, .range = { 1, INT32_MAX },
              .help = "The most tokens to make, thoughts included; without it, as many as the "
                      "context holds."),
    FIELD_INT(struct chat_req, max_tokens, .range = { 1, INT32_MAX }, .deprecated = true,
              .help = "The older name of max_completion_tokens; only one of them may be given."),
    FIELD_BOOL(struct chat_req, logprobs, .def = "false",
               .help = "Return the log probability of each token of the content."),
    FIELD_INT(struct chat_req, top_logprobs, .range = { 0, MSG_TOP_LOGPROBS_MAX }, .def = "0",
              .help = "How many of the likeliest tokens to return at each place; needs logprobs."),
    FIELD_OBJECT(struct chat_req, response_format, .fields = response_format_fields,
                 .size = sizeof(struct response_format_req),
                 .help = "What the content of the answer is held to."),
    FIELD_INCLUDE(struct chat_req, tools, tools_fields),
    FIELD_ENUM(struct chat_req, reasoning_effort, .names = efforts,
               .help = "How much to think before answering, for models that think; none: not at "
                       "all, which is all that others take. How a model's template reads it is its "
                       "own business; without it the model does as it was made to."),
    FIELD_JSON(struct chat_req, chat_template_kwargs, .types = FIELD_TYPE_OBJECT, .extension = true,
               .schema = "{\"type\":\"object\"}",
               .help = "Further variables for the model's chat template, as vLLM has it."),
    FIELD_OBJECT(struct chat_req, prediction, .fields = prediction_fields,
                 .size = sizeof(struct prediction_req), .ignored = true,
                 .help = "Text the answer will mostly repeat. Accepted; the answer is the same "
                         "with it, and no faster yet: drafts come from the conversation itself."),
    FIELD_ENUM(struct chat_req, service_tier, .names = service_tiers, .def = "\"auto\"",
               .help = "flex: it is answered when nothing else waits, as batches are."),
    FIELD_BOOL(struct chat_req, store, .def = "false",
               .help = "Keep messages and answer, for GET /v1/chat/completions, until they are "
                       "deleted or their time is over."),
    FIELD_JSON(struct chat_req, metadata, .types = FIELD_TYPE_OBJECT, .schema = metadata_schema,
               .help = "Your labels for a kept answer: up to 16 pairs of strings. Without store: "
                       "true they are forgotten."),
    FIELD_STRING(struct chat_req, safety_identifier, .len_max = 64, .ignored = true,
                 .help = "Your hashed name for the end user. Accepted; nothing is done with it."),
    FIELD_STRING(struct chat_req, prompt_cache_key, .len_max = 256, .ignored = true,
                 .help = "Accepted: prefixes are cached by their content anyway."),
    FIELD_ENUM(struct chat_req, prompt_cache_retention, .names = cache_retentions,
               .deprecated = true,
               .help = "24h: keep this prompt in the cache until it was not used for a day, as far "
                       "as pinned_percent has room. Otherwise the cache keeps what fits."),
    FIELD_JSON(struct chat_req, prompt_cache_options, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .help = "Accepted: the cache keeps what fits."),
    FIELD_JSON(struct chat_req, modalities, .types = FIELD_TYPE_ARRAY, .only = "[[\"text\"]]",
               .instead = "Only [\"text\"] is.", .help = "Kinds of output; only text."),
    FIELD_JSON(struct chat_req, audio, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "Models here do not speak.", .help = "Spoken output."),
    FIELD_JSON(struct chat_req, verbosity, .types = FIELD_TYPE_STRING, .only = "[\"medium\"]",
               .instead = "Ask for it in a message.", .help = "Length of the answer."),
    FIELD_JSON(struct chat_req, web_search_options, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "This server does not search.", .help = "Search the web first."),
    FIELD_JSON(struct chat_req, moderation, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "This server does not moderate.", .help = "Moderate prompt and answer."),
    FIELDS_END,
};
/* clang-format on */

static int fill_lengths(struct msg_request *ret, const struct chat_req *req,
                        const struct backend_model *model, struct err *err)
{
    if (req->max_tokens.given && req->max_completion_tokens.given)
        return err_param(err, ERR_INVALID_VALUE, "max_tokens",
                         "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not "
                         "supported.");
    const struct field_int *max = req->max_tokens.given ? &req->max_tokens
                                                        : &req->max_completion_tokens;
    TRY(generation_check_max(max, req->max_tokens.given ? "max_tokens" : "max_completion_tokens",
                             model, err));
    ret->has_max_tokens = max->given;
    ret->max_tokens = (uint32_t)max->value;
    if (req->top_logprobs.given && req->top_logprobs.value > 0 && !req->logprobs.value)
        return err_param(err, ERR_INVALID_VALUE, "top_logprobs",
                         "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when "
                         "'logprobs' is enabled.");
    ret->logprobs = req->logprobs.value;
    ret->top_logprobs = (uint32_t)req->top_logprobs.value;
    return 0;
}

static int fill_format(struct msg_request *ret, const struct chat_req *req, struct arena *arena,
                       struct err *err)
{
    TRY(response_format_fill(ret, req->response_format.value, arena, err));
    bool any_object = ret->grammar_kind == GRAMMAR_JSON_OBJECT && req->response_format.given;
    if (!any_object || messages_say_json(ret)) return 0;
    /* As OpenAI has it: a model that is not told writes an object of nothing in particular. */
    return err_param(err, ERR_INVALID_VALUE, "messages",
                     "'messages' must contain the word 'json' in some form, to use "
                     "'response_format' of type 'json_object'.");
}

int chat_template_args(struct slice *ret, const json_t *kwargs, bool think, const char *effort,
                       struct arena *arena, struct err *err)
{
    struct buf text;
    struct json_writer w;
    json_t *all = (json_t *)(uintptr_t)kwargs; /* Only read. */
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_object_begin(&w);
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        json_key(&w, json_object_iter_key(it));
        json_value(&w, json_object_iter_value(it));
    }
    if (!json_object_get(kwargs, "enable_thinking")) {
        json_key(&w, "enable_thinking");
        json_bool(&w, think);
    }
    if (effort && !json_object_get(kwargs, "reasoning_effort")) {
        json_key(&w, "reasoning_effort");
        json_str(&w, effort);
    }
    json_object_end(&w);
    return field_keep_text(ret, &text, arena, err);
}

static int fill_thinking(struct msg_request *ret, const struct chat_req *req,
                         const struct backend_model *model, struct arena *arena, struct err *err)
{
    const json_t *kwargs = req->chat_template_kwargs.value;
    bool thinks = !model->capabilities || model->capabilities & CAP_THINKING;
    bool none = req->reasoning_effort.value == EFFORT_NONE;
    if (!req->reasoning_effort.given || !thinks) {
        if (req->reasoning_effort.given && !none)
            return err_param(
                err, ERR_UNSUPPORTED_VALUE, "reasoning_effort",
                "Unsupported value: 'reasoning_effort' does not support '%s' with this "
                "model. '%s' does not think before it answers: use 'none', or leave "
                "it out.",
                efforts[req->reasoning_effort.value], model->id);
        return kwargs ? field_json_text(&ret->template_args, kwargs, arena, err) : 0;
    }
    return chat_template_args(&ret->template_args, kwargs, !none,
                              none ? NULL : efforts[req->reasoning_effort.value], arena, err);
}

bool chat_request_is_flex(const struct chat_req *req)
{
    enum { TIER_FLEX = 2 };
    return req->service_tier.value == TIER_FLEX;
}

int chat_request_fill(struct msg_request *ret, struct tools *ret_tools, const struct chat_req *req,
                      const struct backend_model *model, struct call *call, struct err *err)
{
    struct arena *arena = call->scratch;
    *ret = (struct msg_request){ .kind = REQUEST_CHAT, .sampling = MSG_SAMPLING_DEFAULT };
    TRY(tools_fill(ret, ret_tools, &req->tools, model, call, err));
    TRY(messages_fill(ret, &req->messages, ret_tools, call->prepared ? call->prepared->files : NULL,
                      model, arena, err));
    TRY(generation_fill(ret, &req->generation, model, call, arena, err));
    if (chat_request_is_flex(req) && ret->priority > CHAT_FLEX_PRIORITY)
        ret->priority = CHAT_FLEX_PRIORITY;
    TRY(fill_lengths(ret, req, model, err));
    TRY(fill_format(ret, req, arena, err));
    TRY(fill_thinking(ret, req, model, arena, err));
    TRY(metadata_check(req->metadata.value, "metadata", err));
    ret->pin = req->prompt_cache_retention.value == CACHE_RETENTION_DAY;
    return 0;
}
