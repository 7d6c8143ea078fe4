/* Ids against those of Hugging Face tokenizers: tests/golden/tokenizer/tiny.json, made with a tiny
 * vocabulary of our own by tools/golden_tokenizer.py.
 *
 * The same tool compares megabytes on real models through this program:
 *
 *     engine_test_tokenizer_golden --ids MODEL all|none < texts > ids
 *
 * where texts are (u32 length, bytes)* and ids (u32 count, i32*)*, little endian. */
#include "engine/format.h"
#include "engine/tokenizer.h"

#include "base/seam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int complain(const struct err *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static int write_ids(const struct tokenizer *t, struct slice text, enum tokenizer_trust trust,
                     struct tokens *ids, struct err *err)
{
    struct tokenizer_options options = { .trust = trust };
    ids->len = 0;
    TRY(tokenizer_encode(t, ids, text, &options, err));
    uint32_t n = (uint32_t)ids->len;
    fwrite(&n, sizeof n, 1, stdout);
    fwrite(ids->ids, sizeof *ids->ids, n, stdout);
    /* Decoding must not depend on how the text arrived: whole, or token by token. */
    return 0;
}

static int print_ids(const char *path, enum tokenizer_trust trust)
{
    struct err err;
    struct checkpoint *c;
    struct tokenizer *t;
    if (checkpoint_open(&c, path, &err) < 0) return complain(&err);
    uint64_t start = now_ns();
    if (tokenizer_open(&t, c, &err) < 0) return complain(&err);
    uint64_t opened = now_ns(), spent = 0;
    struct tokens ids;
    tokens_init(&ids, SIZE_MAX / 8);
    uint32_t len;
    size_t bytes = 0;
    while (fread(&len, sizeof len, 1, stdin) == 1) {
        char *text = mem_alloc(len);
        if (!text || fread(text, 1, len, stdin) != len) return 1;
        uint64_t before = now_ns();
        if (write_ids(t, (struct slice){ text, len }, trust, &ids, &err) < 0) return complain(&err);
        spent += now_ns() - before;
        bytes += len;
        mem_free(text);
    }
    fprintf(stderr, "open %.1f ms, %.1f MB/s\n", (double)(opened - start) / 1e6,
            (double)bytes * 1e3 / (double)spent);
    tokens_release(&ids);
    tokenizer_close(t);
    checkpoint_close(c);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--ids") == 0)
        return print_ids(argv[2], strcmp(argv[3], "all") == 0 ? TRUST_ALL : TRUST_NONE);
    return 0;
}
