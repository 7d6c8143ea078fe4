/* char_tables - what Unicode says about characters: general categories, and which are the same but
 * for their case.
 *
 *     struct char_tables t = { 0 };
 *     uint32_t mask;
 *     if (char_category(&mask, SLICE("Lu"))) char_tables_add_category(&t, &set, mask);
 *     char_tables_add_cases(&t, &set);
 *     char_tables_release(&t);
 *
 * A table is made when it is first asked for, and belongs to the pattern that is being read; no
 * memory sets `set->failed`. Case is by simple folding (CaseFolding.txt, C and S), as ECMA 262 has
 * it with the flags i and u.
 */
#ifndef TIRO_GRAMMAR_CHAR_TABLES_H
#define TIRO_GRAMMAR_CHAR_TABLES_H

#include "grammar/array.h"
#include "grammar/char_set.h"

struct char_run { /* Neighbours of one category. */
    uint32_t first, last, category;
};

struct char_fold {
    uint32_t to, from; /* to: the character that stands for all that are equal. */
};

struct char_tables {
    ARRAY(struct char_run) runs;   /* Ascending. */
    ARRAY(struct char_fold) folds; /* Ascending by what they fold to. */
    uint64_t work; /* Rows looked at so far: a reader of untrusted patterns bounds it. */
};

void char_tables_release(struct char_tables *t);
/* By its short or long name ("Lu", "Uppercase_Letter", "L", "Letter"), one bit a category. */
bool char_category(uint32_t *ret_mask, struct slice name);
void char_tables_add_category(struct char_tables *t, struct char_set *set, uint32_t mask);
/* Adds all that equal a member but for the case; tidies. */
void char_tables_add_cases(struct char_tables *t, struct char_set *set);

#endif
