/* Granite 3: a JSON list behind one token. */
#include "chat/tool_format.h"

const struct tool_format tool_format_granite = {
    .name = "granite",
    .has = { "<|tool_call|>" },
    .writing = { .begin = "<|tool_call|>",
                 .arguments = "arguments",
                 .separator = "",
                 .list = true },
    .tokens = { "<|tool_call|>" },
    .read = call_read,
    .end = call_end,
};
