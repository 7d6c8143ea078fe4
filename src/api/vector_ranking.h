/* vector_ranking - `ranking_options` of searches and of the tool file_search. */
#ifndef TIRO_API_VECTOR_RANKING_H
#define TIRO_API_VECTOR_RANKING_H

#include "api/field.h"
#include "api/vector_search.h"

struct vector_ranking_req {
    struct field_enum ranker;
    struct field_number score_threshold;
    struct field_object hybrid_search;
};
extern const struct field vector_ranking_fields[];

/* Weights and threshold; `req` NULL: the usual ones. `path` is where it stands. */
int vector_ranking_fill(struct vector_search_options *ret, const struct vector_ranking_req *req,
                        const char *path, struct err *err) MUST_USE;

#endif
