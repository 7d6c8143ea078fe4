/* Any bytes as a file of packed weights: refused with a reason, or all that it names is there. */
#include "models/packed_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink; /* What is read must not be optimised away. */

static unsigned touch(struct slice s)
{
    unsigned sum = 0;
    for (size_t i = 0; i < s.len; i++) sum += (unsigned char)s.ptr[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packed_file f;
    struct arena arena;
    struct err err = { 0 };
    char *exact = malloc(size ? size : 1); /* Its end is the sanitizer's red zone. */
    if (!exact) abort();
    if (size) memcpy(exact, data, size);
    arena_init(&arena, 64 << 20);
    if (packed_file_read(&f, &arena, (struct slice){ exact, size }, "fuzz", &err) == 0) {
        for (size_t i = 0; i < f.n_tensors; i++) {
            struct packed_tensor *t = &f.tensors[i];
            sink = touch(t->name) + touch((struct slice){ f.data.ptr + t->offset, t->size });
        }
        err = (struct err){ 0 };
        if (packed_file_verify(&f, NULL, "fuzz", &err) < 0 && !err.text[0]) abort();
    } else if (!err.text[0]) {
        abort();
    }
    arena_release(&arena);
    free(exact);
    return 0;
}
