#include "api/model_object.h"

static const char *const states[] = { "idle", "loading", "ready", "failed", NULL };

static const struct capability_name {
    uint32_t capability;
    const char *name;
} capability_names[] = {
    { CAP_CHAT, "chat" },
    { CAP_COMPLETION, "completion" },
    { CAP_EMBEDDINGS, "embeddings" },
    { CAP_FIM, "fill_in_the_middle" },
    { CAP_VISION, "vision" },
    { CAP_TOOLS, "tools" },
    { CAP_THINKING, "thinking" },
    { CAP_LOGPROBS, "logprobs" },
    { CAP_ADAPTERS, "adapters" },
};

static void write_known(struct json_writer *w, const char *name, uint64_t value)
{
    json_key(w, name);
    if (value)
        json_uint(w, value);
    else
        json_null_value(w);
}

static void write_rate(struct json_writer *w, const char *name, double value)
{
    json_key(w, name);
    if (value > 0)
        json_double(w, value);
    else
        json_null_value(w);
}

static void write_capabilities(struct json_writer *w, uint32_t capabilities)
{
    json_key(w, "capabilities");
    if (!capabilities) {
        json_null_value(w);
        return;
    }
    json_array_begin(w);
    for (size_t i = 0; i < sizeof capability_names / sizeof *capability_names; i++)
        if (capabilities & capability_names[i].capability) json_str(w, capability_names[i].name);
    json_array_end(w);
}

void model_object_write(struct json_writer *w, const struct backend_model *model)
{
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, model->id);
    json_key(w, "object");
    json_str(w, "model");
    json_key(w, "created");
    json_int(w, model->created);
    json_key(w, "owned_by");
    json_str(w, model->owned_by ? model->owned_by : "tiro");
    json_key(w, "tiro");
    json_object_begin(w);
    json_key(w, "state");
    json_str(w, states[model->state]);
    json_key(w, "problem");
    json_str(w, model->problem);
    json_key(w, "default");
    json_bool(w, model->is_default);
    json_key(w, "architecture");
    json_str(w, model->arch);
    write_capabilities(w, model->capabilities);
    write_known(w, "context_length", model->n_ctx);
    write_known(w, "vocabulary_size", model->n_vocab);
    write_known(w, "embedding_length", model->n_embd);
    write_known(w, "bytes", model->bytes);
    write_known(w, "parameters", model->n_parameters);
    json_key(w, "quantisation");
    json_str(w, model->quantisation);
    json_key(w, "sha256");
    json_str(w, model->sha256);
    write_rate(w, "prefill_tokens_per_s", model->prefill_tokens_per_s);
    write_rate(w, "decode_tokens_per_s", model->decode_tokens_per_s);
    json_object_end(w);
    json_object_end(w);
}

static const char *const model_objects[] = { "model", NULL };

static const struct field tiro_answer[] = {
    ANSWER("state", ENUM, .names = states,
           .help = "idle: its worker starts with the first request; failed: see problem."),
    ANSWER("problem", STRING, .nullable = true, .help = "Why it failed."),
    ANSWER("default", BOOL, .help = "The one a new chat takes."),
    ANSWER("architecture", STRING, .nullable = true, .help = "Null until it was loaded once."),
    ANSWER("capabilities", JSON,
           .schema = "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}",
           .help = "What it can do; null until it was loaded once."),
    ANSWER("context_length", INT, .nullable = true, .help = "Tokens of prompt and answer."),
    ANSWER("vocabulary_size", INT, .nullable = true, .help = "Token ids are below it."),
    ANSWER("embedding_length", INT, .nullable = true, .help = "Numbers of an embedding."),
    ANSWER("bytes", INT, .nullable = true, .help = "Of its file."),
    ANSWER("parameters", INT, .nullable = true, .help = "Null until it was loaded once."),
    ANSWER("quantisation", STRING, .nullable = true,
           .help = "How most of its weights are kept; null until it was loaded once."),
    ANSWER("sha256", STRING, .nullable = true,
           .help = "Of its weights' file, in hex, as checked when it was pulled; null: it was not "
                   "pulled, or the file has changed since."),
    ANSWER("prefill_tokens_per_s", NUMBER, .nullable = true,
           .help = "How fast prompts were read lately, whatever else ran; null: none was yet."),
    ANSWER("decode_tokens_per_s", NUMBER, .nullable = true,
           .help = "How fast an answer was written lately; null: none was yet."),
    FIELDS_END,
};

const struct field model_answer[] = {
    ANSWER("id", STRING, .help = "What requests name it by."),
    ANSWER("object", ENUM, .names = model_objects, .help = "model"),
    ANSWER("created", INT, .help = "Unix seconds; of its file."),
    ANSWER("owned_by", STRING, .help = "Whose it is."),
    ANSWER("tiro", OBJECT, .extension = true, .fields = tiro_answer,
           .help = "What this server knows of it."),
    FIELDS_END,
};
