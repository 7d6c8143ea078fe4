/* Llama 3.1 to 3.3: the whole answer is one call, sometimes behind <|python_tag|>. */
#include "chat/tool_format.h"

const struct tool_format tool_format_llama3 = {
    .name = "llama3",
    .has = { "<|start_header_id|>ipython<|end_header_id|>" },
    .writing = { .call = "<|python_tag|>",
                 .arguments = "parameters",
                 .bare = true,
                 .unmarked = true },
    .tokens = { "<|python_tag|>" },
    .read = call_read,
    .end = call_end,
};
