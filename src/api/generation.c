#include "api/generation.h"

#include "api/fan.h"
#include "api/output_format.h"

_Static_assert((int)CHOICES_MAX <= (int)FAN_CHOICES_MAX, "each choice has its count");

static const struct field stream_options_fields[] = {
    FIELD_BOOL(struct stream_options_req, include_usage, .def = "false",
               .help = "Send one more event before the end with the token counts of the whole "
                       "request; all others then carry usage: null."),
    FIELD_BOOL(struct stream_options_req, include_obfuscation, .ignored = true,
               .help = "Padding against guessing text from packet sizes. Accepted; events carry no "
                       "padding yet."),
    FIELDS_END,
};

/* clang-format off */
const struct field generation_fields[] = {
    FIELD_STRING(struct generation_req, model, .required = true, .len_min = 1,
                 .len_max = MSG_NAME_MAX, .help = "Id of the model to use; see GET /v1/models."),
    FIELD_NUMBER(struct generation_req, temperature, .range = { 0, 2 }, .def = "1",
                 .help = "Randomness: 0 always takes the likeliest token."),
    FIELD_NUMBER(struct generation_req, top_p, .range = { 0, 1 }, .def = "1",
                 .help = "Take only from the likeliest tokens with this share of probability."),
    FIELD_INT(struct generation_req, n, .range = { 1, CHOICES_MAX }, .def = "1",
              .help = "How many answers to make."),
    FIELD_BOOL(struct generation_req, stream, .def = "false",
               .help = "Answer with server-sent events as the text appears."),
    FIELD_OBJECT(struct generation_req, stream_options, .fields = stream_options_fields,
                 .size = sizeof(struct stream_options_req),
                 .help = "Options of streaming; only with stream: true."),
    FIELD_STRINGS(struct generation_req, stop, .len_max = MSG_STOP_MAX,
                  .item_len_max = MSG_STOP_BYTES_MAX,
                  .help = "Up to 16 texts (OpenAI: 4) of up to 256 bytes where the answer ends; "
                          "the text itself is not returned."),
    FIELD_NUMBER(struct generation_req, frequency_penalty, .range = { -2, 2 }, .def = "0",
                 .help = "Lowers the chance of a token with each time it occurred."),
    FIELD_NUMBER(struct generation_req, presence_penalty, .range = { -2, 2 }, .def = "0",
                 .help = "Lowers the chance of a token that occurred."),
    FIELD_JSON(struct generation_req, logit_bias, .types = FIELD_TYPE_OBJECT,
               .len_max = MSG_LOGIT_BIAS_MAX,
               .schema = "{\"type\":\"object\",\"maxProperties\":1024,\"additionalProperties\":"
                         "{\"type\":\"number\",\"minimum\":-100,\"maximum\":100}}",
               .help = "Token ids and what to add to their logits, -100 to 100; at most 1024."),
    FIELD_INT(struct generation_req, seed,
              .help = "The same request and seed give the same text, whatever else runs."),
    FIELD_STRING(struct generation_req, user, .len_max = 512, .ignored = true, .deprecated = true,
                 .help = "Your name for the end user. Accepted; nothing is done with it."),
    FIELD_INT(struct generation_req, top_k, .range = { 0, 1000000 }, .def = "0", .extension = true,
              .help = "Take only from this many of the likeliest tokens; 0: all."),
    FIELD_NUMBER(struct generation_req, min_p, .range = { 0, 1 }, .def = "0", .extension = true,
                 .help = "Drop tokens less likely than this share of the likeliest."),
    FIELD_NUMBER(struct generation_req, typical_p, .range = { 0, 1 }, .def = "1", .extension = true,
                 .help = "Locally typical sampling: the share of probability to keep; 1: off."),
    FIELD_NUMBER(struct generation_req, repetition_penalty, .range = { 0.01, 10 }, .def = "1",
                 .extension = true,
                 .help = "Divides the logits of tokens that occurred; 1: off."),
    FIELD_OBJECT(struct generation_req, structured_outputs, .extension = true,
                 .fields = structured_outputs_fields,
                 .size = sizeof(struct structured_outputs_req),
                 .help = "What the answer is held to, as vLLM has it; exactly one of its fields, "
                         "and no response_format beside it but text."),
    FIELDS_END,
};
/* clang-format on */

int generation_model(const struct backend_model **ret, struct call *call, struct slice id,
                     uint32_t capability, const char *what, struct err *err)
{
    const struct backend_model *model = backend_find(call->backend, id);
    int id_len = (int)(id.len < MSG_NAME_MAX ? id.len : MSG_NAME_MAX);
    if (!model)
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "The model `%.*s` does not exist or you do not have access to it.", id_len,
                       id.ptr);
    /* Unknown until the worker has said it once; then the worker refuses by itself. */
    if (model->capabilities && !(model->capabilities & capability))
        return err_param(err, ERR_UNSUPPORTED_VALUE, "model",
                         "The model '%s' cannot %s. GET /v1/models says what each model can do.",
                         model->id, what);
    call->stats.model = arena_strdup(call->arena, model->id);
    *ret = model;
    return arena_check(call->arena, "the request", err);
}

static int fill_logit_bias(struct msg_sampling *ret, const json_t *object,
                           const struct backend_model *model, struct arena *arena, struct err *err)
{
    size_t n = json_object_size(object);
    if (n > MSG_LOGIT_BIAS_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, "logit_bias",
                         "Invalid 'logit_bias': too many entries. Expected at most %d, but got %zu "
                         "instead.",
                         MSG_LOGIT_BIAS_MAX, n);
    struct msg_logit_bias *bias = ARENA_NEWS(arena, n ? n : 1, struct msg_logit_bias);
    if (!bias) return arena_check(arena, "the request", err);
    json_t *all = (json_t *)(uintptr_t)object;
    uint32_t at = 0;
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        uint64_t token;
        if (!slice_to_u64(&token, slice_of(key)) || token > INT32_MAX)
            return err_param(err, ERR_INVALID_VALUE, "logit_bias",
                             "Invalid key in 'logit_bias': %.40s. Only token ids are allowed.",
                             key);
        if (model->n_vocab && token >= model->n_vocab)
            return err_param(err, ERR_INVALID_VALUE, "logit_bias",
                             "Invalid key in 'logit_bias': %.40s. Maximum value is %u.", key,
                             model->n_vocab - 1);
        if (!json_is_number(value))
            return err_param(err, ERR_INVALID_TYPE, "logit_bias",
                             "Invalid type for 'logit_bias.%.40s': expected a decimal, but got %s "
                             "instead.",
                             key, field_type_words(value));
        double v = json_number_value(value);
        if (v < -100 || v > 100)
            return err_param(
                err, v < 0 ? ERR_DECIMAL_BELOW_MIN : ERR_DECIMAL_ABOVE_MAX, "logit_bias",
                "Invalid 'logit_bias.%.40s': decimal %s value. Expected a value %s, but "
                "got %.15g instead.",
                key, v < 0 ? "below minimum" : "above maximum", v < 0 ? ">= -100" : "<= 100", v);
        bias[at++] = (struct msg_logit_bias){ .token = (uint32_t)token, .bias = (float)v };
    }
    ret->logit_bias = bias;
    ret->n_logit_bias = at;
    return 0;
}

int generation_fill_stop(struct msg_request *ret, const struct field_strings *stop,
                         const char *name, struct err *err)
{
    for (size_t i = 0; i < stop->n; i++)
        if (stop->items[i].len == 0)
            return err_param(err, ERR_STRING_TOO_SHORT, name,
                             "Invalid '%s': empty string. Expected a string with minimum length 1, "
                             "but got an empty string instead.",
                             name);
    ret->stop = stop->items;
    ret->n_stop = (uint32_t)stop->n;
    return 0;
}

int generation_fill(struct msg_request *ret, const struct generation_req *req,
                    const struct backend_model *model, const struct call *call, struct arena *arena,
                    struct err *err)
{
    if (req->stream_options.given && !req->stream.value)
        return err_param(
            err, ERR_INVALID_VALUE, "stream_options",
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    ret->principal = call->principal;
    ret->n = (uint32_t)req->n.value;
    ret->sampling = (struct msg_sampling){
        .temperature = req->temperature.value,
        .top_k = (uint32_t)req->top_k.value,
        .top_p = req->top_p.value,
        .min_p = req->min_p.value,
        .typical_p = req->typical_p.value,
        .repetition_penalty = req->repetition_penalty.value,
        .frequency_penalty = req->frequency_penalty.value,
        .presence_penalty = req->presence_penalty.value,
        .has_seed = req->seed.given,
        .seed = (uint64_t)req->seed.value,
    };
    if (req->logit_bias.given)
        TRY(fill_logit_bias(&ret->sampling, req->logit_bias.value, model, arena, err));
    TRY(structured_outputs_fill(ret, req->structured_outputs.value, arena, err));
    return generation_fill_stop(ret, &req->stop, "stop", err);
}

int generation_check_max(const struct field_int *max, const char *name,
                         const struct backend_model *model, struct err *err)
{
    if (!max->given || !model->n_ctx || max->value <= model->n_ctx) return 0;
    return err_param(err, ERR_INTEGER_ABOVE_MAX, name,
                     "%s is too large: %lld. This model supports at most %u completion tokens, "
                     "whereas you provided %lld.",
                     name, (long long)max->value, model->n_ctx, (long long)max->value);
}

bool generation_wants_usage(const struct generation_req *req)
{
    const struct stream_options_req *options = req->stream_options.value;
    return options && options->include_usage.value;
}
