/* json_texts - one of many texts: the values of an enum, the names of an object.
 *
 *     struct json_texts t;
 *     json_texts_init(&t, b);
 *     json_texts_value(&t, value); ...
 *     int32_t node = json_texts_write(&t);
 *     json_texts_release(&t);
 *
 * Alternatives of literal texts, which the compiler turns into the smallest automaton (texts.c): a
 * hundred thousand cost little more than their bytes. What fails is remembered by the builder.
 */
#ifndef TIRO_GRAMMAR_JSON_TEXTS_H
#define TIRO_GRAMMAR_JSON_TEXTS_H

#include "grammar/array.h"
#include "grammar/build.h"
#include "grammar/json_text.h"

struct json_texts {
    struct grammar_builder *b;
    ARRAY(int32_t) nodes; /* One a text. */
    struct buf text;      /* The one that is being written. */
};

void json_texts_init(struct json_texts *t, struct grammar_builder *b);
void json_texts_release(struct json_texts *t);
void json_texts_value(struct json_texts *t, const json_t *value); /* Its canonical text. */
void json_texts_content(struct json_texts *t, struct slice s);    /* A string's, without quotes. */
/* grammar_never if there are none. */
int32_t json_texts_write(struct json_texts *t);

#endif
