/* bodies_index - messages to and from the worker that keeps the index of vector stores. Stores and
 * files go by numbers of the gateway's; vectors are the bytes of 32-bit floats, little endian. */
#ifndef TIRO_PROTO_BODIES_INDEX_H
#define TIRO_PROTO_BODIES_INDEX_H

#include "base/slice.h"
#include "proto/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum msg_value_kind { MSG_VALUE_TEXT, MSG_VALUE_NUMBER, MSG_VALUE_TRUTH, MSG_VALUE_KINDS };

struct msg_value {
    uint32_t kind; /* enum msg_value_kind */
    struct slice text;
    double number; /* TRUTH: 0 or 1 */
};

struct msg_attribute {
    struct slice key;
    struct msg_value value;
};

struct msg_index_file {
    uint64_t file;
    bool visible; /* Searches may find it. */
    bool gone;    /* Forget it and its chunks. */
    struct msg_attribute *attributes;
    uint32_t n_attributes;
};

struct msg_index_chunk {
    uint64_t file;
    uint32_t number; /* of the chunk within its file */
    struct slice text, vector;
};

/* A change of one store's index: first `empty`, then chunks, then files. */
struct msg_index {
    uint64_t id, store;
    bool empty;          /* Forget all of it. */
    uint32_t dimensions; /* of the vectors */
    struct msg_index_chunk *chunks;
    uint32_t n_chunks;
    struct msg_index_file *files;
    uint32_t n_files;
};

struct msg_indexed {
    uint64_t id;
    uint64_t bytes; /* that the whole index takes now */
};

struct msg_search_query {
    struct slice text, vector;
};

/* A step of a filter, in the order of a calculator with a stack: see index/filter.h. */
enum msg_filter_op {
    MSG_FILTER_EQ,
    MSG_FILTER_NE,
    MSG_FILTER_GT,
    MSG_FILTER_GTE,
    MSG_FILTER_LT,
    MSG_FILTER_LTE,
    MSG_FILTER_IN,
    MSG_FILTER_NIN,
    MSG_FILTER_AND,
    MSG_FILTER_OR,
    MSG_FILTER_OPS
};

struct msg_filter_step {
    uint32_t op; /* enum msg_filter_op */
    struct slice key;
    struct msg_value *values;
    uint32_t n_values;
    uint32_t n_below; /* AND, OR */
};

struct msg_search {
    uint64_t id, store;
    uint32_t dimensions;
    struct msg_search_query *queries;
    uint32_t n_queries;
    struct msg_filter_step *filter;
    uint32_t n_filter;
    double vector_weight, text_weight, threshold;
    uint32_t n_max;
};

struct msg_hit {
    uint64_t file;
    uint32_t number;
    float score; /* 0 to 1 */
};

struct msg_found {
    uint64_t id;
    struct msg_hit *hits; /* Best first. */
    uint32_t n_hits;
};

#endif
