/* Any bytes as HTML: text in UTF-8 without NUL, or a refusal. */
#include "base/utf8.h"
#include "worker/decoder.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 4 << 20 };

static int check(void *ctx, struct slice text, struct err *err)
{
    (void)err;
    if (!utf8_valid(text.ptr, text.len) || memchr(text.ptr, '\0', text.len)) abort();
    *(uint64_t *)ctx += text.len;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_out out;
    struct err err = { 0 };
    uint64_t n = 0;
    char *exact = malloc(size ? size : 1);
    if (!exact) abort();
    if (size) memcpy(exact, data, size);
    text_out_init(&out, check, &n, OUTPUT_MAX);
    int rc = decoder_find("html")->read((struct slice){ exact, size }, &out, &err);
    int written = text_out_finish(&out, &err);
    if ((rc < 0 || written < 0) && err.code == ERR_NONE) abort();
    if (n > OUTPUT_MAX) abort();
    text_out_release(&out);
    free(exact);
    return 0;
}
