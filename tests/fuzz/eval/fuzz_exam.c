/* Any bytes as a file of questions: each item that comes has what its kind needs, and is the same
 * when it is written and read again. */
#include "eval/format.h"

#include <assert.h>

static int take(void *ctx, const struct eval_item *item, struct err *err)
{
    struct eval_item again;
    struct json_writer w;
    struct arena arena;
    struct buf out;
    json_t *root;
    (void)ctx;
    (void)err;
    if (item->kind == EVAL_CHOICE) assert(item->n_options >= 2 && item->answer < item->n_options);
    buf_init(&out, 64 << 20);
    json_writer_init(&w, &out);
    eval_item_write(&w, item);
    assert(!out.failed);
    root = json_loadb(out.ptr, out.len, 0, NULL);
    assert(root);
    arena_init(&arena, 64 << 20);
    assert(eval_item_read(&again, root, &arena, NULL) == 0);
    assert(again.n_options == item->n_options && again.answer == item->answer);
    json_decref(root);
    arena_release(&arena);
    buf_release(&out);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    const struct eval_format *f = eval_format_registry[data[0] % eval_format_registry_len];
    struct slice text = { (const char *)data + 1, size - 1 };
    struct err err = { 0 };
    if (data[0] >= 128 && eval_format_find(&f, SLICE("auto"), text, &err) < 0) return 0;
    if (eval_read(f, text, 1, take, NULL, &err) < 0) assert(err.text[0]);
    return 0;
}
