/* Any text as `file_data` of a part: refused with its place, or bytes that are that base64. */
#include "api/prompt_files.h"

#include <sodium.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What of `data` is base64, without the white space that it may be folded by. */
static struct slice plain_base64(struct slice data, struct arena *arena)
{
    struct slice middle = SLICE(";base64,");
    size_t at = slice_starts(data, SLICE("data:")) ? slice_find(data, middle) + middle.len : 0;
    char *text = arena_alloc(arena, data.len + 1);
    size_t n = 0;
    for (size_t i = at; text && i < data.len; i++)
        if (!memchr("\r\n ", data.ptr[i], 3)) text[n++] = data.ptr[i];
    return (struct slice){ text, n };
}

static void check(const struct prompt_file *f, struct slice data, struct arena *arena)
{
    size_t room = sodium_base64_encoded_len(f->bytes.len, sodium_base64_VARIANT_ORIGINAL);
    char *again = arena_alloc(arena, room);
    struct slice expected = plain_base64(data, arena);
    if (!again || !expected.ptr) return;
    (void)sodium_bin2base64(again, room, (const unsigned char *)f->bytes.ptr, f->bytes.len,
                            sodium_base64_VARIANT_ORIGINAL);
    if (!slice_is(expected, again)) abort();
    if (f->filename.len == 0 || f->id.ptr) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct err err = { 0 };
    struct prompt_files files;
    struct slice text = { (const char *)data, size };
    json_t *said = size && memchr(data, 0, size) ? NULL : json_stringn(text.ptr, text.len);
    if (!said) return 0; /* Requests are UTF-8 without NUL. */
    json_t *items = json_pack("[{s:[{s:s, s:o}]}]", "content", "type", "input_file", "file_data",
                              said);
    if (!items) return 0;
    arena_init(&arena, 64 << 20);
    if (prompt_files_init(&files, &arena, &err) < 0) abort();
    if (prompt_files_collect(&files, items, "input", &err) == 0) {
        if (files.n != 1) abort();
        check(&files.items[0], text, &arena);
    } else if (!err.code || !err.text[0] || !err.param[0]) {
        abort();
    }
    arena_release(&arena);
    json_decref(items);
    return 0;
}
