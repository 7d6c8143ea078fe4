#include "grammar/json_texts.h"

#include "grammar/expr.h"

void json_texts_init(struct json_texts *t, struct grammar_builder *b)
{
    *t = (struct json_texts){ .b = b };
    buf_init(&t->text, GRAMMAR_TEXT_MAX);
}

void json_texts_release(struct json_texts *t)
{
    buf_release(&t->text);
    mem_free(t->nodes.at);
}

static void end_text(struct json_texts *t)
{
    if (t->text.failed && t->text.len > GRAMMAR_TEXT_MAX / 2)
        (void)builder_over(t->b, "bytes of text", GRAMMAR_TEXT_MAX); /* Remembered. */
    else if (t->text.failed || !ARRAY_ADD(t->nodes, grammar_text(t->b, buf_slice(&t->text))))
        (void)builder_no_memory(t->b); /* Likewise. */
    buf_reset(&t->text);
}

void json_texts_value(struct json_texts *t, const json_t *value)
{
    json_text_value(&t->text, value);
    end_text(t);
}

void json_texts_content(struct json_texts *t, struct slice s)
{
    json_text_content(&t->text, s);
    end_text(t);
}

int32_t json_texts_write(struct json_texts *t)
{
    if (grammar_builder_failed(t->b)) return GRAMMAR_FAILED;
    return grammar_alt(t->b, t->nodes.n, t->nodes.at);
}
