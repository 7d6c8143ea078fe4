/* Any text as a sealed one: it opens only if this key and context sealed it. */
#include "store/seal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct seal_key key = { "a key of thirty-two bytes, fixed" };
    struct slice text = { (const char *)data, size }, sealed, plain;
    struct arena arena;
    struct err err = { 0 };
    arena_init(&arena, ARENA_MAX);
    if (seal_open(&plain, &key, SLICE("fuzz"), text, &arena, &err) == 0) abort();
    if (!err.text[0]) abort();
    if (seal_close(&sealed, &key, SLICE("fuzz"), text, &arena, &err) < 0 ||
        seal_open(&plain, &key, SLICE("fuzz"), sealed, &arena, &err) < 0 || !slice_eq(plain, text))
        abort();
    arena_release(&arena);
    return 0;
}
