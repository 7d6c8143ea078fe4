/* item_view - items as they are shown: without what is only shown when asked for by `include`. */
#ifndef TIRO_API_ITEM_VIEW_H
#define TIRO_API_ITEM_VIEW_H

#include "api/field.h"

struct call;

enum item_include {
    INCLUDE_SEARCH_RESULTS = 1, /* file_search_call.results */
    INCLUDE_LOGPROBS = 2,       /* message.output_text.logprobs */
    INCLUDE_ENCRYPTED = 4,      /* reasoning.encrypted_content */
    INCLUDE_IMAGE_URL = 8,      /* message.input_image.image_url */
};

struct include_req {
    struct field_strings include;
};

extern const struct field include_fields[]; /* to be included */

/* The bits of enum item_include; a name that is none of the published ones is refused. */
int item_include_read(unsigned *ret, const struct include_req *req, struct err *err) MUST_USE;
/* The same from the query of a call that has a body, too. */
int item_include_of_call(unsigned *ret, const struct call *call, struct err *err) MUST_USE;

/* One item, from its type and its text as it is kept. */
int item_view_write(struct json_writer *w, struct slice type, struct slice body, unsigned include,
                    struct err *err) MUST_USE;

#endif
