/* prompt - from the messages of a conversation to the tokens a model was trained to see.
 *
 *     struct chat *chat;
 *     int rc = chat_open(&chat, checkpoint, tokenizer, err);   -ERR_NOT_FOUND: no chat template, so
 *     ...                                                      this model refuses chat by name
 *     struct tokens ids;
 *     tokens_init(&ids, n_ctx);
 *     TRY(chat_prompt(chat, &ids, &(struct chat_request){
 *         .messages = messages, .n_messages = n, .add_generation_prompt = true }, NULL, err));
 *
 * The structs below are views: fill them from protocol messages without copying or JSON; they and
 * what they point to must outlive the call only. A slice with ptr NULL means absent (content then
 * is Jinja's none, while "" has a ptr). Text must be valid UTF-8.
 *
 * Template text, its literals and the model's special tokens are trusted; everything in the request
 * is not, so control tokens cannot be written by whoever wrote a message, a role, a name or a tool.
 * Special tokens come from the template (bos_token in it), hence none is added around the prompt.
 *
 * A `struct chat` is immutable once open: any number of threads may use it.
 */
#ifndef TIRO_CHAT_PROMPT_H
#define TIRO_CHAT_PROMPT_H

#include "chat/template.h"
#include "engine/tokenizer.h"

struct chat;
struct checkpoint;
struct thinking;
struct tool_style;

enum {
    CHAT_MESSAGES_MAX = 20000,
    CHAT_TOOLS_BYTES_MAX = 4 << 20,
    CHAT_REWRITE_BYTES_MAX = 64 << 20, /* Messages that are shown otherwise (chat/tool_prompt.h). */
};

/* What the model's template can show, found when it is opened by rendering probes. */
struct chat_caps {
    bool system;       /* A system message appears in the prompt, and is no error. */
    bool tools;        /* Tool definitions appear. */
    bool tool_calls;   /* An assistant's tool calls appear, */
    bool tool_results; /* and the tools' results. */
    bool parts;        /* Wants content as a list of parts; else parts are joined to one text. */
    bool thinking;     /* It names marks of reasoning (chat/reasoning.h). */
};

struct chat_part {
    struct slice type; /* "text"; others must be refused before this point. */
    struct slice text;
};

struct chat_tool_call {
    struct slice id, name;
    struct slice arguments; /* JSON text as clients send it; the template sees an object. */
};

struct chat_message {
    struct slice role, name, tool_call_id;
    struct slice content;          /* Used when n_parts is 0. */
    const struct chat_part *parts; /* n_parts of them. */
    size_t n_parts;
    const struct chat_tool_call *tool_calls; /* n_tool_calls of them. */
    size_t n_tool_calls;
};

struct chat_request {
    const struct chat_message *messages; /* n_messages of them. */
    size_t n_messages;
    struct slice tools;  /* JSON text of an array in OpenAI's shape, or empty. */
    struct slice kwargs; /* JSON text of an object: chat_template_kwargs, or empty. Names that the
                            request sets itself (messages, tools ...) are refused. */
    bool add_generation_prompt;
    uint64_t now_ns; /* For templates that print the date; 0: the clock. */
};

/* The template of the checkpoint, wherever it is kept (checkpoint_chat_template). In a list of
 * named ones, "tool_use" serves requests with tools. */
int chat_open(struct chat **ret, const struct checkpoint *c, const struct tokenizer *t,
              struct err *err) MUST_USE;
/* From a template's text; bos and eos are texts or empty. `t` may be NULL if only chat_render is
 * called. */
int chat_open_source(struct chat **ret, struct slice source, struct slice bos, struct slice eos,
                     const struct tokenizer *t, struct err *err) MUST_USE;
void chat_close(struct chat *chat); /* NULL is fine. */

const struct chat_caps *chat_caps(const struct chat *chat);
/* The template's text as found in the file, for `show` and for its hash. */
struct slice chat_source(const struct chat *chat);
/* How the model calls tools, and the marks of its thoughts. */
const struct tool_style *chat_style(const struct chat *chat);
const struct thinking *chat_thinking(const struct chat *chat);
/* Another tool-call format than the template's, before any request. -ERR_INVALID_VALUE with the
 * names there are. */
int chat_set_tool_format(struct chat *chat, struct slice name, struct err *err) MUST_USE;

/* Appends the prompt's tokens to *out. Over out->max: -ERR_LIMIT as tokenizer_encode says.
 * *ret_thinks (NULL is fine): the prompt ends within the model's thoughts. */
int chat_prompt(const struct chat *chat, struct tokens *out, const struct chat_request *request,
                bool *ret_thinks, struct err *err) MUST_USE;
/* The prompt as text with its trusted spans; what chat_prompt encodes. */
int chat_render(const struct chat *chat, struct template_output *out,
                const struct chat_request *request, struct err *err) MUST_USE;

#endif
