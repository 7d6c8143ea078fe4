/* Any bytes as a frame: refused, or canonical (they encode to themselves again). */
#include "proto/message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct buf b;
    struct err err;
    struct message_any any;
    arena_init(&a, 8 << 20);
    buf_init(&b, 8 << 20);
    struct slice frame = { (const char *)data, size };
    if (message_decode(&any, &a, frame, &err) == 0) {
        if (message_encode(&b, any.kind, any.body, &err) < 0) abort();
        if (!slice_eq(buf_slice(&b), frame)) abort();
    }
    buf_release(&b);
    arena_release(&a);
    return 0;
}
