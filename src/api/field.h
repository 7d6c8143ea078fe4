/* field - field tables: the one description of what a request may hold.
 *
 * From one table come parsing, validation with OpenAI's error texts, /openapi.json, docs/api.md,
 * the types of web/ and the fuzz dictionary. A row says where the value goes and what is allowed:
 *
 *     struct speech_req { struct field_string model, input; struct field_number speed; };
 *
 *     static const struct field fields[] = {
 *         FIELD_STRING(struct speech_req, model, .required = true, .help = "Model to use."),
 *         FIELD_STRING(struct speech_req, input, .required = true, .len_max = SPEECH_INPUT_MAX,
 *                      .help = "Text to speak."),
 *         FIELD_NUMBER(struct speech_req, speed, .range = { 0.25, 4 }, .def = "1",
 *                      .help = "Playback speed."),
 *         FIELDS_END,
 *     };
 *
 * Every value carries `given`: false when the field was absent (or null where that is allowed); the
 * value is then the row's default, or zero. Strings and JSON values point into the request's
 * document: they live until the handler returns, and what must last is copied.
 */
#ifndef TIRO_API_FIELD_H
#define TIRO_API_FIELD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"

#include <stddef.h>

enum field_kind {
    FIELD_KIND_END, /* ends a table */
    FIELD_KIND_BOOL,
    FIELD_KIND_INT,
    FIELD_KIND_NUMBER,
    FIELD_KIND_STRING,
    FIELD_KIND_ENUM,    /* a string, one of .names; the value is its index */
    FIELD_KIND_STRINGS, /* a string or an array of strings (stop) */
    FIELD_KIND_OBJECT,  /* one object of the table .fields */
    FIELD_KIND_OBJECTS, /* an array of such objects */
    FIELD_KIND_CONTENT, /* a string, or an array of such objects (message content) */
    FIELD_KIND_INCLUDE, /* the rows of .fields belong to this table; for fields that tables share */
    FIELD_KIND_JSON,    /* any JSON of the types in .types; the handler reads it */
};

/* For field.types: which JSON types a FIELD_KIND_JSON row takes. */
enum field_types {
    FIELD_TYPE_STRING = 1,
    FIELD_TYPE_ARRAY = 2,
    FIELD_TYPE_OBJECT = 4,
    FIELD_TYPE_NUMBER = 8,
    FIELD_TYPE_BOOL = 16,
};

struct field_bool {
    bool value, given;
};
struct field_int {
    int64_t value;
    bool given;
};
struct field_number {
    double value;
    bool given;
};
struct field_string {
    struct slice value;
    bool given;
};
struct field_enum {
    int value; /* index into the row's names; -1 when absent without a default */
    bool given;
};
struct field_strings {
    struct slice *items;
    size_t n;
    bool given;
};
struct field_object {
    void *value; /* struct of the sub-table, or NULL when absent */
    bool given;
};
struct field_objects {
    void *items; /* n structs of .size bytes each */
    size_t n;
    bool given;
};
struct field_content {
    struct slice text; /* when it was a string */
    void *items;       /* else n structs of .size bytes */
    size_t n;
    bool is_text, given;
};
struct field_json {
    const json_t *value; /* NULL when absent */
    bool given;
};

struct field_range {
    double min, max; /* both 0: no limits */
};

struct field {
    const char *name;
    enum field_kind kind;
    unsigned offset; /* of the struct field_* in the request struct */
    bool required, deprecated;
    bool not_null;  /* null is an error; else it counts as absent */
    bool nullable;  /* answers only: may be null */
    bool answer;    /* the row describes an answer (ANSWER) */
    bool extension; /* ours, not OpenAI's */
    bool ignored;   /* accepted and without effect here; .help says why that is harmless */
    struct field_range range;   /* INT, NUMBER: the least and greatest value, both allowed */
    size_t len_min, len_max;    /* STRING: bytes; STRINGS, OBJECTS, JSON: items. len_max 0: none */
    size_t item_len_max;        /* STRINGS: bytes of each string; 0: none */
    const char *def;            /* default as JSON text, or NULL */
    const char *const *names;   /* ENUM: NULL-terminated */
    const struct field *fields; /* OBJECT, OBJECTS */
    size_t size;                /* OBJECT, OBJECTS: of the struct that .fields fills */
    unsigned types;             /* JSON: FIELD_TYPE_* */
    const char *schema;         /* JSON: its JSON Schema, as text, for /openapi.json; may be NULL */
    /* JSON array text of the only values accepted, e.g. "[false]"; any other is refused as
     * unsupported, and `instead` says what to do. "[]" refuses every value but null. */
    const char *only;
    const char *instead;
    const char *help; /* a sentence or two */
};

/* clang-format off */
/* The sizeof checks that the member has the type that the kind fills. */
#define FIELD_AT_(s, m, k, t, ...)                                                                 \
    { .name = #m, .kind = FIELD_KIND_##k,                                                          \
      .offset = offsetof(s, m) + 0 * sizeof((struct field_##t *)0 == &((s *)0)->m), __VA_ARGS__ }
#define FIELD_BOOL(s, m, ...)    FIELD_AT_(s, m, BOOL, bool, __VA_ARGS__)
#define FIELD_INT(s, m, ...)     FIELD_AT_(s, m, INT, int, __VA_ARGS__)
#define FIELD_NUMBER(s, m, ...)  FIELD_AT_(s, m, NUMBER, number, __VA_ARGS__)
#define FIELD_STRING(s, m, ...)  FIELD_AT_(s, m, STRING, string, __VA_ARGS__)
#define FIELD_ENUM(s, m, ...)    FIELD_AT_(s, m, ENUM, enum, __VA_ARGS__)
#define FIELD_STRINGS(s, m, ...) FIELD_AT_(s, m, STRINGS, strings, __VA_ARGS__)
#define FIELD_OBJECT(s, m, ...)  FIELD_AT_(s, m, OBJECT, object, __VA_ARGS__)
#define FIELD_OBJECTS(s, m, ...) FIELD_AT_(s, m, OBJECTS, objects, __VA_ARGS__)
#define FIELD_CONTENT(s, m, ...) FIELD_AT_(s, m, CONTENT, content, __VA_ARGS__)
#define FIELD_JSON(s, m, ...)    FIELD_AT_(s, m, JSON, json, __VA_ARGS__)
/* The shared table `t` fills the member `m` of the struct. */
#define FIELD_INCLUDE(s, m, t)                                                                     \
    { .name = "", .kind = FIELD_KIND_INCLUDE, .offset = offsetof(s, m), .fields = (t) }
/* A row of a table that describes an answer; nothing is parsed with it. */
#define ANSWER(n, k, ...)                                                                          \
    { .name = (n), .kind = FIELD_KIND_##k, .required = true, .answer = true, __VA_ARGS__ }
/* ... of what is not always there. */
#define ANSWER_MAYBE(n, k, ...)                                                                    \
    { .name = (n), .kind = FIELD_KIND_##k, .answer = true, __VA_ARGS__ }
#define FIELDS_END               { .kind = FIELD_KIND_END }
/* clang-format on */

/* Fills *ret (of the table's struct, zeroed by the caller) from `object`, which stands at `path` of
 * the request ("" for the body, "messages[0]"). Errors carry OpenAI's code, text and param; unknown
 * names are refused. Lists come from `arena`. */
int fields_parse(void *ret, const struct field *fields, const json_t *object, const char *path,
                 struct arena *arena, struct err *err) MUST_USE;

/* What was given, in the arena; "" where nothing was. */
struct slice field_keep_string(const struct field_string *field, struct arena *arena);
/* Of what is written anew from a request; never reached: a body is smaller, whatever is escaped. */
enum { FIELD_TEXT_MAX = 32 << 20 };
/* The text in the arena; the buffer is released. */
int field_keep_text(struct slice *ret, struct buf *text, struct arena *arena,
                    struct err *err) MUST_USE;
/* `value` as JSON text in the arena. */
int field_json_text(struct slice *ret, const json_t *value, struct arena *arena,
                    struct err *err) MUST_USE;
/* The errors of a field that the value of another one asks for, and of one that it leaves no room
 * for: of `type`. */
int field_missing(const char *path, struct err *err) MUST_USE;
int field_misplaced(const char *path, const char *type, struct err *err) MUST_USE;
/* Names of tools and schemas are letters, digits, _ and -. `path` is where it stands. */
int field_check_name(struct slice name, const char *path, struct err *err) MUST_USE;

/* "a string", "an integer", "null" ...: how the error texts call a value's type. */
const char *field_type_words(const json_t *value);

/* All rows of a table, those of included tables in their places. NULL: the end. */
struct field_walk {
    const struct field *rows[4];
    int depth;
};
void field_walk_init(struct field_walk *walk, const struct field *fields);
const struct field *field_walk_next(struct field_walk *walk);

#endif
