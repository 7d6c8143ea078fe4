#include "engine/tokenizer_unicode.h"

#include "base/seam.h"

#include <assert.h>
#include <utf8proc.h>

static void classes_add(uint8_t *classes, const struct unicode_range *r, size_t n, uint8_t bit)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t c = r[i].from; c <= r[i].to; c++) classes[c] |= bit;
}

uint8_t *unicode_classes_new(void)
{
    uint8_t *c = mem_calloc(UNICODE_POINTS, 1);
    if (!c) return NULL;
    classes_add(c, unicode_letter, unicode_letter_len, CLASS_LETTER);
    classes_add(c, unicode_number, unicode_number_len, CLASS_NUMBER);
    classes_add(c, unicode_space, unicode_space_len, CLASS_SPACE);
    classes_add(c, unicode_numeric, unicode_numeric_len, CLASS_NUMERIC);
    classes_add(c, unicode_bert_punct, unicode_bert_punct_len, CLASS_PUNCT);
    classes_add(c, unicode_bert_control, unicode_bert_control_len, CLASS_CONTROL);
    classes_add(c, unicode_bert_accent, unicode_bert_accent_len, CLASS_ACCENT);
    classes_add(c, unicode_bert_chinese, unicode_bert_chinese_len, CLASS_CHINESE);
    return c;
}

uint32_t unicode_lower(uint32_t c)
{
    size_t lo = 0, hi = unicode_lower_runs_len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const struct unicode_lower_run *r = &unicode_lower_runs[mid];
        if (c > r->to) {
            lo = mid + 1;
        } else if (c < r->from) {
            hi = mid;
        } else {
            return (c - r->from) % r->step == 0 ? (uint32_t)((int32_t)c + r->delta) : c;
        }
    }
    return c;
}

static bool reorders(uint32_t c)
{
    size_t lo = 0, hi = unicode_reorders_len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c > unicode_reorders[mid].to)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < unicode_reorders_len && c >= unicode_reorders[lo].from;
}

static utf8proc_propval_t combining_class(int32_t c)
{
    return utf8proc_get_property(c)->combining_class;
}

enum {
    /* The one pair that composes since Unicode 13, unknown to Hugging Face's tables: the vowel sign
     * O of Dives Akuru, and its second half, which has no combining class. */
    DIVES_AKURU_O = 0x11938,
    DIVES_AKURU_AA = 0x11930,
};

/* Marks that utf8proc orders or composes but Hugging Face's older tables do not know. */
static bool opaque(uint32_t c)
{
    return c == DIVES_AKURU_AA || (combining_class((int32_t)c) > 0 && !reorders(c));
}

bool unicode_may_change(struct slice text)
{
    /* No code point below U+0300 changes or composes: all of them begin with a byte below 0xCC. */
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0xCC) return true;
    return false;
}

void points_release(struct points *p)
{
    mem_free(p->at);
    *p = (struct points){ 0 };
}

/* Room for `more` in all beyond len. */
static int points_reserve(struct points *p, size_t more)
{
    if (p->cap - p->len >= more) return 0;
    size_t cap = p->cap ? p->cap : 64;
    while (cap - p->len < more) cap *= 2;
    int32_t *grown = mem_realloc(p->at, cap * sizeof *grown);
    if (!grown) return -ERR_NO_MEMORY;
    p->at = grown;
    p->cap = cap;
    return 0;
}

/* Stable sort of marks by combining class: by insertion when few, else by counting classes, so that
 * a page of marks costs linear time. `spare` has room for n. */
static void order_marks(int32_t *at, size_t n, int32_t *spare)
{
    if (n <= 16) {
        for (size_t i = 1; i < n; i++) {
            int32_t c = at[i];
            size_t k = i;
            for (; k > 0 && combining_class(at[k - 1]) > combining_class(c); k--) at[k] = at[k - 1];
            at[k] = c;
        }
        return;
    }
    size_t start[257] = { 0 };
    for (size_t i = 0; i < n; i++) start[(combining_class(at[i]) & 255) + 1]++;
    for (size_t k = 1; k < 257; k++) start[k] += start[k - 1];
    for (size_t i = 0; i < n; i++) spare[start[combining_class(at[i]) & 255]++] = at[i];
    memcpy(at, spare, n * sizeof *at);
}

/* Canonical ordering of points[from..]; opaque marks stand still. */
static int order(struct points *p, size_t from)
{
    for (size_t i = from; i < p->len;) {
        size_t end = i;
        while (end < p->len && combining_class(p->at[end]) > 0 && !opaque((uint32_t)p->at[end]))
            end++;
        if (end - i > 1) {
            TRY(points_reserve(p, end - i));
            order_marks(p->at + i, end - i, p->at + p->len);
        }
        i = end + 1;
    }
    return 0;
}

int unicode_decompose(struct points *ret, struct slice text)
{
    enum { ONE_MAX = 32 }; /* The longest canonical decomposition is 4. */
    ret->len = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t c;
        i += unicode_at(&c, text.ptr, text.len, i);
        TRY(points_reserve(ret, ONE_MAX));
        int boundary = 0;
        utf8proc_ssize_t n = 1;
        ret->at[ret->len] = (int32_t)c;
        if (c >= 0xC0 && c != DIVES_AKURU_O)
            n = utf8proc_decompose_char((int32_t)c, ret->at + ret->len, ONE_MAX,
                                        UTF8PROC_DECOMPOSE | UTF8PROC_STABLE, &boundary);
        assert(n > 0 && n <= ONE_MAX);
        ret->len += (size_t)n;
    }
    return order(ret, 0);
}

/* Composes points[from..to) in place and appends them. */
static void compose_add(struct buf *out, int32_t *at, size_t n)
{
    if (n > 1) {
        utf8proc_ssize_t m = utf8proc_normalize_utf32(at, (utf8proc_ssize_t)n,
                                                      UTF8PROC_COMPOSE | UTF8PROC_STABLE);
        assert(m >= 0 && (size_t)m <= n);
        n = (size_t)m;
    }
    for (size_t i = 0; i < n; i++) {
        char enc[UTF8_BYTES_MAX];
        buf_add(out, enc, utf8_encode(enc, (uint32_t)at[i]));
    }
}

int unicode_compose(struct buf *out, struct points *scratch, struct slice text)
{
    TRY(unicode_decompose(scratch, text));
    /* An opaque mark composes with nothing and nothing composes across it. */
    for (size_t i = 0; i < scratch->len;) {
        size_t end = i;
        while (end < scratch->len && !opaque((uint32_t)scratch->at[end])) end++;
        compose_add(out, scratch->at + i, end - i);
        if (end < scratch->len) compose_add(out, scratch->at + end++, 1);
        i = end;
    }
    return out->failed ? -ERR_NO_MEMORY : 0;
}
