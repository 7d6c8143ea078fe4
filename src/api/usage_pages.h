/* usage_pages - GET /v1/organization/usage/completions and /embeddings: what the two share.
 *
 * Buckets begin at whole minutes, hours or days of UTC; the first is the one that start_time falls
 * in. Those without a request have no results. `next_page` is "page_" and the next bucket's time.
 */
#ifndef TIRO_API_USAGE_PAGES_H
#define TIRO_API_USAGE_PAGES_H

#include "api/call.h"
#include "api/field.h"
#include "store/usage.h"

struct usage_req {
    struct field_int start_time, end_time, limit;
    struct field_enum bucket_width;
    struct field_strings project_ids, user_ids, api_key_ids, models, group_by;
    struct field_string page;
    struct field_bool batch;
};

extern const struct field usage_fields[]; /* to be included; all but `batch` */
extern const struct field usage_completions_answer[], usage_embeddings_answer[];

/* An endpoint's handler. */
int usage_pages_handle(struct call *call, const struct usage_req *req, enum usage_kind kind,
                       struct err *err);

#endif
