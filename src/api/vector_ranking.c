#include "api/vector_ranking.h"

#include <stdio.h>

struct hybrid_req {
    struct field_number embedding_weight, text_weight;
};

static const char *const rankers[] = { "none", "auto", "default-2024-11-15", NULL };

static const struct field hybrid_fields[] = {
    FIELD_NUMBER(struct hybrid_req, embedding_weight, .required = true, .range = { 0, 1e6 },
                 .help = "Of nearness in meaning."),
    FIELD_NUMBER(struct hybrid_req, text_weight, .required = true, .range = { 0, 1e6 },
                 .help = "Of words in common."),
    FIELDS_END,
};

const struct field vector_ranking_fields[] = {
    FIELD_ENUM(struct vector_ranking_req, ranker, .names = rankers, .def = "\"auto\"",
               .help = "All of them rank by meaning and words together; no second model ranks "
                       "again."),
    FIELD_NUMBER(struct vector_ranking_req, score_threshold, .range = { 0, 1 }, .def = "0",
                 .help = "Leave out what scores less."),
    FIELD_OBJECT(struct vector_ranking_req, hybrid_search, .fields = hybrid_fields,
                 .size = sizeof(struct hybrid_req),
                 .help = "How much each of the two counts; without it 0.7 and 0.3."),
    FIELDS_END,
};

int vector_ranking_fill(struct vector_search_options *ret, const struct vector_ranking_req *req,
                        const char *path, struct err *err)
{
    const struct hybrid_req *hybrid = req ? req->hybrid_search.value : NULL;
    char param[ERR_PARAM_MAX];
    ret->threshold = req ? req->score_threshold.value : 0;
    ret->vector_weight = hybrid ? hybrid->embedding_weight.value : VECTOR_WEIGHT_DEFAULT;
    ret->text_weight = hybrid ? hybrid->text_weight.value : TEXT_WEIGHT_DEFAULT;
    if (ret->vector_weight + ret->text_weight > 0) return 0;
    (void)snprintf(param, sizeof param, "%s.hybrid_search", path); /* Cut is fine. */
    return err_param(err, ERR_INVALID_VALUE, param,
                     "Invalid '%s': one of the two weights must be above 0.", param);
}
