/* vector_search - one search of vector stores, from its queries to the texts that were found:
 *
 *     the stores' rows, which this use keeps alive        on the store's thread
 *     vectors of the queries, by each store's model
 *     the best chunks of each store                       api/vector_index.h, api/indexer.h
 *     their texts, as they stand in the database now      on the store's thread
 *
 * It knows no client: endpoints and tools own one each.
 */
#ifndef TIRO_API_VECTOR_SEARCH_H
#define TIRO_API_VECTOR_SEARCH_H

#include "api/service.h"

#include <jansson.h>

enum { VECTOR_SEARCH_STORES_MAX = 16, VECTOR_QUERY_BYTES_MAX = 64 << 10 };

struct vector_search;

struct vector_result {
    struct slice file_id, filename;
    struct slice attributes; /* a JSON object */
    struct slice text;
    int64_t from_byte, to_byte; /* of the file's text */
    float score;                /* 0 to 1 */
};

struct vector_search_options {
    struct service *service;
    const struct principal *principal;
    const struct slice *stores; /* ids, n of them */
    size_t n_stores;
    const struct slice *queries; /* n of them, none empty */
    size_t n_queries;
    const json_t *filter; /* see vector_filter_read; NULL: none */
    const char *filter_path;
    double vector_weight, text_weight, threshold;
    uint32_t n_max;
    int32_t priority;
    /* Once, from the loop and not from inside begin; the search is gone when it returns. Results
     * are best first. */
    void (*done)(void *user, const struct vector_result *results, size_t n, const struct err *err);
    void *user;
};

/* How the two rankings are weighed where nobody says. */
#define VECTOR_WEIGHT_DEFAULT 0.7
#define TEXT_WEIGHT_DEFAULT   0.3

/* Options are copied. */
int vector_search_begin(struct vector_search **ret, const struct vector_search_options *options,
                        struct err *err) MUST_USE;
void vector_search_cancel(struct vector_search *search); /* `done` is not called any more. */
/* Tokens of the queries so far, and the model; for the books. */
uint64_t vector_search_tokens(const struct vector_search *search);
const char *vector_search_model(const struct vector_search *search); /* NULL: none was needed. */

#endif
