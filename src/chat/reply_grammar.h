/* reply_grammar - what an answer is held to: thoughts, then calls of tools, or a text, or both.
 *
 *     int32_t node = reply_grammar(b, &(struct reply_rules){ .style = style, .tools = tools,
 *                                                            .text = REPLY_FREE }, err);
 *
 * Where tools may be called and need not be, an answer is free until a call begins; a call that has
 * begun names one of the tools, and its arguments are valid for it. So whatever chat/reply.h reads
 * as a call out of an answer held to this is one.
 */
#ifndef TIRO_CHAT_REPLY_GRAMMAR_H
#define TIRO_CHAT_REPLY_GRAMMAR_H

#include "chat/reasoning.h"
#include "chat/tool_format.h"

enum { REPLY_FREE = -1000 }; /* No expression, and no error. */

struct reply_rules {
    const struct tool_style *style;
    const struct thinking *thinking; /* NULL: it does not think. */
    bool thinks;                     /* The prompt ended within its thoughts. */
    const struct tool_list *tools;   /* NULL: none may be called. */
    bool required;                   /* Nothing but calls. */
    bool one;                        /* At most one. */
    int32_t text;                    /* What the text is held to, an expression; or REPLY_FREE */
};

/* The expression, or -ERR_*: whose err names the tool at fault by its place in the request. A
 * builder that failed says so itself (grammar_builder_check). */
int32_t reply_grammar(struct grammar_builder *b, const struct reply_rules *rules,
                      struct err *err) MUST_USE;

/* For formats with a grammar of their own. The arguments of the tool with this number; `json`: also
 * those of a custom tool are JSON, {"input": "..."}. */
int32_t tool_arguments_grammar(struct grammar_builder *b, const struct tool_list *tools, size_t i,
                               bool json, struct err *err) MUST_USE;

#endif
