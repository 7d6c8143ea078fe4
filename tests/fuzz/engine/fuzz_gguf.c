/* Any bytes as a GGUF file: refused with a reason, or every byte it hands out can be read. */
#include "engine/format.h"
#include "support/checkpoint_walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checkpoint *c;
    struct err err = { 0 };
    char *exact = malloc(size ? size : 1); /* Its end is the sanitizer's red zone. */
    if (!exact) abort();
    if (size) memcpy(exact, data, size);
    if (checkpoint_open_memory(&c, (struct slice){ exact, size }, "fuzz", &err) == 0) {
        (void)walk_checkpoint(c);
        checkpoint_close(c);
    } else if (!err.text[0]) {
        abort();
    }
    free(exact);
    return 0;
}
