/* builtin - filters, tests, functions and methods: tables of rows.
 *
 * To add one: write `static int name(struct render *r, struct value *ret, struct call *c)` in the
 * file of its family and add its row to the table at that file's end. `params` names what may be
 * given by position and by name; the first `required` must be. What is not given is KIND_MISSING
 * in c->arg. A `variadic` one finds what is left over in c->rest.
 */
#ifndef TIRO_CHAT_JINJA_BUILTIN_H
#define TIRO_CHAT_JINJA_BUILTIN_H

#include "chat/jinja/render.h"

enum { CALL_ARGS_MAX = 5 };

struct keyword {
    struct value name; /* A string. */
    struct value value;
};

/* The arguments of a call as evaluated. */
struct args {
    const struct value *pos; /* n_pos of them. */
    size_t n_pos;
    const struct keyword *kw; /* n_kw of them. */
    size_t n_kw;
};

struct call {
    const struct builtin *builtin;
    struct value self; /* The value filtered or tested, or the method's object. */
    struct value arg[CALL_ARGS_MAX];
    struct args rest;
};

struct builtin {
    const char *name;
    int (*fn)(struct render *r, struct value *ret, struct call *c);
    const char *params[CALL_ARGS_MAX]; /* "" for one that cannot be given by name. */
    uint8_t required;
    bool variadic;
};

/* Tables end in a row without name. */
extern const struct builtin filters_text[], filters_list[], filters_pick[], filters_number[],
    filters_sort[], tests_all[], functions_all[];
extern const struct builtin methods_str[], methods_str_find[], methods_str_split[],
    methods_str_is[], methods_dict[], methods_list[], methods_loop[], methods_cycler[];

const struct builtin *builtin_filter(struct slice name);
const struct builtin *builtin_test(struct slice name);
const struct builtin *builtin_function(struct slice name);
/* Whether jinja2 has this filter and Tiro refuses it. */
bool builtin_filter_is_refused(struct slice name);
const struct builtin *builtin_in(const struct builtin *table, struct slice name);
/* A method of the object, or NULL. */
const struct builtin *builtin_method(struct value object, struct slice name);
/* Whether Python's type has this method and Tiro refuses it; `unsafe`: jinja2's sandbox does. */
bool builtin_method_is_refused(struct value object, struct slice name, bool *unsafe);

int builtin_call(struct render *r, struct value *ret, const struct builtin *b, struct value self,
                 const struct args *args) MUST_USE;

/* Arguments by type, for use in builtins; `what` for the message. */
int arg_str(struct render *r, const struct str **ret, struct value v, const char *what) MUST_USE;
int arg_int(struct render *r, int64_t *ret, struct value v, int64_t absent) MUST_USE;
bool arg_bool(struct value v, bool absent);
bool arg_given(struct value v); /* Neither missing nor None. */

/* Shared by families. */
int value_call(struct render *r, struct value *ret, struct value callee,
               const struct args *args) MUST_USE;
/* item.a.b.0 by an attribute path as filters take it; a missing path is the item itself. */
int value_path(struct render *r, struct value *ret, struct value item, struct value path) MUST_USE;
int json_dump(struct render *r, struct value *ret, struct call *c) MUST_USE; /* tojson */
int str_format_percent(struct render *r, struct value *ret, const struct str *format,
                       struct value args) MUST_USE;
int str_format_braces(struct render *r, struct value *ret, const struct str *format,
                      const struct args *args) MUST_USE;
int str_replace(struct render *r, struct value *ret, const struct str *s, const struct str *old,
                const struct str *new, int64_t count) MUST_USE;
int str_join(struct render *r, struct value *ret, const struct str *separator,
             const struct list *items, bool convert) MUST_USE;
/* Python's strip: `chars` NULL means whitespace. */
int str_strip(struct render *r, struct value *ret, const struct str *s, const struct str *chars,
              bool left, bool right) MUST_USE;
int str_split_lines(struct render *r, struct value *ret, const struct str *s, bool keep) MUST_USE;
int str_escape(struct render *r, struct value *ret, const struct str *s) MUST_USE; /* for HTML */
/* The same text as markup. */
int str_mark(struct render *r, struct value *ret, const struct str *s) MUST_USE;
int list_sort(struct render *r, struct value *items, struct value *keys, size_t n,
              bool reverse) MUST_USE;
/* Shortest text that reads back, as Python prints floats. out holds FLOAT_TEXT_MAX bytes. */
enum { FLOAT_TEXT_MAX = 40, FLOAT_STEPS = 16 }; /* Steps to charge: it takes microseconds. */
void float_text(char *out, double d);
/* Python's int(text, base) and float(text). */
bool text_to_int(struct slice s, int base, int64_t *ret, bool *overflow);
bool text_to_double(struct slice s, double *ret);

#endif
