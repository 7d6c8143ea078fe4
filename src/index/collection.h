/* collection - what can be searched of one vector store: chunks with their vectors and words, and
 * the files that they are of with their attributes.
 *
 * A chunk is a slot, in the order of their coming. Slots of files that were removed are passed over
 * at once, and given back when they are more than half (collection_tidy). A file can be found when
 * it has been said to be visible; its chunks may come before that or after.
 *
 * A chunk's score is a weighted mean of two numbers from 0 to 1: the cosine of its vector with the
 * query's (below 0: 0), and its BM25 score as a share of the most that these words could reach. All
 * chunks are looked at: nothing is approximate but the 8 bits of a vector's parts (index/dot.h).
 *
 * Owner: one thread. After -ERR_NO_MEMORY from an addition it is of no more use.
 */
#ifndef TIRO_INDEX_COLLECTION_H
#define TIRO_INDEX_COLLECTION_H

#include "index/filter.h"
#include "index/lexicon.h"
#include "index/numbers.h"

enum {
    COLLECTION_CHUNKS_MAX = 1 << 26, /* Slots are 32 bits, with room to spare. */
    SEARCH_RESULTS_MAX = 50,
    SEARCH_QUERIES_MAX = 32,
    SEARCH_WORDS_MAX = 512, /* Distinct words of a query that count. */
};

struct collection_file {
    uint64_t number; /* 0: removed */
    bool visible;
    uint32_t n_slots, n_attributes;
    struct index_attribute *attributes; /* with their texts, one block; owned */
    size_t bytes;                       /* of that block */
};

struct collection {
    uint32_t dimensions; /* 0: no chunk has come yet */
    uint32_t n_slots, cap_slots, n_removed;
    /* Of each slot: */
    int8_t *vectors; /* (n_slots, dot_stride(dimensions)) */
    float *scales;
    uint32_t *file_of; /* a place in `files` */
    uint32_t *number_of, *n_words_of;
    struct collection_file *files;
    uint32_t n_files, cap_files;
    struct numbers places; /* from a file's number to its place */
    struct lexicon lexicon;
    size_t file_bytes; /* of all attributes */
};

struct collection_chunk {
    uint64_t file;
    uint32_t number; /* of the chunk within its file */
    struct slice text;
    const float *vector; /* (dimensions) */
};

struct search_query {
    struct slice text;
    const float *vector; /* (dimensions) */
};

struct search {
    const struct search_query *queries; /* A chunk's score is the best that any gives it. */
    uint32_t n_queries, dimensions;
    const struct filter_step *filter; /* checked */
    uint32_t n_filter;
    double vector_weight, text_weight; /* not negative, not both 0 */
    double threshold;                  /* The least score. Chunks that score 0 are never found. */
    uint32_t n_max;
};

struct search_hit {
    uint64_t file;
    uint32_t number;
    float score;
};

void collection_init(struct collection *c);
void collection_release(struct collection *c);
/* -ERR_INVALID_VALUE: other dimensions than before, or no numbers; -ERR_LIMIT; -ERR_NO_MEMORY. */
int collection_add(struct collection *c, const struct collection_chunk *chunk, uint32_t dimensions,
                   struct err *err) MUST_USE;
/* The file's attributes are these now. */
int collection_set_file(struct collection *c, uint64_t file, bool visible,
                        const struct index_attribute *attributes, uint32_t n_attributes,
                        struct err *err) MUST_USE;
void collection_remove(struct collection *c, uint64_t file); /* One that is not there is fine. */
/* Best first, equal ones by file and number: ret[search->n_max]. */
int collection_search(const struct collection *c, struct search_hit *ret, uint32_t *ret_n,
                      const struct search *search, struct err *err) MUST_USE;
/* Gives back what removed files hold, if that is much; where memory is short for it, later. */
void collection_tidy(struct collection *c);
size_t collection_bytes(const struct collection *c);

#endif
