/* For templates that know no tools, or write calls in a way that is not known here: the marks that
 * most models have seen. */
#include "chat/tool_format.h"

const struct tool_format tool_format_generic = {
    .name = "generic",
    .ours = true,
    .writing = { .call = "<tool_call>\n",
                 .arguments = "arguments",
                 .after = "\n</tool_call>",
                 .separator = "\n",
                 .bare = true },
    .tokens = { "<tool_call>", "</tool_call>" },
    .result_begin = "<tool_response>\n",
    .result_end = "\n</tool_response>",
    .read = call_read,
    .end = call_end,
};
