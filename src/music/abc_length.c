#include "music/abc_length.h"

#include <inttypes.h>
#include <stdio.h>

enum { FRACTION_PART_MAX = 1024 };

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct abc_length abc_length_of(int64_t num, int64_t den)
{
    if (den <= 0 || num < 0) return (struct abc_length){ 0 };
    int64_t common = num ? gcd(num, den) : den;
    struct abc_length l = { num / common, den / common };
    return l.num > ABC_PART_MAX || l.den > ABC_PART_MAX ? (struct abc_length){ 0 } : l;
}

struct abc_length abc_times(struct abc_length a, struct abc_length b)
{
    return abc_length_of(a.num * b.num, a.den * b.den);
}

struct abc_length abc_plus(struct abc_length a, struct abc_length b)
{
    return abc_length_of(a.num * b.den + b.num * a.den, a.den * b.den);
}

struct abc_length abc_minus(struct abc_length a, struct abc_length b)
{
    return abc_length_of(a.num * b.den - b.num * a.den, a.den * b.den);
}

int abc_compare(struct abc_length a, struct abc_length b)
{
    int64_t left = a.num * b.den, right = b.num * a.den;
    return left < right ? -1 : left > right;
}

bool abc_is_one_note(struct abc_length l)
{
    if (l.den == 0 || l.num == 0 || (l.den & (l.den - 1)) != 0) return false;
    int64_t odd = l.num;
    while (odd % 2 == 0) odd /= 2;
    return odd == 1 || odd == 3 || odd == 7 || odd == 15;
}

void abc_length_write(char *out, size_t size, struct abc_length l, int64_t den)
{
    bool fits = l.den && den > 0 && den % l.den == 0;
    int64_t by = fits ? den / l.den : 1;
    (void)snprintf(out, size, "%" PRId64 "/%" PRId64, l.num * by, l.den * by); /* It fits. */
}

bool abc_fraction_read(struct abc_length *ret, int64_t *ret_num, int64_t *ret_den, struct slice s)
{
    size_t slash = slice_find(s, SLICE("/"));
    int64_t num, den, sum = 0;
    if (slash == s.len) return false;
    struct slice low = slice_trim((struct slice){ s.ptr + slash + 1, s.len - slash - 1 });
    struct slice top = slice_trim((struct slice){ s.ptr, slash });
    if (!slice_to_i64(&den, low) || den < 1 || den > FRACTION_PART_MAX) return false;
    if (top.len >= 2 && top.ptr[0] == '(' && top.ptr[top.len - 1] == ')')
        top = (struct slice){ top.ptr + 1, top.len - 2 };
    while (top.len > 0) {
        size_t end = slice_find(top, SLICE("+"));
        if (!slice_to_i64(&num, slice_trim((struct slice){ top.ptr, end })) || num < 1 ||
            num > FRACTION_PART_MAX)
            return false;
        sum += num;
        size_t step = end < top.len ? end + 1 : end;
        top = (struct slice){ top.ptr + step, top.len - step };
    }
    *ret = abc_length_of(sum, den);
    *ret_num = sum;
    *ret_den = den;
    return sum > 0 && ret->den != 0;
}
