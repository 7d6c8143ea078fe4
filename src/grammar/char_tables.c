#include "grammar/char_tables.h"

#include <stdlib.h>
#include <utf8proc.h>

/* The last character with a case lies in the first two planes. */
enum { CASED_END = 0x20000 };

struct category_row {
    const char *brief, *name;
    uint32_t mask;
};

#define BIT(category) (1u << UTF8PROC_CATEGORY_##category)
#define LETTER_CASED  (BIT(LU) | BIT(LL) | BIT(LT))
#define SYMBOL        (BIT(SM) | BIT(SC) | BIT(SK) | BIT(SO))
#define PUNCTUATION   (BIT(PC) | BIT(PD) | BIT(PS) | BIT(PE) | BIT(PI) | BIT(PF) | BIT(PO))
#define OTHER         (BIT(CC) | BIT(CF) | BIT(CN) | BIT(CO) | BIT(CS))

static const struct category_row rows[] = {
    { "L", "Letter", LETTER_CASED | BIT(LM) | BIT(LO) },
    { "LC", "Cased_Letter", LETTER_CASED },
    { "Lu", "Uppercase_Letter", BIT(LU) },
    { "Ll", "Lowercase_Letter", BIT(LL) },
    { "Lt", "Titlecase_Letter", BIT(LT) },
    { "Lm", "Modifier_Letter", BIT(LM) },
    { "Lo", "Other_Letter", BIT(LO) },
    { "M", "Mark", BIT(MN) | BIT(MC) | BIT(ME) },
    { "Mn", "Nonspacing_Mark", BIT(MN) },
    { "Mc", "Spacing_Mark", BIT(MC) },
    { "Me", "Enclosing_Mark", BIT(ME) },
    { "N", "Number", BIT(ND) | BIT(NL) | BIT(NO) },
    { "Nd", "Decimal_Number", BIT(ND) },
    { "Nl", "Letter_Number", BIT(NL) },
    { "No", "Other_Number", BIT(NO) },
    { "P", "Punctuation", PUNCTUATION },
    { "Pc", "Connector_Punctuation", BIT(PC) },
    { "Pd", "Dash_Punctuation", BIT(PD) },
    { "Ps", "Open_Punctuation", BIT(PS) },
    { "Pe", "Close_Punctuation", BIT(PE) },
    { "Pi", "Initial_Punctuation", BIT(PI) },
    { "Pf", "Final_Punctuation", BIT(PF) },
    { "Po", "Other_Punctuation", BIT(PO) },
    { "S", "Symbol", SYMBOL },
    { "Sm", "Math_Symbol", BIT(SM) },
    { "Sc", "Currency_Symbol", BIT(SC) },
    { "Sk", "Modifier_Symbol", BIT(SK) },
    { "So", "Other_Symbol", BIT(SO) },
    { "Z", "Separator", BIT(ZS) | BIT(ZL) | BIT(ZP) },
    { "Zs", "Space_Separator", BIT(ZS) },
    { "Zl", "Line_Separator", BIT(ZL) },
    { "Zp", "Paragraph_Separator", BIT(ZP) },
    { "C", "Other", OTHER },
    { "Cc", "Control", BIT(CC) },
    { "Cf", "Format", BIT(CF) },
    { "Cn", "Unassigned", BIT(CN) },
    { "Co", "Private_Use", BIT(CO) },
    { "Cs", "Surrogate", BIT(CS) },
    { "Any", "Any", UINT32_MAX },
    { "Assigned", "Assigned", ~BIT(CN) },
};

bool char_category(uint32_t *ret_mask, struct slice name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!slice_is(name, rows[i].brief) && !slice_is(name, rows[i].name)) continue;
        *ret_mask = rows[i].mask;
        return true;
    }
    return false;
}

void char_tables_release(struct char_tables *t)
{
    mem_free(t->runs.at);
    mem_free(t->folds.at);
    *t = (struct char_tables){ 0 };
}

static uint32_t category_of(uint32_t c)
{
    return (uint32_t)utf8proc_category((utf8proc_int32_t)c);
}

static bool make_runs(struct char_tables *t)
{
    struct char_run run = { 0, 0, category_of(0) };
    for (uint32_t c = 1; c <= CHAR_MAX_POINT; c++) {
        if (category_of(c) != run.category) {
            if (!ARRAY_ADD(t->runs, run)) return false;
            run = (struct char_run){ c, c, category_of(c) };
        }
        run.last = c;
    }
    return ARRAY_ADD(t->runs, run);
}

void char_tables_add_category(struct char_tables *t, struct char_set *set, uint32_t mask)
{
    if (t->runs.n == 0 && !make_runs(t)) set->failed = true; /* The pattern is given up. */
    t->work += t->runs.n;
    for (size_t i = 0; i < t->runs.n; i++) {
        const struct char_run *run = &t->runs.at[i];
        if (mask >> run->category & 1) char_set_add(set, run->first, run->last);
    }
}

/* utf8proc folds fully; where that is more than one character, the simple folding is the lower case
 * (CaseFolding.txt's rows S), save for U+0130, which has none. */
static uint32_t fold_of(uint32_t c)
{
    utf8proc_int32_t out[8];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, out, 8, UTF8PROC_CASEFOLD,
                                                 &boundary);
    if (n == 1) return (uint32_t)out[0];
    return c == 0x130 ? c : (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

static int by_to(const void *a, const void *b)
{
    const struct char_fold *x = a, *y = b;
    if (x->to != y->to) return x->to > y->to ? 1 : -1;
    return (x->from > y->from) - (x->from < y->from);
}

static bool make_folds(struct char_tables *t)
{
    for (uint32_t c = 0; c < CASED_END; c++) {
        uint32_t to = fold_of(c);
        if (to != c && !ARRAY_ADD(t->folds, (struct char_fold){ to, c })) return false;
    }
    qsort(t->folds.at, t->folds.n, sizeof *t->folds.at, by_to);
    return true;
}

/* What most patterns have needs no table. */
static void add_ascii_cases(struct char_set *set)
{
    static const struct {
        uint32_t letter, equal;
    } others[] = { { 'k', 0x212A }, { 's', 0x17F } }; /* Kelvin sign, long s */
    bool has[26];
    for (uint32_t i = 0; i < 26; i++)
        has[i] = char_set_has(set, 'a' + i) || char_set_has(set, 'A' + i);
    for (uint32_t i = 0; i < 26; i++) {
        if (!has[i]) continue;
        char_set_add(set, 'a' + i, 'a' + i);
        char_set_add(set, 'A' + i, 'A' + i);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (has[others[i].letter - 'a']) char_set_add(set, others[i].equal, others[i].equal);
    char_set_tidy(set);
}

void char_tables_add_cases(struct char_tables *t, struct char_set *set)
{
    char_set_tidy(set);
    if (set->len == 0 || set->at[set->len - 1].last < 0x80) {
        add_ascii_cases(set);
        return;
    }
    if (t->folds.n == 0 && !make_folds(t)) set->failed = true; /* The pattern is given up. */
    if (set->failed) return;
    t->work += t->folds.n;
    struct char_set more = { 0 };
    const struct char_fold *folds = t->folds.at;
    for (size_t i = 0, end; i < t->folds.n; i = end) {
        bool has = char_set_has(set, folds[i].to);
        for (end = i; end < t->folds.n && folds[end].to == folds[i].to; end++)
            has |= char_set_has(set, folds[end].from);
        if (!has) continue;
        char_set_add(&more, folds[i].to, folds[i].to);
        for (size_t k = i; k < end; k++) char_set_add(&more, folds[k].from, folds[k].from);
    }
    char_set_add_set(set, &more);
    char_set_release(&more);
    char_set_tidy(set);
}
