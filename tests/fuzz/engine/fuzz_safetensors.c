/* Any bytes as the header of a safetensors file, with the length in front made right and some data
 * behind, so that mutations reach the header's contents. */
#include "base/buf.h"
#include "engine/format.h"
#include "support/checkpoint_walk.h"
#include "support/model_writer.h"

#include <stdlib.h>

enum { DATA_LEN = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint *c;
    struct err err = { 0 };
    struct buf b;
    buf_init(&b, 64 << 20);
    put_le(&b, size, 8);
    buf_add(&b, data, size);
    gguf_fill(&b, DATA_LEN);
    char *exact = malloc(b.len);
    if (!exact || b.failed) abort();
    memcpy(exact, b.ptr, b.len);
    if (checkpoint_open_memory(&c, (struct slice){ exact, b.len }, "fuzz", &err) == 0) {
        (void)walk_checkpoint(c);
        checkpoint_close(c);
    } else if (!err.text[0]) {
        abort();
    }
    free(exact);
    buf_release(&b);
    return 0;
}
