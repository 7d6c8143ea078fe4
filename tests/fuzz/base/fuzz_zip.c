/* Any bytes as a zip archive from which "m" is taken. */
#include "base/zip.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MAX = 1 << 20 };

static int count(void *ctx, const void *bytes, size_t len, struct err *err)
{
    size_t *total = ctx;
    volatile unsigned char sum = 0;
    for (size_t i = 0; i < len; i++) sum ^= ((const unsigned char *)bytes)[i];
    (void)sum; /* Reading was the point. */
    *total += len;
    if (*total > OUTPUT_MAX) return err_set(err, ERR_LIMIT, "enough");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip_entry e;
    struct err err = { 0 };
    size_t total = 0;
    char *exact = malloc(size ? size : 1);
    if (!exact) abort();
    if (size) memcpy(exact, data, size);
    struct slice archive = { exact, size };
    if (zip_find(&e, archive, "fuzz", "m", &err) == 0 &&
        zip_extract(&e, archive, "fuzz", count, &total, &err) == 0 && total != e.size)
        abort();
    free(exact);
    return 0;
}
