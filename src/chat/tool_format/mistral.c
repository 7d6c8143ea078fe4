/* Mistral: a JSON list behind one token, and since 2025 a token before each name and arguments. */
#include "chat/tool_format.h"

const struct tool_format tool_format_mistral = {
    .name = "mistral",
    .has = { "[TOOL_CALLS]" },
    .lacks = { "[ARGS]" },
    .short_ids = true,
    .writing = { .begin = "[TOOL_CALLS]", .arguments = "arguments", .separator = "", .list = true },
    .tokens = { "[TOOL_CALLS]" },
    .read = call_read,
    .end = call_end,
};

const struct tool_format tool_format_mistral_args = {
    .name = "mistral_args",
    .has = { "[TOOL_CALLS]", "[ARGS]" },
    .short_ids = true,
    .writing = { .call = "[TOOL_CALLS]", .name_end = "[ARGS]", .separator = "" },
    .tokens = { "[TOOL_CALLS]", "[ARGS]" },
    .read = call_read,
    .end = call_end,
};
