/* tool_format - how a family of models writes calls of tools: one file each in chat/tool_format/.
 *
 *     chat_style(chat)                      the format, its marks looked up in the vocabulary
 *     reply_init(&r, &options, events)      takes answers apart: chat/reply.h
 *     reply_grammar(b, &rules, err)         what answers with calls may look like
 *     tool_call_write(&buf, format, ...)    a call as the model would write it
 *
 * To add one see docs/how-to/add-a-tool-call-format.md: write chat/tool_format/NAME.c ending in
 *
 *     const struct tool_format tool_format_NAME = {
 *         .name = "NAME",
 *         .has = { "<tool_call>" },               by which its templates are known
 *         .writing = { .call = "<tool_call>\n", .arguments = "arguments",
 *                      .after = "\n</tool_call>", .separator = "\n" },
 *         .tokens = { "<tool_call>", "</tool_call>" },
 *         .read = call_read,
 *         .end = call_end,
 *     };
 *
 * Most formats are that much data, read by chat/call_reader.c: white space in the writing may come
 * otherwise in an answer, keys in any order, further keys are passed over.
 *
 * A template is known by texts; of several formats that fit, the one that names most texts is it. A
 * template that cannot show tools gets a format of our own (`ours`), whose definitions, calls and
 * results are written into its messages by chat/tool_prompt.c.
 */
#ifndef TIRO_CHAT_TOOL_FORMAT_H
#define TIRO_CHAT_TOOL_FORMAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "chat/call_json.h"
#include "chat/mark.h"
#include "chat/tools.h"

struct reply;
struct reply_rules;
struct tool_reader;

enum { TOOL_FORMAT_TEXTS = 4, TOOL_FORMAT_TOKENS = 8, TOOL_READER_TEXTS = 8, CALL_NAME_MAX = 128 };

/*     begin  call NAME .. ARGUMENTS after  separator  call NAME .. ARGUMENTS after  end
 *
 * with {"name": "NAME", "ARGUMENTS_KEY": ARGUMENTS} for `NAME .. ARGUMENTS`, or NAME name_end
 * ARGUMENTS where `arguments` is NULL. Each may be NULL: nothing. */
struct tool_writing {
    const char *begin;
    const char *call;
    const char *arguments; /* The key of the arguments. */
    const char *name_end;
    const char *after;
    const char *separator; /* NULL: there is only ever one call. */
    const char *end;
    bool list; /* The calls are a JSON array: [ , ] stand behind begin, between, and before end. */
    /* An answer that begins with {"name": "NAME of a tool" is a call without the marks, also behind
     * ```json: what small models make of it. `unmarked`: that is how this family writes them. */
    bool bare, unmarked;
};

struct tool_format {
    const char *name;
    const char *has[TOOL_FORMAT_TEXTS];   /* Texts in its templates, */
    const char *lacks[TOOL_FORMAT_TEXTS]; /* and in none of them. */
    bool ours;                            /* The template shows no tools. */
    bool short_ids; /* Its templates take ids of calls of exactly 9 letters and digits. */
    bool channels;  /* All of an answer is read, whether there are tools or not. */
    struct tool_writing writing;
    const char *tokens[TOOL_FORMAT_TOKENS + 1]; /* What of it control tokens may be. */
    /* `ours`: what stands around a result. */
    const char *result_begin, *result_end;
    /* One byte of an answer behind its thoughts, and its end: calls of chat/reply.h. */
    void (*read)(struct tool_reader *r, char c, uint64_t at);
    void (*end)(struct tool_reader *r);
    /* The whole answer, if the parts of reply_grammar.h are not what it is made of. */
    int32_t (*grammar)(struct grammar_builder *b, const struct reply_rules *rules, struct err *err);
};

extern const struct tool_format *const tool_format_registry[];
extern const size_t tool_format_registry_len;

/* A format with its texts marked for one vocabulary. */
struct tool_style {
    const struct tool_format *format;
    struct slice begin, call, name_end, after, separator, end;
    struct slice marker;                     /* What a call is known by: begin, else call. */
    struct slice tokens[TOOL_FORMAT_TOKENS]; /* As in the format. */
};

/* The state of one answer's reading; from `state` on, what it means is the format's business. */
struct tool_reader {
    const struct tool_style *style;
    const struct tool_list *tools; /* NULL: none */
    struct reply *reply;
    int state;
    /* Bytes that may be part of a call, or content after all, and which of the answer they are. */
    struct buf held;
    uint64_t held_at;
    bool no_bare;    /* The answer is held to something that a bare call could be taken for. */
    bool after_call; /* White space that comes is the format's. */
    /* Of the call that is being read: */
    bool bare;   /* It has no marks, */
    bool fenced; /* but stands behind ```json. */
    bool begun;  /* It was told. */
    int key;     /* Whose value comes. */
    size_t part; /* Where in `held` begins what is being read: a key, a mark. */
    struct json_piece {
        size_t from, to; /* In `held`; to 0: it has not come. */
    } name, arguments;
    struct json_pass pass;
    struct call_arguments out;
    /* The texts that may come now, and the state that each leads to. */
    struct slice texts[TOOL_READER_TEXTS];
    int then[TOOL_READER_TEXTS];
    size_t n_texts;
};

void tool_reader_init(struct tool_reader *r, const struct tool_style *style,
                      const struct tool_list *tools, struct reply *reply);

/* The format called `name`, or NULL. */
const struct tool_format *tool_format_find(struct slice name);
/* The one of a template; `shows_tools`: tools given to it appear. Never NULL. */
const struct tool_format *tool_format_of(struct slice source, bool shows_tools);
/* -ERR_NO_MEMORY */
int tool_style_open(struct tool_style *ret, struct arena *a, const struct tool_format *format,
                    const struct tokenizer *t) MUST_USE;

/* A call as the model would have written it, without what stands around the calls. `arguments` is
 * JSON text. */
void tool_call_write(struct buf *out, const struct tool_format *format, struct slice name,
                     struct slice arguments);

/* The reader of formats that are data alone (chat/call_reader.c). */
void call_read(struct tool_reader *r, char c, uint64_t at);
void call_end(struct tool_reader *r);

#endif
