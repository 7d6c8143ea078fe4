#include "api/legacy_logprobs.h"

#include "api/reply.h"

void legacy_logprobs_init(struct legacy_logprobs *l, size_t max)
{
    *l = (struct legacy_logprobs){ 0 };
    buf_init(&l->tokens, max);
    buf_init(&l->token_logprobs, max);
    buf_init(&l->top_logprobs, max);
    buf_init(&l->text_offset, max);
}

void legacy_logprobs_release(struct legacy_logprobs *l)
{
    buf_release(&l->tokens);
    buf_release(&l->token_logprobs);
    buf_release(&l->top_logprobs);
    buf_release(&l->text_offset);
}

static void forget(struct legacy_logprobs *l)
{
    buf_reset(&l->tokens);
    buf_reset(&l->token_logprobs);
    buf_reset(&l->top_logprobs);
    buf_reset(&l->text_offset);
    l->n = 0;
}

void legacy_logprobs_reset(struct legacy_logprobs *l)
{
    forget(l);
    l->chars = 0;
}

static struct json_writer item(struct legacy_logprobs *l, struct buf *list)
{
    struct json_writer w;
    if (l->n) buf_add_char(list, ',');
    json_writer_init(&w, list);
    return w;
}

/* Characters that begin in these bytes, which may start or end inside one. */
static uint64_t chars_begun(struct slice bytes)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bytes.len; i++) n += ((unsigned char)bytes.ptr[i] & 0xC0) != 0x80;
    return n;
}

static void write_tops(struct json_writer *w, const struct msg_logprob *entry)
{
    bool has_own = false;
    json_object_begin(w);
    for (uint32_t i = 0; i < entry->n_top; i++) {
        /* Two tokens may have the same text; the likelier comes first and stays. */
        bool seen = false;
        for (uint32_t j = 0; j < i && !seen; j++)
            seen = slice_eq(entry->top[i].bytes, entry->top[j].bytes);
        if (seen) continue;
        has_own = has_own || slice_eq(entry->top[i].bytes, entry->bytes);
        reply_write_token_key(w, entry->top[i].bytes);
        reply_write_logprob(w, entry->top[i].logprob);
    }
    if (!has_own) {
        reply_write_token_key(w, entry->bytes);
        reply_write_logprob(w, entry->logprob);
    }
    json_object_end(w);
}

void legacy_logprobs_add(struct legacy_logprobs *l, const struct msg_logprob *entry)
{
    struct json_writer w = item(l, &l->tokens);
    reply_write_token(&w, entry->bytes);
    w = item(l, &l->token_logprobs);
    if (entry->none)
        json_null_value(&w);
    else
        reply_write_logprob(&w, entry->logprob);
    w = item(l, &l->top_logprobs);
    if (entry->none)
        json_null_value(&w);
    else
        write_tops(&w, entry);
    w = item(l, &l->text_offset);
    json_uint(&w, l->chars);
    l->chars += chars_begun(entry->bytes);
    l->n++;
}

static void write_list(struct json_writer *w, const char *name, const struct buf *items)
{
    json_key(w, name);
    json_array_begin(w);
    if (items->len) json_raw(w, buf_slice(items));
    json_array_end(w);
}

void legacy_logprobs_write(struct legacy_logprobs *l, struct json_writer *w)
{
    json_object_begin(w);
    write_list(w, "tokens", &l->tokens);
    write_list(w, "token_logprobs", &l->token_logprobs);
    write_list(w, "top_logprobs", &l->top_logprobs);
    write_list(w, "text_offset", &l->text_offset);
    json_object_end(w);
    forget(l);
}

bool legacy_logprobs_failed(const struct legacy_logprobs *l)
{
    return l->tokens.failed || l->token_logprobs.failed || l->top_logprobs.failed ||
           l->text_offset.failed;
}
