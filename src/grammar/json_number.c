#include "grammar/json_number.h"

#include "grammar/json_digits.h"
#include "grammar/json_text.h"

#include <assert.h>
#include <math.h>

enum {
    PRECISE_MAX = 14,      /* One below the 15 digits by which doubles can be told apart. */
    MANTISSA_MAX = 16,     /* Digits behind the point of a number with an exponent. */
    FRACTION_DIGITS = 400, /* Of a bound: up to 323 zeros and 17 others. */
};

#define SMALL_BELOW   1e-4 /* json.dumps writes 1e-05 ... */
#define LARGE_FROM    1e16 /* ... and 1e+16. */
#define INTEGER_ABOVE 1e18 /* More than JSON_NUMBER_INTEGER_MAX digits. */

const struct json_integers json_integer_any = { -JSON_INTEGER_LAST, JSON_INTEGER_LAST, 1 };
const struct json_numbers json_number_any = { -INFINITY, INFINITY, false, false };

/* A bound from 0 upwards, as the decimal that reads back as it. */
struct bound {
    double value;
    bool excluded;
    uint64_t integer;
    char fraction[FRACTION_DIGITS]; /* Digits behind the point, without zeros at the end. */
    int n_fraction;
};

/* Numbers from 0 upwards; max.value may be infinite: then max says no more. */
struct magnitudes {
    struct grammar_builder *b;
    struct bound min, max;
    int n_fraction; /* Digits behind the point, at most. */
};

static int32_t text(struct grammar_builder *b, const char *s)
{
    return grammar_text(b, slice_of(s));
}

static int32_t two(struct grammar_builder *b, int32_t first, int32_t second)
{
    return grammar_seq(b, 2, (int32_t[]){ first, second });
}

static int32_t either(struct grammar_builder *b, int32_t first, int32_t second)
{
    return grammar_alt(b, 2, (int32_t[]){ first, second });
}

/* --- integers --------------------------------------------------------------------------------- */

static uint64_t magnitude_of(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

int32_t json_integer_write(struct grammar_builder *b, const struct json_integers *range)
{
    int32_t nodes[2], n = 0;
    if (range->min > range->max) return grammar_never(b);
    if (range->max >= 0)
        nodes[n++] = digits_between(b, range->min > 0 ? (uint64_t)range->min : 0,
                                    (uint64_t)range->max, (uint64_t)range->multiple);
    if (range->min < 0)
        nodes[n++] = two(b, text(b, "-"),
                         digits_between(b, range->max < 0 ? magnitude_of(range->max) : 1,
                                        magnitude_of(range->min), (uint64_t)range->multiple));
    return grammar_alt(b, (size_t)n, nodes);
}

bool json_multiple_fits(int64_t multiple)
{
    int64_t sum = 0, left = multiple;
    if (multiple > JSON_MULTIPLE_MAX) return false;
    /* In front of k digits, only multiples of the greatest common divisor with 10^k can stand. */
    for (int k = 1; k < DIGITS_MAX; k++) {
        if (left % 2 == 0) left /= 2;
        if (left % 5 == 0) left /= 5;
        sum += left;
    }
    return sum <= JSON_MULTIPLE_RULES_MAX;
}

/* --- fractions -------------------------------------------------------------------------------- */

/* `digit`, then what `rest` says; or a digit between first and last, then up to n - 1 any ones. */
static int32_t digit_or(struct grammar_builder *b, char digit, int32_t rest, char first, char last,
                        int n)
{
    int32_t same = two(b, digits_from_to(b, digit, digit), rest);
    if (first > last) return same;
    return either(b, same, two(b, digits_from_to(b, first, last), digits_any(b, 0, n - 1)));
}

/* Up to n digits that are more than `s` (or it, unless excluded) behind the point. */
static int32_t digits_at_least(struct grammar_builder *b, const char *s, int len, int n,
                               bool excluded)
{
    if (len > 0 && n == 0) return grammar_never(b); /* A beginning of s is less. */
    if (len > 0)
        return digit_or(b, *s, digits_at_least(b, s + 1, len - 1, n - 1, excluded), (char)(*s + 1),
                        '9', n);
    if (!excluded) return digits_any(b, 0, n);
    if (n == 0) return grammar_never(b);
    int32_t nodes[] = { grammar_repeat(b, text(b, "0"), 0, n - 1), digits_from_to(b, '1', '9'),
                        digits_any(b, 0, n - 1) };
    return grammar_seq(b, 3, nodes);
}

/* Up to n digits that are less than `s`, which is not empty (or it, unless excluded). */
static int32_t digits_at_most(struct grammar_builder *b, const char *s, int len, int n,
                              bool excluded)
{
    if (n == 0)
        return grammar_empty(b); /* A beginning of s is less, and s without len was there. */
    int32_t rest;
    if (len > 1)
        rest = grammar_optional(b, digits_at_most(b, s + 1, len - 1, n - 1, excluded));
    else
        rest = excluded ? grammar_never(b) : grammar_repeat(b, text(b, "0"), 0, n - 1);
    return digit_or(b, *s, rest, '0', (char)(*s - 1), n);
}

static int32_t point(struct grammar_builder *b, int32_t digits, int n)
{
    /* A point has a digit behind it; the digits may be none by themselves. */
    return two(b, text(b, "."), grammar_and(b, digits, digits_any(b, 1, n)));
}

static int32_t any_fraction(const struct magnitudes *m)
{
    if (m->n_fraction == 0) return grammar_empty(m->b);
    return grammar_optional(m->b, two(m->b, text(m->b, "."), digits_any(m->b, 1, m->n_fraction)));
}

static int32_t fraction_at_least(const struct magnitudes *m)
{
    const struct bound *min = &m->min;
    bool none = min->n_fraction == 0 && !min->excluded;
    if (none) return any_fraction(m);
    if (m->n_fraction == 0) return grammar_never(m->b);
    return point(
        m->b, digits_at_least(m->b, min->fraction, min->n_fraction, m->n_fraction, min->excluded),
        m->n_fraction);
}

static int32_t fraction_at_most(const struct magnitudes *m)
{
    const struct bound *max = &m->max;
    int32_t zeros = text(m->b, "0");
    if (max->n_fraction == 0 && max->excluded) return grammar_never(m->b);
    if (m->n_fraction == 0) return grammar_empty(m->b);
    int32_t digits = max->n_fraction == 0 ? grammar_repeat(m->b, zeros, 1, m->n_fraction)
                                          : digits_at_most(m->b, max->fraction, max->n_fraction,
                                                           m->n_fraction, max->excluded);
    return grammar_optional(m->b, point(m->b, digits, m->n_fraction));
}

/* --- magnitudes ------------------------------------------------------------------------------- */

static int32_t plain_range(const struct magnitudes *m)
{
    struct grammar_builder *b = m->b;
    const struct bound *min = &m->min, *max = &m->max;
    bool open = max->value >= INTEGER_ABOVE;
    uint64_t below = open ? JSON_INTEGER_LAST : max->integer - 1; /* Below the integer of max. */
    int32_t low = digits_between(b, min->integer, min->integer, 1), nodes[3], n = 0;
    if (!open && min->integer == max->integer)
        return two(b, low, grammar_and(b, fraction_at_least(m), fraction_at_most(m)));
    nodes[n++] = two(b, low, fraction_at_least(m));
    if (min->integer < below)
        nodes[n++] = two(b, digits_between(b, min->integer + 1, below, 1), any_fraction(m));
    if (!open)
        nodes[n++] = two(b, digits_between(b, max->integer, max->integer, 1), fraction_at_most(m));
    return grammar_alt(b, (size_t)n, nodes);
}

/* d.ddd, not 0, with an exponent of this sign and size. */
static int32_t with_exponent(struct grammar_builder *b, const char *sign, uint64_t first_of_two)
{
    int32_t fraction = two(b, text(b, "."), digits_any(b, 1, MANTISSA_MAX));
    int32_t exponents[] = {
        first_of_two < 10 ? two(b, text(b, "0"), digits_between(b, first_of_two, 9, 1))
                          : grammar_never(b),
        digits_between(b, first_of_two < 10 ? 10 : first_of_two, 307, 1),
    };
    int32_t nodes[] = { digits_from_to(b, '1', '9'), grammar_optional(b, fraction), text(b, sign),
                        grammar_alt(b, 2, exponents) };
    return grammar_seq(b, 4, nodes);
}

static void read_bound(struct bound *ret, double value, bool excluded)
{
    struct json_decimal d;
    *ret = (struct bound){ .value = value, .excluded = excluded };
    if (value >= INTEGER_ABOVE) return;
    json_decimal_of(&d, value);
    ret->integer = (uint64_t)value;
    for (int i = -1; i > d.exponent; i--) ret->fraction[ret->n_fraction++] = '0';
    for (int i = d.exponent < 0 ? 0 : d.exponent + 1; i < d.n; i++)
        ret->fraction[ret->n_fraction++] = d.digits[i];
    if (value == 0) ret->n_fraction = 0;
}

static void limit_fraction(struct magnitudes *m, const struct bound *bound)
{
    int n = PRECISE_MAX;
    if (!bound->excluded || bound->value == 0 || bound->value >= INTEGER_ABOVE) return;
    for (uint64_t rest = bound->integer; n > 0 && (rest || n == PRECISE_MAX); rest /= 10) n--;
    if (n < m->n_fraction) m->n_fraction = n;
}

/* Numbers from 0 upwards between two such bounds. */
static int32_t magnitudes_write(struct grammar_builder *b, double min, bool min_excluded,
                                double max, bool max_excluded)
{
    struct magnitudes m = { .b = b, .n_fraction = JSON_NUMBER_FRACTION_MAX };
    int32_t nodes[3], n = 0;
    if (min > max || (min == max && (min_excluded || max_excluded))) return grammar_never(b);
    read_bound(&m.min, min, min_excluded);
    read_bound(&m.max, max, max_excluded);
    limit_fraction(&m, &m.min);
    limit_fraction(&m, &m.max);
    if (min < INTEGER_ABOVE) nodes[n++] = plain_range(&m);
    if (min == 0 && max > SMALL_BELOW) nodes[n++] = with_exponent(b, "e-", 5);
    if (isinf(max) && min < LARGE_FROM) nodes[n++] = with_exponent(b, "e+", 16);
    return grammar_alt(b, (size_t)n, nodes);
}

/* As a person may write it: any exponent, if the result fits a double. */
static int32_t any_number(struct grammar_builder *b)
{
    int32_t minus = grammar_optional(b, text(b, "-"));
    int32_t signs = grammar_chars(b, (const struct grammar_range[]){ { '+', '+' }, { '-', '-' } },
                                  2, false);
    int32_t letter = grammar_chars(b, (const struct grammar_range[]){ { 'E', 'E' }, { 'e', 'e' } },
                                   2, false);
    int32_t exponents[] = {
        digits_any(b, 1, 2),
        two(b, digits_from_to(b, '0', '2'), digits_any(b, 2, 2)),
        two(b, text(b, "30"), digits_from_to(b, '0', '7')),
    };
    int32_t with[] = { digits_any(b, 1, 1),
                       grammar_optional(b, two(b, text(b, "."), digits_any(b, 1, MANTISSA_MAX))),
                       letter, grammar_optional(b, signs), grammar_alt(b, 3, exponents) };
    int32_t without = two(
        b, digits_between(b, 0, JSON_INTEGER_LAST, 1),
        grammar_optional(b, two(b, text(b, "."), digits_any(b, 1, JSON_NUMBER_FRACTION_MAX))));
    return two(b, minus, either(b, without, grammar_seq(b, 5, with)));
}

int32_t json_number_write(struct grammar_builder *b, const struct json_numbers *range)
{
    double min = range->min, max = range->max;
    int32_t nodes[2], n = 0;
    if (isinf(min) && isinf(max) && min < max) return any_number(b);
    if (max > 0 || (max == 0 && !range->max_excluded))
        nodes[n++] = magnitudes_write(b, min > 0 ? min : 0, min >= 0 && range->min_excluded, max,
                                      range->max_excluded);
    if (min < 0)
        nodes[n++] = two(b, text(b, "-"),
                         magnitudes_write(b, max < 0 ? -max : 0, max <= 0 && range->max_excluded,
                                          -min, range->min_excluded));
    return grammar_alt(b, (size_t)n, nodes);
}
