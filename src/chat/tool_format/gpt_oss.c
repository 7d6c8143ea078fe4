/* gpt-oss: messages in channels (OpenAI's harmony).
 *
 *     <|channel|>analysis<|message|> thoughts <|end|><|start|>assistant
 *     <|channel|>commentary to=functions.NAME <|constrain|>json<|message|> ARGUMENTS <|call|>
 *     <|channel|>final<|message|> the answer <|return|>
 *
 * The prompt ends in <|start|>assistant. A call ends the turn, so there is one at most. */
#include "chat/reply.h"
#include "chat/reply_grammar.h"

enum { HEADER_MAX = 512 };

enum { START, END, CALL, RETURN, CHANNEL, CONSTRAIN, MESSAGE }; /* As in .tokens */

/* What the bytes behind a header are. */
enum { BEFORE, HEADER, THOUGHTS, TEXT, ARGUMENTS };

/* ---- Headers ---- */

/* The word behind `mark` in a header. */
static struct slice word_behind(struct slice header, struct slice mark)
{
    size_t from = slice_find(header, mark) + mark.len, to = from;
    if (from > header.len) return (struct slice){ 0 };
    while (to < header.len && !mark_is_space(header.ptr[to]) && !mark_is(header.ptr[to]) &&
           header.ptr[to] != '<')
        to++;
    return (struct slice){ header.ptr + from, to - from };
}

static void body(struct tool_reader *r, size_t header)
{
    struct slice all = { r->held.ptr, header };
    struct slice to = word_behind(all, SLICE("to="));
    struct slice channel = word_behind(all, r->style->tokens[CHANNEL]);
    struct slice prefix = SLICE("functions.");
    r->state = slice_is(channel, "analysis") ? THOUGHTS : TEXT;
    if (to.len) {
        struct slice name = to;
        if (slice_starts(to, prefix))
            name = (struct slice){ to.ptr + prefix.len, to.len - prefix.len };
        bool good = name.len && name.len <= CALL_NAME_MAX && reply_call(r->reply, name);
        if (!good) reply_put_back(r->reply, all, r->held_at);
        r->state = good ? ARGUMENTS : TEXT;
    }
    r->held_at += r->held.len;
    buf_reset(&r->held);
}

static void read_header(struct tool_reader *r)
{
    struct slice all = buf_slice(&r->held), message = r->style->tokens[MESSAGE];
    if (slice_ends(all, message)) {
        body(r, all.len - message.len);
    } else if (all.len == HEADER_MAX) {
        reply_put_back(r->reply, all, r->held_at);
        buf_reset(&r->held);
        r->state = TEXT;
    }
}

/* ---- Bodies ---- */

static void put(struct tool_reader *r, char c)
{
    if (r->state != ARGUMENTS)
        reply_put(r->reply, r->state == THOUGHTS ? REPLY_REASONING : REPLY_CONTENT, c, r->held_at);
    else if (!mark_is(c))
        reply_argument(r->reply, c);
}

static void read_body(struct tool_reader *r)
{
    while (r->held.len) {
        int m = mark_match(buf_slice(&r->held), r->style->tokens, RETURN + 1);
        if (r->reply->in_mark) m = MARK_NONE;
        if (m == MARK_PART) return;
        if (m >= 0) {
            if (r->state == ARGUMENTS) reply_call_done(r->reply);
            r->state = m == START ? HEADER : BEFORE;
            buf_reset(&r->held);
            return;
        }
        put(r, r->held.ptr[0]);
        buf_consume(&r->held, 1);
        r->held_at++;
    }
}

/* A header begins with a channel, a recipient or, behind the first message, <|start|>. */
static void read_before(struct tool_reader *r)
{
    const struct slice *t = r->style->tokens;
    const struct slice texts[] = { t[CHANNEL], t[START], SLICE("to=") };
    int m = mark_match(slice_trim(buf_slice(&r->held)), texts, 3);
    if (m >= 0) r->state = HEADER;
    if (m == MARK_NONE || (m == MARK_PART && r->held.len == HEADER_MAX)) {
        r->state = TEXT;
        read_body(r);
    }
}

static void read(struct tool_reader *r, char c, uint64_t at)
{
    if (r->held.len == 0) r->held_at = at;
    buf_add_char(&r->held, c);
    if (r->held.failed) return; /* The reply says so. */
    if (r->state == BEFORE)
        read_before(r);
    else if (r->state == HEADER)
        read_header(r);
    else
        read_body(r);
}

static void end(struct tool_reader *r)
{
    /* <|call|> ends the turn: it is not shown. */
    if (r->state == ARGUMENTS) reply_call_done(r->reply);
    if (r->state == BEFORE) r->state = TEXT;
    for (size_t i = 0; r->state != HEADER && i < r->held.len; i++, r->held_at++)
        put(r, r->held.ptr[i]);
    buf_reset(&r->held);
}

/* ---- The grammar ---- */

#define SEQ(b, ...) \
    grammar_seq(b, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), (int32_t[]){ __VA_ARGS__ })

/* A whole message and the beginning of the next. */
static int32_t said(struct grammar_builder *b, const struct tool_style *s, struct slice channel)
{
    const struct slice *t = s->tokens;
    return SEQ(b, mark_grammar(b, t[CHANNEL]), grammar_text(b, channel),
               mark_grammar(b, t[MESSAGE]), mark_until(b, t[END]), mark_grammar(b, t[END]),
               mark_grammar(b, t[START]), grammar_text(b, SLICE("assistant")));
}

static int32_t call(struct grammar_builder *b, const struct reply_rules *rules, size_t i,
                    struct err *err)
{
    const struct tool *tool = &rules->tools->tools[i];
    const struct slice *t = rules->style->tokens;
    int32_t arguments = tool_arguments_grammar(b, rules->tools, i, false, err);
    if (arguments < 0) return arguments;
    int32_t json = SEQ(b, grammar_text(b, SLICE(" ")), mark_grammar(b, t[CONSTRAIN]),
                       grammar_text(b, SLICE("json")));
    return SEQ(b, mark_grammar(b, t[CHANNEL]), grammar_text(b, SLICE("commentary to=functions.")),
               grammar_text(b, tool->name), tool->custom ? grammar_empty(b) : json,
               mark_grammar(b, t[MESSAGE]), arguments);
}

static int32_t write(struct grammar_builder *b, const struct reply_rules *rules, struct err *err)
{
    const struct slice *t = rules->style->tokens;
    int32_t last[TOOLS_MAX + 1], text = rules->text == REPLY_FREE ? mark_any(b) : rules->text;
    size_t n = 0;
    for (size_t i = 0; rules->tools && i < rules->tools->n; i++) {
        if (!rules->tools->tools[i].callable) continue;
        last[n] = call(b, rules, i, err);
        if (last[n] < 0) return last[n];
        n++;
    }
    if (!rules->tools || !rules->required)
        last[n++] = SEQ(b, mark_grammar(b, t[CHANNEL]), grammar_text(b, SLICE("final")),
                        mark_grammar(b, t[MESSAGE]), text);
    int32_t before = said(b, rules->style, SLICE("analysis"));
    if (rules->tools && rules->text == REPLY_FREE)
        before = grammar_alt(b, 2,
                             (int32_t[]){ before, said(b, rules->style, SLICE("commentary")) });
    return SEQ(b, grammar_repeat(b, before, 0, GRAMMAR_UNBOUNDED), grammar_alt(b, n, last));
}

const struct tool_format tool_format_gpt_oss = {
    .name = "gpt_oss",
    .has = { "<|channel|>", "<|message|>" },
    .channels = true,
    .writing = { .call = "<|channel|>commentary to=functions.",
                 .name_end = " <|constrain|>json<|message|>",
                 .after = "<|call|>" },
    .tokens = { "<|start|>", "<|end|>", "<|call|>", "<|return|>", "<|channel|>", "<|constrain|>",
                "<|message|>" },
    .read = read,
    .end = end,
    .grammar = write,
};
