/* DeepSeek V3 and R1; since V3.1 without the word and the fence. */
#include "chat/tool_format.h"

#define CALLS_BEGIN "<｜tool▁calls▁begin｜>"
#define CALLS_END   "<｜tool▁calls▁end｜>"
#define CALL_BEGIN  "<｜tool▁call▁begin｜>"
#define CALL_END    "<｜tool▁call▁end｜>"
#define SEPARATOR   "<｜tool▁sep｜>"

const struct tool_format tool_format_deepseek = {
    .name = "deepseek",
    .has = { CALLS_BEGIN, "```json" },
    .writing = { .begin = CALLS_BEGIN,
                 .call = CALL_BEGIN "function" SEPARATOR,
                 .name_end = "\n```json\n",
                 .after = "\n```" CALL_END,
                 .separator = "\n",
                 .end = CALLS_END },
    .tokens = { CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR },
    .read = call_read,
    .end = call_end,
};

const struct tool_format tool_format_deepseek_v31 = {
    .name = "deepseek_v31",
    .has = { CALLS_BEGIN },
    .lacks = { "```json" },
    .writing = { .begin = CALLS_BEGIN,
                 .call = CALL_BEGIN,
                 .name_end = SEPARATOR,
                 .after = CALL_END,
                 .separator = "",
                 .end = CALLS_END },
    .tokens = { CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR },
    .read = call_read,
    .end = call_end,
};
