#include "grammar/json_texts.h"

#include "grammar/expr.h"

#include <stdlib.h>

enum {
    TREE_DEPTH_MAX = 64
}; /* Branches above one another; below, texts just stand side by side. */

struct tree {
    struct grammar_builder *b;
    const struct slice *texts; /* Sorted, each once. */
};

void json_texts_init(struct json_texts *t)
{
    *t = (struct json_texts){ 0 };
    buf_init(&t->bytes, GRAMMAR_TEXT_MAX);
}

void json_texts_release(struct json_texts *t)
{
    buf_release(&t->bytes);
    mem_free(t->ends.at);
}

static void end_text(struct json_texts *t)
{
    if (!ARRAY_ADD(t->ends, t->bytes.len)) t->failed = true;
}

void json_texts_value(struct json_texts *t, const json_t *value)
{
    json_text_value(&t->bytes, value);
    end_text(t);
}

void json_texts_content(struct json_texts *t, struct slice s)
{
    json_text_content(&t->bytes, s);
    end_text(t);
}

static int by_bytes(const void *a, const void *c)
{
    const struct slice *x = a, *y = c;
    size_t n = x->len < y->len ? x->len : y->len;
    int order = n ? memcmp(x->ptr, y->ptr, n) : 0;
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Whether a character begins there: texts are cut nowhere else. */
static bool is_cut(struct slice s, size_t at)
{
    return at == s.len || ((unsigned char)s.ptr[at] & 0xC0) != 0x80;
}

/* Bytes from `from` on that the first and the last have in common, and so all between them. */
static size_t common(const struct tree *t, size_t first, size_t last, size_t from)
{
    struct slice a = t->texts[first], c = t->texts[last];
    size_t n = from;
    while (n < a.len && n < c.len && a.ptr[n] == c.ptr[n]) n++;
    while (!is_cut(a, n) || !is_cut(c, n)) n--;
    return n;
}

static struct slice between(struct slice s, size_t from, size_t to)
{
    return (struct slice){ s.ptr + from, to - from };
}

static size_t character_len(struct slice s, size_t at)
{
    size_t n = 1;
    while (!is_cut(s, at + n)) n++;
    return n;
}

static int32_t side_by_side(const struct tree *t, size_t first, size_t last, size_t from)
{
    int32_t *nodes = mem_calloc(last - first + 1, sizeof *nodes);
    if (!nodes) return builder_no_memory(t->b);
    for (size_t i = first; i <= last; i++)
        nodes[i - first] = grammar_text(t->b, between(t->texts[i], from, t->texts[i].len));
    int32_t node = grammar_alt(t->b, last - first + 1, nodes);
    mem_free(nodes);
    return node;
}

/* texts[first .. last] from byte `from` on. */
static int32_t write_tree(const struct tree *t, size_t first, size_t last, size_t from, int depth)
{
    size_t shared = common(t, first, last, from), n = 0;
    ARRAY(int32_t) nodes = { 0 };
    bool fine = true;
    if (first == last) shared = t->texts[first].len;
    int32_t head = grammar_text(t->b, between(t->texts[first], from, shared));
    if (first == last) return head;
    if (depth == TREE_DEPTH_MAX) return side_by_side(t, first, last, from);
    for (size_t i = first, end; i <= last && fine; i = end) {
        struct slice text = t->texts[i];
        size_t len = text.len > shared ? character_len(text, shared) : 0;
        for (end = i + 1; end <= last && len > 0; end++)
            if (t->texts[end].len < shared + len ||
                memcmp(t->texts[end].ptr + shared, text.ptr + shared, len) != 0)
                break;
        fine = ARRAY_ADD(nodes, write_tree(t, i, end - 1, shared, depth + 1));
        n++;
    }
    int32_t parts[] = { head, fine ? grammar_alt(t->b, n, nodes.at) : builder_no_memory(t->b) };
    mem_free(nodes.at);
    return grammar_seq(t->b, 2, parts);
}

int32_t json_texts_write(struct json_texts *t, struct grammar_builder *b)
{
    size_t n = t->ends.n, kept = 0;
    if (t->bytes.failed && t->bytes.len > GRAMMAR_TEXT_MAX / 2)
        return builder_over(b, "bytes of text", GRAMMAR_TEXT_MAX);
    if (t->failed || t->bytes.failed) return builder_no_memory(b);
    if (n == 0) return grammar_never(b);
    struct slice *texts = mem_calloc(n, sizeof *texts);
    if (!texts) return builder_no_memory(b);
    for (size_t i = 0; i < n; i++) {
        size_t from = i ? t->ends.at[i - 1] : 0;
        texts[i] = (struct slice){ buf_str(&t->bytes) + from, t->ends.at[i] - from };
    }
    qsort(texts, n, sizeof *texts, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !slice_eq(texts[kept - 1], texts[i])) texts[kept++] = texts[i];
    const struct tree tree = { b, texts };
    int32_t node = write_tree(&tree, 0, kept - 1, 0, 0);
    mem_free(texts);
    return node;
}
