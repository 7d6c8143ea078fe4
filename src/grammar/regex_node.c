/* What characters of a pattern become in the text: themselves, or their shortest writing in a JSON
 * string. */
#include "grammar/regex_reader.h"

#include "base/json.h"
#include "base/utf8.h"

enum { CONTROLS = 0x20, SURROGATE_FIRST = 0xD800, SURROGATE_LAST = 0xDFFF };

/* What a JSON string cannot hold as it is. */
static bool is_escaped(uint32_t c)
{
    return c < CONTROLS || c == '"' || c == '\\';
}

size_t regex_character_text(const struct regex *r, char out[REGEX_CHARACTER_MAX], uint32_t c)
{
    return r->json && is_escaped(c) ? json_escape(out, (unsigned char)c) : utf8_encode(out, c);
}

/* Takes the escaped characters out of r->set; one expression for each, but none for U+0000, which
 * readers of JSON refuse. */
static size_t take_escaped(struct regex *r, int32_t nodes[CONTROLS + 2])
{
    size_t n = 0;
    for (uint32_t c = 1; c <= '\\'; c++) {
        if (!is_escaped(c) || !char_set_has(&r->set, c)) continue;
        char text[REGEX_CHARACTER_MAX];
        size_t len = regex_character_text(r, text, c);
        nodes[n++] = grammar_text(r->b, (struct slice){ text, len });
    }
    char_set_remove(&r->set, 0, CONTROLS - 1);
    char_set_remove(&r->set, '"', '"');
    char_set_remove(&r->set, '\\', '\\');
    return n;
}

int regex_set_node(struct regex *r, int32_t *ret)
{
    int32_t nodes[CONTROLS + 3];
    size_t n = 0;
    char_set_remove(&r->set, SURROGATE_FIRST, SURROGATE_LAST);
    if (r->json) n = take_escaped(r, nodes);
    if (r->set.failed)
        return err_set(r->err, ERR_NO_MEMORY, "no memory for a class of a regular expression");
    r->n_ranges += r->set.len;
    if (r->n_ranges > REGEX_RANGES_MAX || r->tables.work > REGEX_WORK_MAX)
        return err_set(r->err, ERR_LIMIT,
                       "regular expression, offset %zu: its classes have more than %d ranges or "
                       "take more than %d steps in Unicode's tables; use fewer \\p{...} and "
                       "case-insensitive classes",
                       r->at, REGEX_RANGES_MAX, REGEX_WORK_MAX);
    if (r->set.len > 0) nodes[n++] = grammar_chars(r->b, r->set.at, r->set.len, false);
    if (n == 0)
        *ret = grammar_never(r->b);
    else
        *ret = n == 1 ? nodes[0] : grammar_alt(r->b, n, nodes);
    return 0;
}

int regex_anything(struct regex *r, int32_t *ret)
{
    int32_t any;
    char_set_reset(&r->set);
    char_set_add(&r->set, 0, CHAR_MAX_POINT);
    TRY(regex_set_node(r, &any));
    *ret = grammar_repeat(r->b, any, 0, GRAMMAR_UNBOUNDED);
    return 0;
}
