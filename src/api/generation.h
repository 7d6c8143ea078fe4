/* generation - what chat and text completions ask alike: sampling, lengths, stops, streaming.
 *
 * Both tables include `generation_fields`; generation_fill turns the values into the part of the
 * worker's message that they share.
 */
#ifndef TIRO_API_GENERATION_H
#define TIRO_API_GENERATION_H

#include "api/backend.h"
#include "api/field.h"

enum {
    /* The most choices of one request: each holds memory for its own context. */
    CHOICES_MAX = 8,
};

struct generation_req {
    struct field_string model;
    struct field_number temperature, top_p, frequency_penalty, presence_penalty;
    struct field_int n, seed;
    struct field_json logit_bias;
    struct field_strings stop;
    struct field_bool stream;
    struct field_object stream_options; /* struct stream_options_req */
    struct field_string user;
    /* Extensions. */
    struct field_int top_k;
    struct field_number min_p, typical_p, repetition_penalty;
    struct field_object structured_outputs; /* struct structured_outputs_req */
};

struct stream_options_req {
    struct field_bool include_usage, include_obfuscation;
};

extern const struct field generation_fields[];

/* Finds the model and checks that it can do `capability`; `what` completes "... cannot ". */
int generation_model(const struct backend_model **ret, struct call *call, struct slice id,
                     uint32_t capability, const char *what, struct err *err) MUST_USE;
/* Sampling, stops, n, principal, structured outputs. Lists lie in `arena`, strings in the
 * request's document. */
int generation_fill(struct msg_request *ret, const struct generation_req *req,
                    const struct backend_model *model, const struct call *call, struct arena *arena,
                    struct err *err) MUST_USE;
/* `name` is the field's. */
int generation_fill_stop(struct msg_request *ret, const struct field_strings *stop,
                         const char *name, struct err *err) MUST_USE;
/* No more tokens may be asked for than the context holds. */
int generation_check_max(const struct field_int *max, const char *name,
                         const struct backend_model *model, struct err *err) MUST_USE;
bool generation_wants_usage(const struct generation_req *req);

#endif
