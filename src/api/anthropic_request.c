#include "api/anthropic_request.h"

#include "api/anthropic_messages.h"
#include "api/chat_request.h"
#include "api/output_format.h"
#include "api/tools.h"

#include <stdio.h>

enum {
    STOP_SEQUENCES_MAX = MSG_STOP_MAX,
    BUDGET_TOKENS_MIN = 1024,
};

enum choice { CHOICE_AUTO, CHOICE_ANY, CHOICE_TOOL, CHOICE_NONE };
static const char *const choices[] = { "auto", "any", "tool", "none", NULL };
enum thinking { THINKING_ENABLED, THINKING_DISABLED, THINKING_ADAPTIVE };
static const char *const thinking_types[] = { "enabled", "disabled", "adaptive", NULL };
static const char *const efforts[] = { "low", "medium", "high", "xhigh", "max", NULL };
static const char *const format_types[] = { "json_schema", NULL };
static const char *const tool_types[] = { "custom", NULL };
static const char *const tiers[] = { "auto", "standard_only", NULL };
static const char *const speeds[] = { "standard", NULL };

struct tool_req {
    struct field_string name, description;
    struct field_json input_schema, cache_control, input_examples, defer_loading, allowed_callers;
    struct field_enum type;
    struct field_bool strict, eager_input_streaming;
};

struct choice_req {
    struct field_enum type;
    struct field_string name;
    struct field_bool disable_parallel_tool_use;
};

struct thinking_req {
    struct field_enum type;
    struct field_int budget_tokens;
    struct field_json display;
};

struct format_req {
    struct field_enum type;
    struct field_json schema;
};

struct config_req {
    struct field_enum effort;
    struct field_object format; /* struct format_req */
};

struct metadata_req {
    struct field_string user_id;
};

static const struct field tool_fields[] = {
    FIELD_STRING(struct tool_req, name, .required = true, .len_min = 1, .len_max = TOOL_NAME_MAX,
                 .help = "Letters, digits, _ and -; no two tools may share one."),
    FIELD_ENUM(struct tool_req, type, .names = tool_types,
               .help = "custom: yours. Tools that Anthropic runs are not there."),
    FIELD_STRING(struct tool_req, description, .help = "When to call it, for the model."),
    FIELD_JSON(struct tool_req, input_schema, .required = true, .types = FIELD_TYPE_OBJECT,
               .schema = "{\"type\":\"object\"}",
               .help = "A JSON Schema of its input, which is valid under it."),
    FIELD_BOOL(struct tool_req, strict, .def = "false",
               .help = "Also refuse schemas outside of the strict subset: every object closed, "
                       "every property required. Inputs are held to the schema either way."),
    FIELD_BOOL(struct tool_req, eager_input_streaming, .ignored = true,
               .help = "Accepted: inputs are always sent as they come."),
    FIELD_JSON(struct tool_req, input_examples, .types = FIELD_TYPE_ARRAY, .only = "[[]]",
               .instead = "Put them into the description.", .help = "Examples of its input."),
    FIELD_JSON(struct tool_req, defer_loading, .types = FIELD_TYPE_BOOL, .only = "[false]",
               .instead = "The model is told of all tools at once.", .help = "Tell of it later."),
    FIELD_JSON(struct tool_req, allowed_callers, .types = FIELD_TYPE_ARRAY,
               .only = "[[\"direct\"]]", .instead = "Only [\"direct\"] is.",
               .help = "Who may call it; only the model itself."),
    FIELD_JSON(struct tool_req, cache_control, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .help = "Accepted: prefixes are cached anyway."),
    FIELDS_END,
};

static const struct field choice_fields[] = {
    FIELD_ENUM(struct choice_req, type, .required = true, .names = choices,
               .help = "auto: the model decides; any: it must call one; tool: the one called name; "
                       "none: it may call nothing."),
    FIELD_STRING(struct choice_req, name, .help = "With type tool."),
    FIELD_BOOL(struct choice_req, disable_parallel_tool_use, .def = "false",
               .help = "At most one call in an answer."),
    FIELDS_END,
};

static const struct field thinking_fields[] = {
    FIELD_ENUM(struct thinking_req, type, .required = true, .names = thinking_types,
               .help = "enabled or adaptive: think first; disabled: do not."),
    FIELD_INT(
        struct thinking_req, budget_tokens, .range = { BUDGET_TOKENS_MIN, INT32_MAX },
        .ignored = true,
        .help = "Required with enabled, and less than max_tokens, which alone limits how long "
                "the model thinks here."),
    FIELD_JSON(struct thinking_req, display, .types = FIELD_TYPE_STRING, .only = "[\"summarized\"]",
               .instead = "Thoughts are returned as they are.", .help = "How thoughts are shown."),
    FIELDS_END,
};

static const struct field format_fields[] = {
    FIELD_ENUM(struct format_req, type, .required = true, .names = format_types,
               .help = "json_schema"),
    FIELD_JSON(struct format_req, schema, .required = true, .types = FIELD_TYPE_OBJECT,
               .schema = "{\"type\":\"object\"}", .help = "The JSON Schema."),
    FIELDS_END,
};

static const struct field config_fields[] = {
    FIELD_ENUM(struct config_req, effort, .names = efforts,
               .help = "How much to think, for models that think."),
    FIELD_OBJECT(struct config_req, format, .fields = format_fields,
                 .size = sizeof(struct format_req), .help = "What the text is held to."),
    FIELDS_END,
};

static const struct field metadata_fields[] = {
    FIELD_STRING(struct metadata_req, user_id, .len_max = 512, .ignored = true,
                 .help = "Your name for the end user. Accepted; nothing is done with it."),
    FIELDS_END,
};

/* clang-format off */
const struct field anthropic_prompt_fields[] = {
    FIELD_STRING(struct anthropic_prompt_req, model, .required = true, .len_min = 1,
                 .len_max = MSG_NAME_MAX, .help = "Id of the model to use; see GET /v1/models."),
    FIELD_OBJECTS(struct anthropic_prompt_req, messages, .required = true, .len_min = 1,
                  .len_max = MSG_MESSAGES_MAX, .fields = anthropic_message_fields,
                  .size = sizeof(struct anthropic_message_req),
                  .help = "The conversation so far. Its last message is not the assistant's: "
                          "answers cannot be begun by the client."),
    FIELD_CONTENT(struct anthropic_prompt_req, system, .fields = anthropic_block_fields,
                  .size = sizeof(struct anthropic_block_req), .len_max = MSG_PARTS_MAX,
                  .help = "What stands before the conversation: a text, or a list of text blocks."),
    FIELD_OBJECTS(struct anthropic_prompt_req, tools, .fields = tool_fields,
                  .size = sizeof(struct tool_req), .len_max = MSG_TOOLS_MAX,
                  .help = "What the model may call."),
    FIELD_OBJECT(struct anthropic_prompt_req, tool_choice, .fields = choice_fields,
                 .size = sizeof(struct choice_req), .help = "Whether and what to call."),
    FIELD_OBJECT(struct anthropic_prompt_req, thinking, .fields = thinking_fields,
                 .size = sizeof(struct thinking_req),
                 .help = "Whether to think first, for models that think; without it the model does "
                         "as it was made to."),
    FIELD_OBJECT(struct anthropic_prompt_req, output_config, .fields = config_fields,
                 .size = sizeof(struct config_req), .help = "Effort, and form of the text."),
    FIELD_JSON(struct anthropic_prompt_req, cache_control, .types = FIELD_TYPE_OBJECT,
               .ignored = true, .help = "Accepted: prefixes are cached anyway."),
    FIELDS_END,
};

const struct field anthropic_fields[] = {
    FIELD_INCLUDE(struct anthropic_req, prompt, anthropic_prompt_fields),
    FIELD_INT(struct anthropic_req, max_tokens, .required = true, .range = { 1, INT32_MAX },
              .help = "The most tokens to make, thoughts included."),
    FIELD_NUMBER(struct anthropic_req, temperature, .range = { 0, 1 }, .def = "1",
                 .help = "Randomness: 0 always takes the likeliest token."),
    FIELD_NUMBER(struct anthropic_req, top_p, .range = { 0, 1 }, .def = "1",
                 .help = "Take only from the likeliest tokens with this share of probability."),
    FIELD_INT(struct anthropic_req, top_k, .range = { 0, 1000000 }, .def = "0",
              .help = "Take only from this many of the likeliest tokens; 0: all."),
    FIELD_STRINGS(struct anthropic_req, stop_sequences, .len_max = STOP_SEQUENCES_MAX,
                  .item_len_max = MSG_STOP_BYTES_MAX,
                  .help = "Up to 16 texts of up to 256 bytes where the answer ends; the text "
                          "itself is not returned."),
    FIELD_BOOL(struct anthropic_req, stream, .def = "false",
               .help = "Answer with server-sent events as the answer appears."),
    FIELD_OBJECT(struct anthropic_req, metadata, .fields = metadata_fields,
                 .size = sizeof(struct metadata_req), .help = "Of the request."),
    FIELD_ENUM(struct anthropic_req, service_tier, .names = tiers, .def = "\"auto\"",
               .help = "This server has one tier."),
    FIELD_ENUM(struct anthropic_req, speed, .names = speeds, .help = "This server has one speed."),
    FIELD_JSON(struct anthropic_req, container, .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .only = "[]", .instead = "This server runs no code.",
               .help = "Where code would be run."),
    FIELD_JSON(struct anthropic_req, inference_geo, .types = FIELD_TYPE_STRING, .only = "[]",
               .instead = "The model runs on this server.", .help = "Where the model would run."),
    FIELDS_END,
};
/* clang-format on */

/* ---- Tools ---- */

static int check_names(const struct tool_req *tools, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        char param[ERR_PARAM_MAX];
        (void)snprintf(param, sizeof param, "tools[%zu].name", i);
        TRY(field_check_name(tools[i].name.value, param, err));
        for (size_t j = 0; j < i; j++)
            if (slice_eq(tools[j].name.value, tools[i].name.value))
                return err_param(err, ERR_INVALID_VALUE, param,
                                 "Invalid '%s': '%.*s' is the name of another tool already.", param,
                                 SLICE_FMT(tools[i].name.value));
    }
    return 0;
}

static int fill_tools(struct msg_request *ret, const struct anthropic_prompt_req *req,
                      const struct call *call, struct err *err)
{
    const struct tool_req *tools = req->tools.items;
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_array_begin(&w);
    for (size_t i = 0; i < req->tools.n; i++) {
        const struct tool_function f = { .name = tools[i].name.value,
                                         .description = tools[i].description.value,
                                         .parameters = tools[i].input_schema.value,
                                         .strict = tools[i].strict.value };
        tool_function_write(&w, &f);
    }
    json_array_end(&w);
    return field_keep_text(&ret->tools, &text, call->scratch, err);
}

static int choose(struct msg_request *ret, const struct anthropic_prompt_req *req, struct err *err)
{
    const struct tool_req *tools = req->tools.items;
    struct choice_req *choice = req->tool_choice.value;
    if (!choice) return 0;
    bool names = choice->type.value == CHOICE_TOOL;
    if (names && !choice->name.given) return field_missing("tool_choice.name", err);
    if (!names && choice->name.given) return field_misplaced("tool_choice.name", "tool", err);
    ret->one_tool_call = choice->disable_parallel_tool_use.value;
    if (choice->type.value == CHOICE_NONE) ret->tool_choice = TOOL_CHOICE_NONE;
    if (choice->type.value == CHOICE_ANY || names) ret->tool_choice = TOOL_CHOICE_REQUIRED;
    if (req->tools.n == 0 && ret->tool_choice == TOOL_CHOICE_REQUIRED)
        return err_param(err, ERR_INVALID_VALUE, "tool_choice",
                         "Invalid value for 'tool_choice': there are no 'tools' to choose from.");
    for (size_t i = 0; i < req->tools.n && names; i++) {
        if (!slice_eq(tools[i].name.value, choice->name.value)) continue;
        ret->tool_names = &choice->name.value;
        ret->n_tool_names = 1;
        return 0;
    }
    if (!names) return 0;
    return err_param(err, ERR_INVALID_VALUE, "tool_choice.name",
                     "Invalid value for 'tool_choice.name': no tool has that name.");
}

/* ---- Thinking ---- */

static int check_thinking(const struct thinking_req *thinking, const struct backend_model *model,
                          struct err *err)
{
    bool enabled = thinking->type.value == THINKING_ENABLED;
    static const char budget[] = "thinking.budget_tokens";
    if (enabled && !thinking->budget_tokens.given) return field_missing(budget, err);
    if (!enabled && thinking->budget_tokens.given) return field_misplaced(budget, "enabled", err);
    if (enabled && model->capabilities && !(model->capabilities & CAP_THINKING))
        return err_param(err, ERR_UNSUPPORTED_VALUE, "thinking.type",
                         "Unsupported value: 'thinking.type' does not support 'enabled' with this "
                         "model. '%s' does not think before it answers.",
                         model->id);
    return 0;
}

static int fill_thinking(struct msg_request *ret, const struct anthropic_prompt_req *req,
                         const struct backend_model *model, struct arena *arena, struct err *err)
{
    const struct thinking_req *thinking = req->thinking.value;
    const struct config_req *config = req->output_config.value;
    const char *effort = config && config->effort.given ? efforts[config->effort.value] : NULL;
    if (thinking) TRY(check_thinking(thinking, model, err));
    /* A model that does not think meets every effort, and adapts to not thinking. */
    if (model->capabilities && !(model->capabilities & CAP_THINKING)) return 0;
    if (!thinking && !effort) return 0;
    bool think = !thinking || thinking->type.value != THINKING_DISABLED;
    return chat_template_args(&ret->template_args, NULL, think, think ? effort : NULL, arena, err);
}

/* ---- All of it ---- */

int anthropic_prompt_fill(struct msg_request *ret, const struct anthropic_prompt_req *req,
                          const struct backend_model *model, struct call *call, struct err *err)
{
    const struct config_req *config = req->output_config.value;
    struct arena *arena = call->scratch;
    *ret = (struct msg_request){ .kind = REQUEST_CHAT,
                                 .sampling = MSG_SAMPLING_DEFAULT,
                                 .principal = call->principal,
                                 .n = 1,
                                 .priority = call->priority };
    if (req->tools.n) {
        TRY(tools_check_model(model, "tools", err));
        TRY(check_names(req->tools.items, req->tools.n, err));
        TRY(fill_tools(ret, req, call, err));
    }
    TRY(choose(ret, req, err));
    TRY(anthropic_messages_fill(ret, req, model, arena, err));
    TRY(fill_thinking(ret, req, model, arena, err));
    if (!config || !config->format.value) return 0;
    const struct format_req *format = config->format.value;
    return output_schema_fill(ret, format->schema.value, false, "output_config.format.schema",
                              arena, err);
}

int anthropic_fill(struct msg_request *ret, const struct anthropic_req *req,
                   const struct backend_model *model, struct call *call, struct err *err)
{
    const struct thinking_req *thinking = req->prompt.thinking.value;
    TRY(anthropic_prompt_fill(ret, &req->prompt, model, call, err));
    TRY(generation_check_max(&req->max_tokens, "max_tokens", model, err));
    if (thinking && thinking->budget_tokens.given &&
        thinking->budget_tokens.value >= req->max_tokens.value)
        return err_param(err, ERR_INVALID_VALUE, "thinking.budget_tokens",
                         "Invalid value for 'thinking.budget_tokens': it must be less than "
                         "'max_tokens'.");
    ret->has_max_tokens = true;
    ret->max_tokens = (uint32_t)req->max_tokens.value;
    ret->sampling.temperature = req->temperature.value;
    ret->sampling.top_p = req->top_p.value;
    ret->sampling.top_k = (uint32_t)req->top_k.value;
    return generation_fill_stop(ret, &req->stop_sequences, "stop_sequences", err);
}
