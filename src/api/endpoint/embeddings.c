/* POST /v1/embeddings: one vector per input, as numbers or as base64 of little-endian floats (which
 * the official clients ask for). */
#include "api/endpoint.h"
#include "api/fan.h"
#include "api/generation.h"
#include "api/input.h"
#include "api/reply.h"
#include "base/seam.h"

#include <sodium.h>

enum {
    TOKENS_MAX = 300000, /* of one request, as OpenAI has it */
    ANSWER_BYTES_MAX = 256 << 20,
};

enum encoding { ENCODING_FLOAT, ENCODING_BASE64 };
static const char *const encodings[] = { "float", "base64", NULL };

struct embeddings_req {
    struct field_string model, user;
    struct field_json input;
    struct field_enum encoding_format;
    struct field_int dimensions;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD_JSON(struct embeddings_req, input, .required = true, .schema = input_schema,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY,
               .help = "A text, token ids, or a list of either: up to 2048 inputs and 300,000 "
                       "tokens in all. None may be empty, or longer than the model's context."),
    FIELD_STRING(struct embeddings_req, model, .required = true, .len_min = 1,
                 .len_max = MSG_NAME_MAX, .help = "Id of the model to use; see GET /v1/models."),
    FIELD_ENUM(struct embeddings_req, encoding_format, .names = encodings, .def = "\"float\"",
               .help = "float: a list of numbers; base64: little-endian 32-bit floats."),
    FIELD_INT(struct embeddings_req, dimensions, .range = { 1, 1 << 20 },
              .help = "Keep so many leading numbers, scaled to length 1 again; without it, all."),
    FIELD_STRING(struct embeddings_req, user, .len_max = 512, .ignored = true,
                 .help = "Your name for the end user. Accepted; nothing is done with it."),
    FIELDS_END,
};
/* clang-format on */

struct vector {
    float *floats; /* n of them, from mem_alloc */
    uint32_t n;
};

struct embeddings_state {
    struct fan fan; /* first: see api/fan.h */
    const char *model;
    struct input *inputs;
    struct vector *vectors; /* by input */
    struct principal principal;
    uint32_t dimensions; /* 0: all */
    enum encoding encoding;
};

static void release(struct embeddings_state *s)
{
    for (uint32_t i = 0; i < s->fan.n; i++) mem_free(s->vectors[i].floats);
}

static int on_request(struct fan *fan, uint32_t index, struct msg_request *ret, struct err *err)
{
    struct embeddings_state *s = (struct embeddings_state *)fan;
    (void)err;
    *ret = (struct msg_request){
        .kind = REQUEST_EMBED,
        .sampling = MSG_SAMPLING_DEFAULT,
        .principal = s->principal,
        .prompt = s->inputs[index].text,
        .tokens = s->inputs[index].tokens,
        .n_tokens = s->inputs[index].n_tokens,
        .dimensions = s->dimensions,
        .index = index,
        .n = 1,
    };
    return 0;
}

static int too_many_tokens(uint64_t n, struct err *err)
{
    return err_param(err, ERR_INVALID_VALUE, "input",
                     "Invalid 'input': maximum request size is %d tokens per request, but your "
                     "inputs have at least %llu tokens.",
                     TOKENS_MAX, (unsigned long long)n);
}

static int on_embedding(struct fan *fan, uint32_t index, const struct msg_embedding *m,
                        struct err *err)
{
    struct embeddings_state *s = (struct embeddings_state *)fan;
    uint64_t n_tokens = fan->call->stats.prompt_tokens;
    if (n_tokens > TOKENS_MAX) return too_many_tokens(n_tokens, err);
    if (m->n_floats == 0) return err_set(err, ERR_PROTOCOL, "the model's worker sent no numbers");
    float *copy = mem_calloc(m->n_floats, sizeof *copy);
    if (!copy) return err_set(err, ERR_NO_MEMORY, "no memory for the embeddings");
    memcpy(copy, m->floats, m->n_floats * sizeof *copy);
    s->vectors[index] = (struct vector){ .floats = copy, .n = m->n_floats };
    return 0;
}

static void write_base64(struct buf *out, const struct vector *v)
{
    size_t bytes = v->n * sizeof(float);
    size_t size = sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL);
    buf_add_char(out, '"');
    char *to = buf_reserve(out, size);
    if (!to) return;
    /* Floats are little-endian in memory on every machine this runs on. */
    sodium_bin2base64(to, size, (const unsigned char *)v->floats, bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_commit(out, size - 1); /* without its NUL */
    buf_add_char(out, '"');
}

static void write_vector(struct json_writer *w, const struct vector *v, enum encoding encoding)
{
    json_key(w, "embedding");
    if (encoding == ENCODING_BASE64) {
        json_raw(w, (struct slice){ 0 }); /* The writer then knows that a value stands here. */
        write_base64(w->out, v);
        return;
    }
    json_array_begin(w);
    for (uint32_t i = 0; i < v->n; i++) json_float(w, v->floats[i]);
    json_array_end(w);
}

static void on_finish(struct fan *fan)
{
    struct embeddings_state *s = (struct embeddings_state *)fan;
    uint64_t n_tokens = fan->call->stats.prompt_tokens;
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    json_array_begin(&w);
    for (uint32_t i = 0; i < fan->n; i++) {
        json_object_begin(&w);
        json_key(&w, "object");
        json_str(&w, "embedding");
        json_key(&w, "index");
        json_uint(&w, i);
        write_vector(&w, &s->vectors[i], s->encoding);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_key(&w, "model");
    json_str(&w, fan->model);
    json_key(&w, "usage");
    json_object_begin(&w);
    json_key(&w, "prompt_tokens");
    json_uint(&w, n_tokens);
    json_key(&w, "total_tokens");
    json_uint(&w, n_tokens);
    json_object_end(&w);
    json_object_end(&w);
    struct call *call = fan->call;
    release(s);
    call_json(call, &out);
    buf_release(&out);
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct call *call = fan->call;
    release((struct embeddings_state *)fan);
    call_error(call, err, retry_after_ms);
}

static void on_close(struct fan *fan)
{
    release((struct embeddings_state *)fan);
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    (void)fan; /* Nothing is sent before all have come. */
    (void)index;
    return true;
}

static const struct fan_ops ops = {
    .request = on_request,
    .embedding = on_embedding,
    .restart = on_restart,
    .finish = on_finish,
    .fail = on_fail,
    .close = on_close,
};

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct embeddings_req *req = request;
    const struct input_rules rules = { .name = "input", .n_max = MSG_EMBED_INPUT_MAX };
    const struct backend_model *model;
    uint32_t n = 0;
    TRY(generation_model(&model, call, req->model.value, CAP_EMBEDDINGS, "make embeddings", err));
    if (req->dimensions.given && model->n_embd && req->dimensions.value > model->n_embd)
        return err_param(err, ERR_INVALID_VALUE, "dimensions",
                         "Invalid value for 'dimensions' = %lld. Must be less than or equal to %u.",
                         (long long)req->dimensions.value, model->n_embd);
    struct embeddings_state *s = ARENA_NEW(call->arena, struct embeddings_state);
    if (!s) return arena_check(call->arena, "the request", err);
    TRY(input_read(&s->inputs, &n, req->input.value, &rules, model, call, err));
    uint64_t n_tokens = 0;
    for (uint32_t i = 0; i < n; i++) n_tokens += s->inputs[i].n_tokens;
    if (n_tokens > TOKENS_MAX) return too_many_tokens(n_tokens, err);
    s->vectors = ARENA_NEWS(call->arena, n, struct vector);
    if (!s->vectors) return arena_check(call->arena, "the request", err);
    s->principal = call->principal;
    s->dimensions = (uint32_t)req->dimensions.value;
    s->encoding = (enum encoding)req->encoding_format.value;
    return fan_begin(&s->fan, &ops, call, model->id, n, err);
}

static const char vector_schema[] =
    "{\"anyOf\":[{\"type\":\"array\",\"items\":{\"type\":\"number\"}},{\"type\":\"string\"}]}";
static const char *const list_objects[] = { "list", NULL };
static const char *const embedding_objects[] = { "embedding", NULL };

static const struct field embedding_answer[] = {
    ANSWER("object", ENUM, .names = embedding_objects, .help = "embedding"),
    ANSWER("index", INT, .help = "Of the input."),
    ANSWER("embedding", JSON, .schema = vector_schema, .help = "Numbers, or base64 of them."),
    FIELDS_END,
};

static const struct field embedding_usage_answer[] = {
    ANSWER("prompt_tokens", INT, .help = "Tokens read."),
    ANSWER("total_tokens", INT, .help = "The same."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", ENUM, .names = list_objects, .help = "list"),
    ANSWER("data", OBJECTS, .fields = embedding_answer, .help = "One per input, in their order."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER("usage", OBJECT, .fields = embedding_usage_answer, .help = "Token counts."),
    FIELDS_END,
};

const struct endpoint endpoint_embeddings = {
    .method = "POST",
    .path = "/v1/embeddings",
    .azure = "embeddings",
    .fields = fields,
    .size = sizeof(struct embeddings_req),
    .handle = handle,
    .name = "Embeddings",
    .tag = "Embeddings",
    .summary = "A vector for each input, near for texts of near meaning.",
    .response = response,
};
