/* call_json - the JSON of a call, byte by byte: where a value ends, and what of it is told.
 *
 * A value is let through as it was written: only strings, brackets and bytes that JSON cannot have
 * are looked at. So what is told may be no valid JSON, as models go, but it ends where it must.
 */
#ifndef TIRO_CHAT_CALL_JSON_H
#define TIRO_CHAT_CALL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reply;

/* One value going by. Start from all zeros. */
struct json_pass {
    uint64_t depth;
    bool begun, in_string, escaped;
};

enum json_passed {
    JSON_MORE,
    JSON_LAST, /* The value ends with this byte, */
    JSON_OVER, /* or before it. */
    JSON_BAD,  /* No value goes on like this. */
};

enum json_passed json_pass_read(struct json_pass *p, char c);

enum { CALL_HEAD_MAX = 32, CALL_ESCAPE_MAX = 12 };

/* The arguments of a call on their way to the reply. A string is told as the text that it means; of
 * a custom tool's {"input": "..."} that text. Start from all zeros but `custom`. */
struct call_arguments {
    bool custom;
    enum { ARGUMENTS_FIRST, ARGUMENTS_RAW, ARGUMENTS_HEAD, ARGUMENTS_TEXT, ARGUMENTS_OVER } state;
    char head[CALL_HEAD_MAX]; /* {"input": " */
    uint8_t n_head, n_quotes;
    char escape[CALL_ESCAPE_MAX]; /* \n, \u00e9, \ud83d\ude00 */
    uint8_t n_escape;
};

void call_arguments_read(struct call_arguments *a, struct reply *reply, char c);

#endif
