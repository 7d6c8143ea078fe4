/* Qwen 2.5 and 3, Hermes 2 and 3, Granite 4, and many more. */
#include "chat/tool_format.h"

const struct tool_format tool_format_hermes = {
    .name = "hermes",
    .has = { "<tool_call>" },
    /* Qwen3-Coder and GLM write the arguments as XML between the same marks. */
    .lacks = { "<function=", "<arg_key>" },
    .writing = { .call = "<tool_call>\n",
                 .arguments = "arguments",
                 .after = "\n</tool_call>",
                 .separator = "\n",
                 .bare = true },
    .tokens = { "<tool_call>", "</tool_call>" },
    .read = call_read,
    .end = call_end,
};
