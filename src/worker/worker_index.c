/* The worker that keeps the index of vector stores: no model, no files; messages become changes and
 * searches of index/index.h. */
#include "base/log.h"
#include "base/seam.h"
#include "index/dot.h"
#include "index/index.h"
#include "worker/worker_state.h"

#include <poll.h>

_Static_assert((int)MSG_FILTER_OPS == (int)FILTER_OPS && (int)MSG_FILTER_AND == (int)FILTER_AND &&
                   (int)MSG_FILTER_NIN == (int)FILTER_NIN,
               "the wire's filter steps are the index's");
_Static_assert((int)MSG_VALUE_KINDS == (int)INDEX_VALUE_KINDS &&
                   (int)MSG_VALUE_TRUTH == (int)INDEX_TRUTH,
               "the wire's values are the index's");
_Static_assert((int)MSG_HITS_MAX == (int)SEARCH_RESULTS_MAX &&
                   (int)MSG_SEARCH_QUERIES_MAX == (int)SEARCH_QUERIES_MAX &&
                   (int)MSG_DIMENSIONS_MAX == (int)DOT_DIMENSIONS_MAX,
               "what the wire takes, the index takes");

static struct index_value value_of(const struct msg_value *v)
{
    return (struct index_value){ .kind = v->kind, .text = v->text, .number = v->number };
}

/* The bytes as floats, in the arena of the message. */
static int vector_of(const float **ret, struct worker *w, struct slice bytes, uint32_t dimensions,
                     struct err *err)
{
    if (dimensions == 0 || bytes.len != dimensions * sizeof(float))
        return err_set(err, ERR_INVALID_VALUE, "a vector of %u dimensions has %zu bytes",
                       dimensions, bytes.len);
    float *floats = ARENA_NEWS(&w->in, dimensions, float);
    if (!floats) return err_set(err, ERR_NO_MEMORY, "there is no memory for the vectors");
    memcpy(floats, bytes.ptr, bytes.len);
    *ret = floats;
    return 0;
}

/* ---- Changes ---- */

static int add_chunks(struct worker *w, struct index *index, const struct msg_index *m,
                      struct err *err)
{
    struct collection_chunk *chunks = ARENA_NEWS(&w->in, m->n_chunks, struct collection_chunk);
    if (!chunks) return err_set(err, ERR_NO_MEMORY, "there is no memory for the chunks");
    for (uint32_t i = 0; i < m->n_chunks; i++) {
        const struct msg_index_chunk *c = &m->chunks[i];
        chunks[i] = (struct collection_chunk){ c->file, c->number, c->text, NULL };
        if (c->file == 0) return err_set(err, ERR_INVALID_VALUE, "a chunk is of no file");
        TRY(vector_of(&chunks[i].vector, w, c->vector, m->dimensions, err));
    }
    return index_add(index, m->store, m->dimensions, chunks, m->n_chunks, err);
}

static int set_file(struct index *index, uint64_t store, const struct msg_index_file *f,
                    struct err *err)
{
    struct index_attribute attributes[MSG_ATTRIBUTES_MAX];
    if (f->file == 0) return err_set(err, ERR_INVALID_VALUE, "no file has the number 0");
    if (f->gone) {
        index_remove_file(index, store, f->file);
        return 0;
    }
    for (uint32_t i = 0; i < f->n_attributes; i++)
        attributes[i] = (struct index_attribute){ f->attributes[i].key,
                                                  value_of(&f->attributes[i].value) };
    return index_set_file(index, store, f->file, f->visible, attributes, f->n_attributes, err);
}

/* A change that fails leaves nothing of the store: the gateway fills it anew. */
static int change(struct worker *w, struct index *index, const struct msg_index *m, struct err *err)
{
    if (m->store == 0) return err_set(err, ERR_INVALID_VALUE, "no store has the number 0");
    if (m->empty) index_remove(index, m->store);
    int rc = m->n_chunks ? add_chunks(w, index, m, err) : 0;
    for (uint32_t i = 0; rc == 0 && i < m->n_files; i++)
        rc = set_file(index, m->store, &m->files[i], err);
    if (rc < 0) index_remove(index, m->store);
    return rc;
}

static void answer_change(struct worker *w, struct index *index, const struct msg_index *m)
{
    struct err err = { 0 };
    if (change(w, index, m, &err) < 0) {
        worker_fail(w, m->id, &err);
        return;
    }
    worker_send(w, MSG_INDEXED, &(struct msg_indexed){ .id = m->id, .bytes = index->bytes });
}

/* ---- Searches ---- */

static int take_filter(struct worker *w, struct search *ret, const struct msg_search *m,
                       struct err *err)
{
    struct filter_step *steps = ARENA_NEWS(&w->in, m->n_filter, struct filter_step);
    if (!steps) return err_set(err, ERR_NO_MEMORY, "there is no memory for the filter");
    for (uint32_t i = 0; i < m->n_filter; i++) {
        const struct msg_filter_step *s = &m->filter[i];
        struct index_value *values = ARENA_NEWS(&w->in, s->n_values, struct index_value);
        if (!values) return err_set(err, ERR_NO_MEMORY, "there is no memory for the filter");
        for (uint32_t k = 0; k < s->n_values; k++) values[k] = value_of(&s->values[k]);
        steps[i] = (struct filter_step){ s->op, s->key, values, s->n_values, s->n_below };
    }
    ret->filter = steps;
    ret->n_filter = m->n_filter;
    return filter_check(steps, m->n_filter, err);
}

static int take_search(struct worker *w, struct search *ret, const struct msg_search *m,
                       struct err *err)
{
    struct search_query *queries = ARENA_NEWS(&w->in, m->n_queries, struct search_query);
    if (!queries) return err_set(err, ERR_NO_MEMORY, "there is no memory for the search");
    bool weighs = m->vector_weight >= 0 && m->text_weight >= 0 &&
                  m->vector_weight + m->text_weight > 0;
    if (!weighs || m->n_max == 0)
        return err_set(err, ERR_INVALID_VALUE, "a search needs weights and room for results");
    for (uint32_t i = 0; i < m->n_queries; i++) {
        queries[i].text = m->queries[i].text;
        TRY(vector_of(&queries[i].vector, w, m->queries[i].vector, m->dimensions, err));
    }
    *ret = (struct search){ .queries = queries,
                            .n_queries = m->n_queries,
                            .dimensions = m->dimensions,
                            .vector_weight = m->vector_weight,
                            .text_weight = m->text_weight,
                            .threshold = m->threshold,
                            .n_max = m->n_max };
    return m->n_filter ? take_filter(w, ret, m, err) : 0;
}

static int search(struct worker *w, const struct index *index, const struct msg_search *m,
                  struct err *err)
{
    struct search s;
    struct search_hit hits[SEARCH_RESULTS_MAX];
    struct msg_hit found[SEARCH_RESULTS_MAX];
    uint32_t n = 0;
    const struct collection *c = index_find(index, m->store);
    TRY(take_search(w, &s, m, err));
    if (c) TRY(collection_search(c, hits, &n, &s, err));
    for (uint32_t i = 0; i < n; i++)
        found[i] = (struct msg_hit){ hits[i].file, hits[i].number, hits[i].score };
    worker_send(w, MSG_FOUND, &(struct msg_found){ .id = m->id, .hits = found, .n_hits = n });
    return 0;
}

/* ---- Life ---- */

static void handle(struct worker *w, struct index *index, const struct message_any *any)
{
    struct err err = { 0 };
    switch (any->kind) {
    case MSG_INDEX: answer_change(w, index, any->body); break;
    case MSG_SEARCH:
        if (search(w, index, any->body, &err) < 0)
            worker_fail(w, ((const struct msg_search *)any->body)->id, &err);
        break;
    case MSG_QUIT: w->quitting = true; break;
    default:
        log_error("message of a kind that an index gets none of", LOG_INT("kind", any->kind));
        w->gone = true;
    }
}

/* All whole messages that are there. */
static void take_messages(struct worker *w, struct index *index)
{
    struct err err = { 0 };
    struct message_any any;
    int fd, rc = 0;
    while (!w->gone && (rc = conn_next(&w->conn, &any, &w->in, &fd, &err)) == 0) {
        if (fd >= 0) (void)seams.close(fd); /* Nothing here takes one. */
        handle(w, index, &any);
        arena_reset(&w->in);
        if (conn_flush(&w->conn, &err) < 0) w->gone = true;
    }
    if (w->gone || rc == -ERR_AGAIN) return;
    log_error("the connection broke", LOG_STR("why", err.text));
    w->gone = true;
}

static void wait_and_read(struct worker *w)
{
    struct err err;
    struct pollfd p = { .fd = w->conn.fd, .events = POLLIN };
    /* A gateway that does not read what it asked for is not asked for more. */
    if (conn_backlog(&w->conn) > WORKER_BACKLOG_MAX) p.events = 0;
    if (conn_wants_write(&w->conn)) p.events |= POLLOUT;
    if (poll(&p, 1, -1) <= 0) return; /* A signal: the loop comes again. */
    if (conn_flush(&w->conn, &err) < 0) w->gone = true;
    /* What it said before it went is still taken. */
    if (!w->gone && (p.revents & (POLLIN | POLLHUP | POLLERR)) && conn_read(&w->conn, &err) < 0)
        w->quitting = true;
}

int worker_index(struct worker *w, const struct msg_load *load, struct err *err)
{
    struct index index;
    struct msg_ready ready = { .arch = SLICE("index") };
    (void)err;
    sandbox_enter(&w->sandbox, &(struct sandbox_needs){ 0 });
    ready.walls = slice_of(w->sandbox.walls);
    ready.walls_missing = slice_of(w->sandbox.missing);
    worker_send(w, MSG_READY, &ready);
    index_init(&index, load->index_bytes_max);
    arena_reset(&w->in);
    for (;;) {
        take_messages(w, &index); /* Some came with the first one. */
        if (w->gone || (w->quitting && !conn_wants_write(&w->conn))) break;
        wait_and_read(w);
    }
    index_release(&index);
    return 0;
}
