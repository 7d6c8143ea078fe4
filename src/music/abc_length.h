/* abc_length - lengths of music as fractions of a whole note. */
#ifndef TIRO_MUSIC_ABC_LENGTH_H
#define TIRO_MUSIC_ABC_LENGTH_H

#include "base/slice.h"

#include <stdint.h>

enum { ABC_PART_MAX = 1 << 20 };

struct abc_length {
    int64_t num, den; /* in lowest terms; den 0: more than this can hold, and all made of it too */
};

static const struct abc_length abc_nothing = { 0, 1 }, abc_whole = { 1, 1 };

struct abc_length abc_length_of(int64_t num, int64_t den);
struct abc_length abc_times(struct abc_length a, struct abc_length b);
struct abc_length abc_plus(struct abc_length a, struct abc_length b);
struct abc_length abc_minus(struct abc_length a, struct abc_length b); /* a is no less than b */
int abc_compare(struct abc_length a, struct abc_length b);
/* Whether one note can last so long: a power of two, with up to three dots. */
bool abc_is_one_note(struct abc_length l);
/* "6/8": over `den` where that can be, else in lowest terms. */
void abc_length_write(char *out, size_t size, struct abc_length l, int64_t den);
/* "3/4", "(2+3)/8"; *ret_den is what stands below. */
bool abc_fraction_read(struct abc_length *ret, int64_t *ret_num, int64_t *ret_den, struct slice s);

#endif
