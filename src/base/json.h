/* json - strict JSON in, shortest JSON out.
 *
 * Reading: the text is scanned first (depth, nodes, size, UTF-8, no duplicate keys, no NUL, no lone
 * surrogate, no number that a double cannot hold), then built. Values are jansson's
 * json_t; release with json_decref.
 *
 *     json_t *root;
 *     TRY(json_read(&root, body, &json_limits_request, "the body", err));
 *
 * Writing: a streaming writer into a buf; commas are its business. Doubles are the shortest text
 * that reads back exactly.
 *
 *     struct json_writer w;
 *     json_writer_init(&w, &buf);
 *     json_object_begin(&w);
 *     json_key(&w, "n"); json_int(&w, 3);
 *     json_object_end(&w);
 */
#ifndef TIRO_BASE_JSON_H
#define TIRO_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdint.h>

struct json_limits {
    size_t size_max, depth_max, nodes_max; /* nodes: values and keys */
};

extern const struct json_limits json_limits_request; /* 4 MiB, depth 64, 100,000 nodes */
extern const struct json_limits json_limits_file; /* tokenizer.json: 64 MiB, depth 64, 8 M nodes */

/* -ERR_JSON with line, column and reason. `what` names the text in the error. */
int json_read(json_t **ret, struct slice text, const struct json_limits *limits, const char *what,
              struct err *err) MUST_USE;

enum { JSON_WRITER_DEPTH_MAX = 64 };

struct json_writer {
    struct buf *out;
    int depth;
    bool need_comma[JSON_WRITER_DEPTH_MAX];
    bool after_key;
};

void json_writer_init(struct json_writer *w, struct buf *out);
void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);
void json_key_slice(struct json_writer *w, struct slice key);
void json_str(struct json_writer *w, const char *s);    /* NULL writes null */
void json_slice(struct json_writer *w, struct slice s); /* ill-formed UTF-8 becomes U+FFFD */
void json_int(struct json_writer *w, int64_t value);
void json_uint(struct json_writer *w, uint64_t value);
void json_double(struct json_writer *w, double value); /* null when not finite */
void json_float(struct json_writer *w, float value);   /* shortest that reads back as this float */
void json_bool(struct json_writer *w, bool value);
void json_null_value(struct json_writer *w);
void json_raw(struct json_writer *w, struct slice json); /* already JSON */
void json_value(struct json_writer *w, const json_t *value);
/* A member of an object: the key and its value. */
void json_member_str(struct json_writer *w, const char *key, const char *value);
void json_member_slice(struct json_writer *w, const char *key, struct slice value);
void json_member_int(struct json_writer *w, const char *key, int64_t value);
void json_member_uint(struct json_writer *w, const char *key, uint64_t value);
void json_member_double(struct json_writer *w, const char *key, double value);
void json_member_bool(struct json_writer *w, const char *key, bool value);

enum { JSON_ESCAPE_MAX = 8 };
/* How a character below U+0080 is written with a backslash, the shortest way: \n, \", \u001f.
 * Returns its length; a NUL stands behind it. */
size_t json_escape(char ret[JSON_ESCAPE_MAX], unsigned char c);

/* Makes jansson allocate through the seams; once, at start. */
void json_init(void);

#endif
