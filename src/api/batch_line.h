/* batch_line - one line of a batch's input file: {"custom_id", "method", "url", "body"}.
 *
 *     struct batch_line line;
 *     struct batch_problem problem;
 *     if (batch_line_read(&line, text, endpoint, &problem) < 0) ... problem.code, .message ...
 *     batch_line_release(&line);
 *
 * What is judged here fails the whole batch; the rest of the body is judged when it runs, like any
 * request, and fails its line alone.
 */
#ifndef TIRO_API_BATCH_LINE_H
#define TIRO_API_BATCH_LINE_H

#include "base/arena.h"
#include "base/err.h"

#include <jansson.h>
#include <stdint.h>

enum {
    BATCH_LINE_BYTES_MAX = 4 << 20, /* as of any request */
    BATCH_CUSTOM_ID_MAX = 512,
    BATCH_LINES_MAX = 50000,
    BATCH_INPUTS_MAX = 50000, /* texts to embed, of all lines together */
    BATCH_INPUT_BYTES_MAX = 200 * 1000 * 1000,
};

/* Slices point into `root`. */
struct batch_line {
    json_t *root, *body;
    struct slice custom_id, model;
    uint64_t n_inputs; /* texts to embed */
};

enum { BATCH_PROBLEM_TEXT_MAX = 400 };

struct batch_problem {
    const char *code;  /* "invalid_json_line" */
    const char *param; /* NULL: none */
    char text[BATCH_PROBLEM_TEXT_MAX];
};

/* -ERR_INVALID_VALUE with *problem filled; -ERR_NO_MEMORY. */
int batch_line_read(struct batch_line *ret, struct slice text, const char *endpoint,
                    struct batch_problem *problem) MUST_USE;
void batch_line_release(struct batch_line *line);
/* The body as it is run, in the arena: nothing is stored but the batch's files. */
int batch_line_body(struct slice *ret, struct batch_line *line, const char *endpoint,
                    struct arena *arena, struct err *err) MUST_USE;
/* For a request that brings no seed: the same for the same line of the same batch. */
uint64_t batch_line_seed(struct slice batch_id, struct slice custom_id);
/* "batch_req_..." of the line, likewise. */
enum { BATCH_REQUEST_ID_SIZE = 43 };
void batch_line_request_id(char ret[BATCH_REQUEST_ID_SIZE], struct slice batch_id,
                           struct slice custom_id);

#endif
