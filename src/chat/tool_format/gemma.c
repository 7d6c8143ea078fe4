/* Gemma 2 and 3: their templates know no tools; these are the fences that they were trained on. */
#include "chat/tool_format.h"

const struct tool_format tool_format_gemma = {
    .name = "gemma",
    .has = { "<start_of_turn>" },
    .ours = true,
    .writing = { .call = "```tool_code\n",
                 .arguments = "parameters",
                 .after = "\n```",
                 .separator = "\n",
                 .bare = true },
    .result_begin = "```tool_output\n",
    .result_end = "\n```",
    .read = call_read,
    .end = call_end,
};
