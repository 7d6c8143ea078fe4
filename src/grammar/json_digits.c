#include "grammar/json_digits.h"

#include "base/seam.h"
#include "grammar/expr.h"
#include "grammar/json_number.h"

#include <assert.h>

/* Multiples: what is behind some digits must make up for the rest that they leave. `free` remembers
 * the rule for k digits that must be `rest` below a multiple. */
struct digits {
    struct grammar_builder *b;
    uint64_t multiple;
    uint64_t weight[DIGITS_MAX]; /* [k]: 10^k modulo multiple */
    int32_t *free; /* [k * multiple + rest]: expression or UNMADE; NULL: all numbers */
};

enum { UNMADE = -2 };

static int32_t two(struct grammar_builder *b, int32_t first, int32_t second)
{
    return grammar_seq(b, 2, (int32_t[]){ first, second });
}

int32_t digits_from_to(struct grammar_builder *b, char first, char last)
{
    assert(first <= last);
    if (first == last) return grammar_text(b, (struct slice){ &first, 1 });
    return grammar_chars(b, &(struct grammar_range){ (uint8_t)first, (uint8_t)last }, 1, false);
}

int32_t digits_any(struct grammar_builder *b, int32_t min, int32_t max)
{
    return grammar_repeat(b, digits_from_to(b, '0', '9'), min, max);
}

static uint64_t add_rest(const struct digits *d, uint64_t rest, int digit, int weight)
{
    return (rest + (uint64_t)digit * d->weight[weight]) % d->multiple;
}

/* Any k digits with which `rest`, that of the digits before them at their weights, becomes 0. */
static int32_t free_digits(struct digits *d, int k, uint64_t rest)
{
    if (!d->free) return digits_any(d->b, k, k);
    if (k == 0) return rest == 0 ? grammar_empty(d->b) : grammar_never(d->b);
    int32_t *known = &d->free[(uint64_t)k * d->multiple + rest];
    if (*known != UNMADE) return *known;
    int32_t nodes[10], n = 0;
    for (int digit = 0; digit < 10; digit++) {
        uint64_t then = add_rest(d, rest, digit, k - 1);
        if (k == 1 && then != 0) continue;
        nodes[n++] = two(d->b, digits_from_to(d->b, (char)('0' + digit), (char)('0' + digit)),
                         free_digits(d, k - 1, then));
    }
    int32_t rule = grammar_rule(d->b, SLICE("multiple"));
    grammar_rule_set(d->b, rule, grammar_alt(d->b, (size_t)n, nodes));
    *known = grammar_use(d->b, rule);
    return *known;
}

/* A digit from first to last, and then any k digits. */
static int32_t then_free(struct digits *d, char first, char last, int k, uint64_t rest)
{
    int32_t nodes[10], n = 0;
    if (first > last) return grammar_never(d->b);
    if (!d->free) return two(d->b, digits_from_to(d->b, first, last), free_digits(d, k, 0));
    for (char c = first; c <= last; c++)
        nodes[n++] = two(d->b, digits_from_to(d->b, c, c),
                         free_digits(d, k, add_rest(d, rest, c - '0', k)));
    return grammar_alt(d->b, (size_t)n, nodes);
}

/* n digits from `text` upwards (up), or up to it. */
static int32_t bounded(struct digits *d, const char *text, int n, uint64_t rest, bool up)
{
    if (n == 0) return free_digits(d, 0, rest);
    char digit = *text;
    uint64_t then = add_rest(d, rest, digit - '0', n - 1);
    int32_t nodes[] = {
        two(d->b, digits_from_to(d->b, digit, digit), bounded(d, text + 1, n - 1, then, up)),
        up ? then_free(d, (char)(digit + 1), '9', n - 1, rest)
           : then_free(d, '0', (char)(digit - 1), n - 1, rest),
    };
    return grammar_alt(d->b, 2, nodes);
}

/* n digits from `min` to `max`, which have as many. */
static int32_t same_length(struct digits *d, const char *min, const char *max, int n, uint64_t rest)
{
    if (n == 0) return free_digits(d, 0, rest);
    uint64_t then = add_rest(d, rest, *min - '0', n - 1);
    int32_t first = digits_from_to(d->b, *min, *min), last = digits_from_to(d->b, *max, *max);
    if (*min == *max) return two(d->b, first, same_length(d, min + 1, max + 1, n - 1, then));
    uint64_t then_max = add_rest(d, rest, *max - '0', n - 1);
    int32_t nodes[] = {
        two(d->b, first, bounded(d, min + 1, n - 1, then, true)),
        then_free(d, (char)(*min + 1), (char)(*max - 1), n - 1, rest),
        two(d->b, last, bounded(d, max + 1, n - 1, then_max, false)),
    };
    return grammar_alt(d->b, 3, nodes);
}

static int to_text(char text[DIGITS_MAX], uint64_t value)
{
    int n = 0;
    for (uint64_t rest = value; n == 0 || rest; rest /= 10) n++;
    for (int i = n; i-- > 0; value /= 10) text[i] = (char)('0' + value % 10);
    return n;
}

/* 1 and n - 1 zeros, or n nines. */
static const char *round_text(char digit, char text[DIGITS_MAX], int n)
{
    memset(text, digit == '1' ? '0' : '9', (size_t)n);
    text[0] = digit;
    return text;
}

/* By length; those of which all numbers are meant are one alternative. */
static int32_t by_length(struct digits *d, uint64_t min, uint64_t max)
{
    char from[DIGITS_MAX], to[DIGITS_MAX], low[DIGITS_MAX], high[DIGITS_MAX];
    int n_from = to_text(from, min), n_to = to_text(to, max), n = 0;
    int32_t nodes[DIGITS_MAX + 1];
    int whole_from = 0, whole_to = 0;
    for (int len = n_from; len <= n_to; len++) {
        const char *a = len == n_from ? from : round_text('1', low, len);
        const char *c = len == n_to ? to : round_text('9', high, len);
        bool whole = memcmp(a, round_text('1', low, len), (size_t)len) == 0 &&
                     memcmp(c, round_text('9', high, len), (size_t)len) == 0;
        if (whole && !d->free) {
            if (whole_from == 0) whole_from = len;
            whole_to = len;
        } else {
            nodes[n++] = same_length(d, a, c, len, 0);
        }
    }
    if (whole_from)
        nodes[n++] = two(d->b, digits_from_to(d->b, '1', '9'),
                         digits_any(d->b, whole_from - 1, whole_to - 1));
    return grammar_alt(d->b, (size_t)n, nodes);
}

int32_t digits_between(struct grammar_builder *b, uint64_t min, uint64_t max, uint64_t multiple)
{
    struct digits d = { .b = b, .multiple = multiple ? multiple : 1 };
    size_t n = (size_t)DIGITS_MAX * d.multiple;
    if (min > max) return grammar_never(b);
    assert(d.multiple <= JSON_MULTIPLE_MAX);
    d.weight[0] = 1 % d.multiple;
    for (int k = 1; k < DIGITS_MAX; k++) d.weight[k] = d.weight[k - 1] * 10 % d.multiple;
    if (d.multiple > 1) {
        d.free = mem_alloc(n * sizeof *d.free);
        if (!d.free) return builder_no_memory(b);
        for (size_t i = 0; i < n; i++) d.free[i] = UNMADE;
    }
    int32_t node = by_length(&d, min, max);
    mem_free(d.free);
    return node;
}
