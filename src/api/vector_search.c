#include "api/vector_search.h"

#include "api/vector_files.h"
#include "api/vector_index.h"
#include "api/vector_values.h"
#include "base/seam.h"
#include "store/vector_chunk_table.h"

#include <assert.h>

enum { NS_PER_S = 1000 * 1000 * 1000, ARENA_MAX = 64 << 20 };

struct hit {
    int64_t store;
    struct msg_hit hit;
};

/* Work in the database: its memory is its own, for the search may be cancelled under it. */
struct look {
    struct store_job job;       /* first */
    struct vector_search *for_; /* NULL: cancelled */
    struct arena arena;
    struct principal principal;
    int64_t now;
    struct slice *ids; /* of stores; n of them */
    struct vector_store *stores;
    size_t n;
    struct hit *hits; /* of texts; n of them */
    struct vector_result *results;
    size_t n_results;
};

struct embedding {
    struct vector_search *search;
    struct backend_handle *handle; /* NULL: none */
    uint32_t n_tokens;
};

struct vector_search {
    struct vector_search_options o; /* Texts lie in the arena. */
    struct arena arena;
    struct principal principal;
    struct msg_search message;
    struct vector_store *stores; /* n_stores of them */
    size_t at;                   /* the one being searched */
    const char *model;           /* of the vectors that there are; NULL: none yet */
    struct msg_search_query *queries;
    struct embedding *embeddings;
    size_t n_embedded;
    struct look *look; /* on the store's thread; NULL: none */
    struct vector_wait wait;
    struct indexer_call call;
    bool calling;
    struct hit *hits; /* the best so far, n_max at most */
    size_t n_hits;
};

static void search_next(struct vector_search *s);

/* ---- The end ---- */

static void release(struct vector_search *s)
{
    arena_release(&s->arena);
    mem_free(s);
}

static void let_go(struct vector_search *s)
{
    struct service *service = s->o.service;
    for (size_t i = 0; s->embeddings && i < s->o.n_queries; i++)
        if (s->embeddings[i].handle)
            service->backend->ops->cancel(service->backend, s->embeddings[i].handle);
    if (s->look) s->look->for_ = NULL;
    vector_index_unwait(&s->wait);
    if (s->calling) service->indexer->ops->cancel(service->indexer, &s->call);
}

void vector_search_cancel(struct vector_search *s)
{
    let_go(s);
    release(s);
}

static void fail(struct vector_search *s, const struct err *err)
{
    struct err why = *err;
    let_go(s);
    s->o.done(s->o.user, NULL, 0, &why);
    release(s);
}

uint64_t vector_search_tokens(const struct vector_search *s)
{
    uint64_t n = 0;
    for (size_t i = 0; s->embeddings && i < s->o.n_queries; i++) n += s->embeddings[i].n_tokens;
    return n;
}

const char *vector_search_model(const struct vector_search *s)
{
    return s->model;
}

/* ---- Looking into the database ---- */

static void free_look(struct look *l)
{
    arena_release(&l->arena);
    mem_free(l);
}

static struct slice keep(struct look *l, struct slice s)
{
    return arena_slice(&l->arena, s);
}

static struct look *new_look(struct vector_search *s, size_t n, struct err *err)
{
    struct look *l = mem_calloc(1, sizeof *l);
    if (!l) {
        (void)err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
        return NULL;
    }
    arena_init(&l->arena, ARENA_MAX);
    l->now = (int64_t)(wall_ns() / NS_PER_S);
    l->n = n;
    const struct principal *p = &s->principal;
    l->principal = (struct principal){ keep(l, p->tenant), keep(l, p->project), keep(l, p->user),
                                       keep(l, p->key) };
    return l;
}

static int submit_look(struct vector_search *s, struct look *l,
                       int (*run)(struct store_job *job, struct db *db, struct err *err),
                       void (*done)(struct store_job *job, int rc, const struct err *err),
                       struct err *err)
{
    int rc = arena_check(&l->arena, "the search", err);
    if (rc < 0) {
        free_look(l);
        return rc;
    }
    l->for_ = s;
    l->job.run = run;
    l->job.done = done;
    s->look = l;
    store_submit(s->o.service->store, &l->job);
    return 0;
}

/* ---- Last: the texts ---- */

static int run_texts(struct store_job *job, struct db *db, struct err *err)
{
    struct look *l = (struct look *)job;
    struct vector_chunk chunk;
    struct vector_file file;
    bool found;
    l->n_results = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct hit *h = &l->hits[i];
        TRY(vector_chunk_find(&found, &chunk, &file, db, h->store, (int64_t)h->hit.file,
                              h->hit.number, &l->arena, err));
        if (!found) continue; /* It was removed a moment ago. */
        l->results[l->n_results++] = (struct vector_result){
            file.id,         file.filename, file.attributes, chunk.text,
            chunk.from_byte, chunk.to_byte, h->hit.score,
        };
    }
    return 0;
}

static void texts_read(struct store_job *job, int rc, const struct err *err)
{
    struct look *l = (struct look *)job;
    struct vector_search *s = l->for_;
    if (s) {
        s->look = NULL;
        s->o.done(s->o.user, rc < 0 ? NULL : l->results, rc < 0 ? 0 : l->n_results,
                  rc < 0 ? err : NULL);
        release(s);
    }
    free_look(l);
}

static void read_texts(struct vector_search *s)
{
    struct err err = { 0 };
    struct look *l = new_look(s, s->n_hits, &err);
    int rc = l ? 0 : -ERR_NO_MEMORY;
    if (l) {
        l->hits = ARENA_NEWS(&l->arena, s->n_hits + 1, struct hit);
        l->results = ARENA_NEWS(&l->arena, s->n_hits + 1, struct vector_result);
        if (l->hits && s->n_hits) memcpy(l->hits, s->hits, s->n_hits * sizeof *s->hits);
        rc = submit_look(s, l, run_texts, texts_read, &err);
    }
    if (rc < 0) fail(s, &err);
}

/* ---- One store ---- */

static void add_hit(struct vector_search *s, struct hit h)
{
    size_t at = s->n_hits;
    if (at == s->o.n_max && h.hit.score <= s->hits[at - 1].hit.score) return;
    if (at == s->o.n_max)
        at--;
    else
        s->n_hits++;
    for (; at > 0 && s->hits[at - 1].hit.score < h.hit.score; at--) s->hits[at] = s->hits[at - 1];
    s->hits[at] = h;
}

static void on_found(struct indexer_call *call, const struct msg_indexed *indexed,
                     const struct msg_found *found, const struct err *err)
{
    struct vector_search *s = (struct vector_search *)((char *)call -
                                                       offsetof(struct vector_search, call));
    (void)indexed;
    s->calling = false;
    if (!found) {
        fail(s, err);
        return;
    }
    for (uint32_t i = 0; i < found->n_hits; i++)
        add_hit(s, (struct hit){ s->stores[s->at].seq, found->hits[i] });
    s->at++;
    search_next(s);
}

static void on_filled(struct vector_wait *wait, const struct err *err)
{
    struct vector_search *s = (struct vector_search *)((char *)wait -
                                                       offsetof(struct vector_search, wait));
    struct indexer *indexer = s->o.service->indexer;
    struct err why = { 0 };
    if (err) {
        fail(s, err);
        return;
    }
    s->message.store = (uint64_t)s->stores[s->at].seq;
    s->message.queries = s->queries;
    s->message.n_queries = (uint32_t)s->o.n_queries;
    s->message.dimensions = s->stores[s->at].dimensions;
    s->call.done = on_found;
    if (indexer->ops->send(indexer, &s->call, MSG_SEARCH, &s->message, &why) < 0)
        fail(s, &why);
    else
        s->calling = true;
}

static void ask_index(struct vector_search *s)
{
    struct err err = { 0 };
    struct vector_index *index = vector_files_index(s->o.service);
    int rc = index ? vector_index_need(index, s->stores[s->at].seq, &s->wait, &err)
                   : err_set(&err, ERR_SHUTTING_DOWN, "the server is shutting down");
    if (rc < 0)
        fail(s, &err);
    else if (rc > 0)
        on_filled(&s->wait, NULL);
}

/* ---- Vectors of the queries ---- */

static void on_counted(void *user, const struct msg_counted *m)
{
    ((struct embedding *)user)->n_tokens = m->prompt_tokens;
}

static void on_embedding(void *user, const struct msg_embedding *m)
{
    struct embedding *e = user;
    struct vector_search *s = e->search;
    const struct vector_store *store = &s->stores[s->at];
    struct slice bytes = { (const char *)m->floats, m->n_floats * sizeof *m->floats };
    struct err err = { 0 };
    e->handle = NULL;
    if (m->prompt_tokens) e->n_tokens = m->prompt_tokens;
    s->queries[e - s->embeddings].vector = arena_slice(&s->arena, bytes);
    if (m->n_floats != store->dimensions) {
        (void)err_set(&err, ERR_UNSUPPORTED_VALUE,
                      "The model '%s' makes vectors of %u dimensions now, and the vector store has "
                      "ones of %u: it is not the model that the store was made with.",
                      s->model, m->n_floats, store->dimensions);
        fail(s, &err);
    } else if (arena_check(&s->arena, "the search", &err) < 0) {
        fail(s, &err);
    } else if (++s->n_embedded == s->o.n_queries) {
        ask_index(s);
    }
}

static void on_error(void *user, const struct err *err, uint32_t retry_after_ms)
{
    struct embedding *e = user;
    (void)retry_after_ms;
    e->handle = NULL;
    fail(e->search, err);
}

static bool on_restart(void *user)
{
    (void)user;
    return true;
}

static const struct backend_events events = {
    .counted = on_counted,
    .embedding = on_embedding,
    .error = on_error,
    .restart = on_restart,
};

static int embed(struct vector_search *s, struct err *err)
{
    struct backend *backend = s->o.service->backend;
    const struct backend_model *model = backend_find(backend, slice_of(s->model));
    if (!model)
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "The vector store was made with the model '%s', which is not here any more.",
                       s->model);
    s->n_embedded = 0;
    for (size_t i = 0; i < s->o.n_queries; i++) {
        struct embedding *e = &s->embeddings[i];
        struct msg_request request = {
            .kind = REQUEST_EMBED,
            .sampling = MSG_SAMPLING_DEFAULT,
            .principal = s->principal,
            .prompt = s->o.queries[i],
            .n = 1,
            .priority = s->o.priority,
        };
        TRY(backend->ops->submit(backend, &e->handle, model->id, &request, &events, e, err));
    }
    return 0;
}

static void search_next(struct vector_search *s)
{
    struct err err = { 0 };
    while (s->at < s->o.n_stores && s->stores[s->at].dimensions == 0) s->at++; /* Empty. */
    if (s->at == s->o.n_stores) {
        read_texts(s);
        return;
    }
    struct slice name = s->stores[s->at].model;
    if (s->model && slice_is(name, s->model)) {
        ask_index(s);
        return;
    }
    const char *model = arena_strndup(&s->arena, name.ptr, name.len);
    int rc = arena_check(&s->arena, "the search", &err);
    if (rc == 0) { /* Else what the one before took is booked under its own name. */
        s->model = model;
        rc = embed(s, &err);
    }
    if (rc < 0) fail(s, &err);
}

/* ---- First: the stores ---- */

static int run_stores(struct store_job *job, struct db *db, struct err *err)
{
    struct look *l = (struct look *)job;
    for (size_t i = 0; i < l->n; i++) {
        struct vector_store *store = &l->stores[i];
        TRY(vector_store_find(store, db, &l->principal, l->ids[i], l->now, &l->arena, err));
        if (store->expired)
            return err_set(err, ERR_INVALID_VALUE,
                           "Vector store with id '%.*s' has expired; its files are gone.",
                           SLICE_FMT(store->id));
        TRY(vector_store_touch(db, store->seq, l->now, err));
    }
    return 0;
}

static void stores_read(struct store_job *job, int rc, const struct err *err)
{
    struct look *l = (struct look *)job;
    struct vector_search *s = l->for_;
    if (s) s->look = NULL;
    if (s && rc < 0) {
        fail(s, err);
        s = NULL;
    }
    for (size_t i = 0; s && i < l->n; i++) {
        s->stores[i] = l->stores[i];
        s->stores[i].model = arena_slice(&s->arena, l->stores[i].model);
    }
    free_look(l);
    if (s) search_next(s);
}

static int read_stores(struct vector_search *s, struct err *err)
{
    struct look *l = new_look(s, s->o.n_stores, err);
    if (!l) return -ERR_NO_MEMORY;
    l->ids = ARENA_NEWS(&l->arena, l->n, struct slice);
    l->stores = ARENA_NEWS(&l->arena, l->n, struct vector_store);
    for (size_t i = 0; l->ids && i < l->n; i++) l->ids[i] = keep(l, s->o.stores[i]);
    return submit_look(s, l, run_stores, stores_read, err);
}

/* ---- Begin ---- */

static const struct slice *copy_texts(struct vector_search *s, const struct slice *texts, size_t n)
{
    struct slice *copies = ARENA_NEWS(&s->arena, n, struct slice);
    for (size_t i = 0; copies && i < n; i++) copies[i] = arena_slice(&s->arena, texts[i]);
    return copies;
}

static int copy_options(struct vector_search *s, struct err *err)
{
    struct vector_search_options *o = &s->o;
    const struct principal *p = o->principal;
    struct arena *a = &s->arena;
    s->principal = (struct principal){ arena_slice(a, p->tenant), arena_slice(a, p->project),
                                       arena_slice(a, p->user), arena_slice(a, p->key) };
    o->principal = &s->principal;
    TRY(vector_filter_read(&s->message.filter, &s->message.n_filter, o->filter, o->filter_path, a,
                           err));
    o->filter = NULL; /* It lives no longer than begin. */
    o->stores = copy_texts(s, o->stores, o->n_stores);
    o->queries = copy_texts(s, o->queries, o->n_queries);
    s->stores = ARENA_NEWS(a, o->n_stores, struct vector_store);
    s->queries = ARENA_NEWS(a, o->n_queries, struct msg_search_query);
    s->embeddings = ARENA_NEWS(a, o->n_queries, struct embedding);
    s->hits = ARENA_NEWS(a, o->n_max, struct hit);
    TRY(arena_check(a, "the search", err));
    for (size_t i = 0; i < o->n_queries; i++) {
        s->queries[i].text = o->queries[i];
        s->embeddings[i].search = s;
    }
    s->wait.done = on_filled;
    s->message.vector_weight = o->vector_weight;
    s->message.text_weight = o->text_weight;
    s->message.threshold = o->threshold;
    s->message.n_max = o->n_max;
    return 0;
}

int vector_search_begin(struct vector_search **ret, const struct vector_search_options *options,
                        struct err *err)
{
    assert(options->n_stores > 0 && options->n_stores <= VECTOR_SEARCH_STORES_MAX);
    assert(options->n_queries > 0 && options->n_queries <= MSG_SEARCH_QUERIES_MAX);
    assert(options->n_max > 0 && options->n_max <= MSG_HITS_MAX);
    struct vector_search *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
    arena_init(&s->arena, ARENA_MAX);
    s->o = *options;
    int rc = copy_options(s, err);
    if (rc == 0) rc = read_stores(s, err);
    if (rc < 0) {
        release(s);
        return rc;
    }
    *ret = s;
    return 0;
}
