/* golden - texts and what an independent implementation computed of them: golden.bin of
 * tools/golden_model.py and tools/golden_adapter.py. */
#ifndef TIRO_TESTS_GOLDEN_H
#define TIRO_TESTS_GOLDEN_H

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 128 };

/* For values up to about 10: some thousand roundings of f32. */
#define TOLERANCE 1e-4

struct golden_case {
    int32_t n_ids, n_rows, width;
    int32_t ids[IDS_MAX];
    float *values;
};

static inline void read_exactly(void *to, size_t size, FILE *f)
{
    assert_int_equal(fread(to, 1, size, f), size);
}

static inline void read_case(struct golden_case *c, FILE *f)
{
    read_exactly(&c->n_ids, 4, f);
    read_exactly(&c->n_rows, 4, f);
    read_exactly(&c->width, 4, f);
    assert_in_range(c->n_ids, 1, IDS_MAX);
    read_exactly(c->ids, (size_t)c->n_ids * 4, f);
    size_t size = (size_t)c->n_rows * (size_t)c->width * sizeof(float);
    c->values = malloc(size);
    assert_non_null(c->values);
    read_exactly(c->values, size, f);
}

/* The file, behind its count of cases. */
static inline FILE *golden_open(const char *folder, int32_t *ret_n_cases)
{
    char at[512];
    (void)snprintf(at, sizeof at, "%s/tests/golden/%s/golden.bin", TIRO_SOURCE_DIR, folder);
    FILE *f = fopen(at, "rb");
    assert_non_null(f);
    read_exactly(ret_n_cases, 4, f);
    assert_true(*ret_n_cases > 0);
    return f;
}

#endif
