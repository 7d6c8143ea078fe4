/* Added tokens in text: a sorted list that narrows byte by byte, so that a position costs at most
 * length times log of the list, whatever the vocabulary says. */
#include "engine/tokenizer_family.h"

#include <assert.h>
#include <stdlib.h>

int added_set_init(struct added_set *set, struct arena *a, size_t cap)
{
    *set = (struct added_set){ .at = ARENA_NEWS(a, cap + 1, struct added_token) };
    return set->at ? 0 : -ERR_NO_MEMORY;
}

void added_set_add(struct added_set *set, struct added_token token)
{
    assert(token.text.len > 0);
    set->at[set->len++] = token;
    set->begins[(unsigned char)token.text.ptr[0]] = true;
}

static int by_text(const void *pa, const void *pb)
{
    const struct added_token *a = pa, *b = pb;
    size_t n = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = memcmp(a->text.ptr, b->text.ptr, n);
    return order ? order : (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

void added_set_sort(struct added_set *set)
{
    if (set->len == 0) return;
    qsort(set->at, set->len, sizeof *set->at, by_text);
    /* Two may have become one text by normalisation: the search needs all to differ. */
    size_t kept = 1;
    for (size_t i = 1; i < set->len; i++)
        if (!slice_eq(set->at[i].text, set->at[kept - 1].text)) set->at[kept++] = set->at[i];
    set->len = kept;
}

/* The end of the trusted bytes that text[i] is among (as far as a token can reach), or i when it is
 * not. i must not go back. */
static size_t trusted_until(struct trust *trust, size_t i, size_t len)
{
    if (trust->kind == TRUST_NONE) return i;
    if (trust->kind == TRUST_ALL) return len;
    while (trust->at < trust->n && trust->spans[trust->at].to <= i) trust->at++;
    if (trust->at == trust->n || trust->spans[trust->at].from > i) return i;
    size_t end = trust->spans[trust->at].to;
    for (size_t k = trust->at + 1; k < trust->n && trust->spans[k].from == end; k++) {
        if (end - i >= TOKEN_LEN_MAX) break;
        end = trust->spans[k].to;
    }
    return end;
}

/* First in at[lo..hi) whose byte at `depth` is not below `byte`; all are longer than depth. */
static size_t lower_bound(const struct added_set *set, size_t lo, size_t hi, size_t depth, int byte)
{
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if ((unsigned char)set->at[mid].text.ptr[depth] < byte)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The longest added token at text[i] that may stand there, or NULL. */
static const struct added_token *longest_at(const struct added_set *set, struct slice text,
                                            size_t i, struct trust *trust)
{
    const struct added_token *best = NULL;
    size_t lo = 0, hi = set->len, trusted = trusted_until(trust, i, text.len);
    for (size_t depth = 0; lo < hi && i + depth < text.len; depth++) {
        int byte = (unsigned char)text.ptr[i + depth];
        lo = lower_bound(set, lo, hi, depth, byte);
        hi = lower_bound(set, lo, hi, depth, byte + 1);
        if (lo == hi) break;
        /* The one that ends here sorts first. */
        const struct added_token *first = &set->at[lo];
        if (first->text.len == depth + 1) {
            if (!first->control || i + depth + 1 <= trusted) best = first;
            lo++;
        }
    }
    return best;
}

static size_t strip_left(const uint8_t *classes, struct slice text, size_t from, size_t i)
{
    while (i > from) {
        size_t k = i - 1;
        while (k > from && ((unsigned char)text.ptr[k] & 0xC0) == 0x80) k--;
        uint32_t c;
        unicode_at(&c, text.ptr, text.len, k);
        if (!(classes[c] & CLASS_SPACE)) break;
        i = k;
    }
    return i;
}

static size_t strip_right(const uint8_t *classes, struct slice text, size_t i)
{
    while (i < text.len) {
        uint32_t c;
        size_t n = unicode_at(&c, text.ptr, text.len, i);
        if (!(classes[c] & CLASS_SPACE)) break;
        i += n;
    }
    return i;
}

bool added_find(struct added_match *ret, const struct added_set *set, const uint8_t *classes,
                struct slice text, size_t from, struct trust *trust)
{
    if (set->len == 0) return false;
    for (size_t i = from; i < text.len; i++) {
        if (!set->begins[(unsigned char)text.ptr[i]]) continue;
        const struct added_token *token = longest_at(set, text, i, trust);
        if (!token) continue;
        *ret = (struct added_match){ i, i + token->text.len, token->id };
        if (token->flags & ADDED_LSTRIP) ret->from = strip_left(classes, text, from, i);
        if (token->flags & ADDED_RSTRIP) ret->to = strip_right(classes, text, ret->to);
        return true;
    }
    return false;
}
