/* reply_script - what a reply tells, as one text: "C(content)R(reasoning)F0(name)A0(arguments)". */
#ifndef TIRO_TESTS_CHAT_REPLY_SCRIPT_H
#define TIRO_TESTS_CHAT_REPLY_SCRIPT_H

#include "unit/test.h"

#include "chat/reply.h"
#include "fault/fault.h"

#include <assert.h>

struct reply_script {
    struct buf out;
    char open[8];       /* Which part is open: adjacent pieces of one part are one. */
    struct slice input; /* To compare positions with; ptr NULL: not done. */
    uint64_t end;       /* Of the text told so far. */
};

static inline void script_part(struct reply_script *s, const char *part, struct slice text)
{
    if (strcmp(s->open, part) != 0) {
        if (s->open[0]) buf_add_char(&s->out, ')');
        buf_printf(&s->out, "%s(", part);
        (void)snprintf(s->open, sizeof s->open, "%s", part);
    }
    buf_add_slice(&s->out, text);
}

static inline void script_event(void *ctx, const struct reply_event *e)
{
    struct reply_script *s = ctx;
    char part[8];
    bool text = e->kind == REPLY_CONTENT || e->kind == REPLY_REASONING;
    if (text) {
        /* In order, and the very bytes of the input. */
        assert(e->text.len && e->to - e->from == e->text.len && e->from >= s->end);
        if (s->input.ptr)
            assert(e->to <= s->input.len &&
                   memcmp(s->input.ptr + e->from, e->text.ptr, e->text.len) == 0);
        s->end = e->to;
        (void)snprintf(part, sizeof part, "%c", e->kind == REPLY_CONTENT ? 'C' : 'R');
    } else {
        assert(e->index >= 0 && e->index < REPLY_CALLS_MAX);
        (void)snprintf(part, sizeof part, "%c%d", e->kind == REPLY_CALL ? 'F' : 'A',
                       (int)e->index % 1000);
    }
    script_part(s, part, e->text);
}

static inline void script_init(struct reply_script *s, struct slice input)
{
    *s = (struct reply_script){ .input = input };
    buf_init(&s->out, 64 << 20);
}

static inline const char *script_end(struct reply_script *s)
{
    if (s->open[0]) buf_add_char(&s->out, ')');
    s->open[0] = '\0';
    return buf_str(&s->out);
}

/* Reads `text` with the n-th allocation failing, for each n until none does: then it is `told`. */
static inline void script_without_memory(const struct reply_options *o, struct slice text,
                                         const char *told)
{
    for (int n = 1;; n++) {
        struct reply_script s;
        struct reply r;
        script_init(&s, text);
        for (int i = 0; i < 9; i++) buf_add_slice(&s.out, text); /* Its memory is there before. */
        buf_reset(&s.out);
        reply_init(&r, o, (struct reply_events){ .ctx = &s, .event = script_event });
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = reply_add(&r, text);
        if (rc == 0) rc = reply_end(&r);
        bool failed = fault_stop();
        assert_int_equal(rc, failed ? -ERR_NO_MEMORY : 0);
        if (!failed) assert_string_equal(script_end(&s), told);
        reply_release(&r);
        buf_release(&s.out);
        if (!failed) break;
        assert_true(n < 100);
    }
}

#endif
