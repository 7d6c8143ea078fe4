#include "api/vector_index.h"

#include "api/vector_values.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/vector_chunk_table.h"

#include <assert.h>

enum {
    PAGE_CHUNKS = 128,
    PAGE_FILES = 256,
    PAGE_BYTES_MAX = 16 << 20, /* What one page may take: its chunks, or as many as fit. */
    PAGE_TEXT_MAX = 4 << 20,
    TRIES_MAX = 3,
};

enum stage { STAGE_NONE, STAGE_CHUNKS, STAGE_FILES, STAGE_FILLED };

/* A store that the index has, or is given. */
struct loaded {
    struct loaded *next;
    struct vector_index *ix;
    int64_t store, cursor;
    uint64_t life, used_ns;
    enum stage stage;
    int tries;
    struct page *page; /* on its way; NULL: none */
    struct vector_wait *waiting;
};

struct vector_index {
    struct service *service;
    struct loaded *stores;
    struct change *changes; /* sent and not answered */
};

/* Rows of the database on their way into the index. */
struct page {
    struct store_job job; /* first */
    struct indexer_call call;
    struct loaded *to; /* NULL: nobody wants it any more */
    struct arena arena;
    bool sent;
    int64_t store, cursor, last; /* last: where the next page goes on */
    enum stage stage;
    struct msg_index message;
};

/* A message that only has to be looked after until its answer. */
struct change {
    struct indexer_call call; /* first */
    struct vector_index *ix;
    struct change *next, **at;
    int64_t store;
};

/* ---- Stores ---- */

static struct loaded *find(struct vector_index *ix, int64_t store)
{
    struct loaded *l = ix->stores;
    while (l && l->store != store) l = l->next;
    return l;
}

static struct loaded *find_or_make(struct vector_index *ix, int64_t store)
{
    struct loaded *l = find(ix, store);
    if (l) return l;
    l = mem_calloc(1, sizeof *l);
    if (!l) return NULL;
    l->ix = ix;
    l->store = store;
    l->next = ix->stores;
    ix->stores = l;
    return l;
}

static bool is_current(const struct loaded *l)
{
    return l->stage != STAGE_NONE && l->life == l->ix->service->indexer->life;
}

static void tell_waiting(struct loaded *l, const struct err *err)
{
    while (l->waiting) {
        struct vector_wait *w = l->waiting;
        vector_index_unwait(w);
        w->done(w, err);
    }
}

static void free_page(struct page *p)
{
    arena_release(&p->arena);
    mem_free(p);
}

/* What is on its way for it arrives nowhere. */
static void let_go_of_page(struct loaded *l)
{
    struct page *p = l->page;
    l->page = NULL;
    if (!p) return;
    p->to = NULL;
    if (!p->sent) return; /* The store's thread has it; it is freed when it comes back. */
    l->ix->service->indexer->ops->cancel(l->ix->service->indexer, &p->call);
    free_page(p);
}

/* ---- Pages: on the store's thread ---- */

static struct page *page_of(struct store_job *job)
{
    return (struct page *)job;
}

static int take_chunk(struct page *p, const struct vector_chunk *c, size_t *text_bytes,
                      struct err *err)
{
    struct msg_index *m = &p->message;
    uint32_t dimensions = (uint32_t)(c->vector.len / sizeof(float));
    if (m->dimensions == 0) m->dimensions = dimensions;
    m->chunks[m->n_chunks++] = (struct msg_index_chunk){
        .file = (uint64_t)c->file_seq,
        .number = c->number,
        .text = arena_slice(&p->arena, c->text),
        .vector = arena_slice(&p->arena, c->vector),
    };
    *text_bytes += c->text.len + c->vector.len;
    p->last = c->seq;
    return arena_check(&p->arena, "a page of the vector store", err);
}

static int read_chunks(struct page *p, struct db *db, struct err *err)
{
    struct db_rows rows;
    struct vector_chunk chunk;
    size_t text_bytes = 0;
    int rc;
    p->message.chunks = ARENA_NEWS(&p->arena, PAGE_CHUNKS, struct msg_index_chunk);
    if (!p->message.chunks) return arena_check(&p->arena, "a page of the vector store", err);
    TRY(vector_chunk_of_store(&rows, db, p->store, p->cursor, PAGE_CHUNKS, err));
    while ((rc = db_next(&rows, err)) > 0) {
        vector_chunk_read(&chunk, &rows);
        rc = take_chunk(p, &chunk, &text_bytes, err);
        if (rc == 0 && text_bytes < PAGE_TEXT_MAX) continue;
        db_rows_close(&rows);
        break;
    }
    return rc;
}

static int take_file(struct page *p, const struct vector_file *f, struct err *err)
{
    struct msg_index_file *to = &p->message.files[p->message.n_files++];
    *to = (struct msg_index_file){ .file = (uint64_t)f->seq,
                                   .visible = f->status == VECTOR_COMPLETED };
    p->last = f->seq;
    return vector_attributes_read(&to->attributes, &to->n_attributes, f->attributes, &p->arena,
                                  err);
}

static int read_files(struct page *p, struct db *db, struct err *err)
{
    struct db_rows rows;
    struct vector_file file;
    int rc;
    p->message.files = ARENA_NEWS(&p->arena, PAGE_FILES, struct msg_index_file);
    if (!p->message.files) return arena_check(&p->arena, "a page of the vector store", err);
    TRY(vector_file_of_store(&rows, db, p->store, p->cursor, PAGE_FILES, err));
    while ((rc = db_next(&rows, err)) > 0) {
        vector_file_read(&file, &rows, NULL);
        rc = take_file(p, &file, err);
        if (rc == 0) continue;
        db_rows_close(&rows);
        break;
    }
    return rc;
}

static int run_page(struct store_job *job, struct db *db, struct err *err)
{
    struct page *p = page_of(job);
    arena_reset(&p->arena);
    p->last = p->cursor;
    p->message = (struct msg_index){ .store = (uint64_t)p->store,
                                     .empty = p->stage == STAGE_CHUNKS && p->cursor == 0 };
    return p->stage == STAGE_CHUNKS ? read_chunks(p, db, err) : read_files(p, db, err);
}

/* ---- Filling ---- */

static void fill(struct loaded *l);

static void give_up(struct loaded *l, const struct err *err)
{
    l->stage = STAGE_NONE;
    tell_waiting(l, err);
}

/* Begins anew, as nothing of it is there any more. */
static void fill_again(struct loaded *l, const struct err *err)
{
    if (++l->tries >= TRIES_MAX) {
        give_up(l, err);
        return;
    }
    l->stage = STAGE_CHUNKS;
    l->cursor = 0;
    l->life = l->ix->service->indexer->life;
    fill(l);
}

/* The store that has gone unused the longest leaves the index. */
static bool make_room(struct loaded *l)
{
    struct loaded *oldest = NULL;
    for (struct loaded *o = l->ix->stores; o; o = o->next)
        if (o != l && o->stage == STAGE_FILLED && is_current(o) &&
            (!oldest || o->used_ns < oldest->used_ns))
            oldest = o;
    if (!oldest) return false;
    log_debug("a vector store leaves the index", LOG_INT("store", oldest->store));
    int64_t store = oldest->store;
    oldest->stage = STAGE_NONE;
    vector_index_forget(l->ix, store);
    return true;
}

static void on_page_failed(struct loaded *l, const struct err *err)
{
    if (err->code == ERR_LIMIT && make_room(l)) {
        l->tries--; /* There is an end to the stores that can leave. */
        fill_again(l, err);
    } else if (err->code == ERR_WORKER_LOST) {
        fill_again(l, err);
    } else {
        give_up(l, err);
    }
}

static bool is_last(const struct page *p)
{
    return p->last == p->cursor;
}

static void go_on(struct loaded *l, const struct page *p)
{
    l->cursor = p->last;
    if (is_last(p)) { /* The page was empty: on to what comes next. */
        l->stage = p->stage == STAGE_CHUNKS ? STAGE_FILES : STAGE_FILLED;
        l->cursor = 0;
    }
    if (l->stage != STAGE_FILLED) {
        fill(l);
        return;
    }
    l->tries = 0;
    tell_waiting(l, NULL);
}

static void on_page_indexed(struct indexer_call *call, const struct msg_indexed *indexed,
                            const struct msg_found *found, const struct err *err)
{
    struct page *p = (struct page *)((char *)call - offsetof(struct page, call));
    struct loaded *l = p->to;
    (void)indexed;
    (void)found;
    l->page = NULL;
    if (err)
        on_page_failed(l, err);
    else
        go_on(l, p);
    free_page(p);
}

static void on_page_read(struct store_job *job, int rc, const struct err *err)
{
    struct page *p = page_of(job);
    struct loaded *l = p->to;
    struct err why = *err;
    if (!l) {
        free_page(p);
        return;
    }
    struct indexer *indexer = l->ix->service->indexer;
    bool lost = !p->message.empty && !is_current(l); /* What came before this page is gone. */
    if (rc == 0 && (lost || (is_last(p) && !p->message.empty))) {
        l->page = NULL;
        (void)err_set(&why, ERR_WORKER_LOST, "the index of vector stores ended again and again");
        if (lost)
            fill_again(l, &why);
        else
            go_on(l, p);
        free_page(p);
        return;
    }
    p->call.done = on_page_indexed;
    p->sent = true;
    if (rc == 0) rc = indexer->ops->send(indexer, &p->call, MSG_INDEX, &p->message, &why);
    if (rc == 0) {
        l->life = p->message.empty ? indexer->life : l->life;
        return;
    }
    l->page = NULL;
    free_page(p);
    give_up(l, &why);
}

static void fill(struct loaded *l)
{
    struct err err = { 0 };
    struct page *p = mem_calloc(1, sizeof *p);
    assert(!l->page);
    if (!p) {
        (void)err_set(&err, ERR_NO_MEMORY, "There is no memory to search the vector store.");
        give_up(l, &err);
        return;
    }
    arena_init(&p->arena, PAGE_BYTES_MAX);
    p->to = l;
    p->store = l->store;
    p->cursor = l->cursor;
    p->stage = l->stage;
    p->job.run = run_page;
    p->job.done = on_page_read;
    l->page = p;
    store_submit(l->ix->service->store, &p->job);
}

/* ---- Waiting ---- */

int vector_index_need(struct vector_index *ix, int64_t store, struct vector_wait *wait,
                      struct err *err)
{
    struct loaded *l = find_or_make(ix, store);
    wait->at = NULL;
    if (!l) return err_set(err, ERR_NO_MEMORY, "There is no memory to search the vector store.");
    l->used_ns = now_ns();
    if (l->stage == STAGE_FILLED && is_current(l)) return 1;
    wait->next = l->waiting;
    wait->at = &l->waiting;
    if (wait->next) wait->next->at = &wait->next;
    l->waiting = wait;
    if (l->page) return 0;
    l->tries = 0;
    l->stage = STAGE_CHUNKS;
    l->cursor = 0;
    l->life = ix->service->indexer->life;
    fill(l);
    return 0;
}

void vector_index_unwait(struct vector_wait *wait)
{
    if (!wait->at) return;
    *wait->at = wait->next;
    if (wait->next) wait->next->at = wait->at;
    wait->at = NULL;
}

/* ---- Changes ---- */

static void unlink_change(struct change *c)
{
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
}

/* The worker drops what it could not change whole. */
static void on_changed(struct indexer_call *call, const struct msg_indexed *indexed,
                       const struct msg_found *found, const struct err *err)
{
    struct change *c = (struct change *)call;
    struct loaded *l = find(c->ix, c->store);
    (void)indexed;
    (void)found;
    unlink_change(c);
    if (err && l && l->stage == STAGE_FILLED) l->stage = STAGE_NONE;
    mem_free(c);
}

static int send_change(struct vector_index *ix, const struct msg_index *m, struct err *err)
{
    struct indexer *indexer = ix->service->indexer;
    struct change *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "no memory to change the index");
    c->call.done = on_changed;
    c->ix = ix;
    c->store = (int64_t)m->store;
    int rc = indexer->ops->send(indexer, &c->call, MSG_INDEX, m, err);
    if (rc < 0) {
        mem_free(c);
        return rc;
    }
    c->next = ix->changes;
    c->at = &ix->changes;
    if (c->next) c->next->at = &c->next;
    ix->changes = c;
    return 0;
}

/* Whether the index holds anything that a change must be told to. */
static bool is_begun(const struct loaded *l)
{
    return is_current(l) &&
           (l->stage != STAGE_CHUNKS || l->cursor > 0 || (l->page && l->page->sent));
}

/* Whether pages that are still to be read would bring chunks that are committed now. */
static bool reads_chunks(const struct loaded *l)
{
    return l->stage == STAGE_CHUNKS && !(l->page && l->page->sent && is_last(l->page));
}

void vector_index_change(struct vector_index *ix, const struct msg_index *change)
{
    struct err err = { 0 };
    struct loaded *l = find(ix, (int64_t)change->store);
    if (!l || !is_begun(l)) return; /* It reads what is there when it is filled. */
    if (change->n_chunks && reads_chunks(l)) return;
    if (send_change(ix, change, &err) == 0) return;
    log_warn("the index of a vector store is made anew", LOG_STR("why", err.text));
    if (l->stage == STAGE_FILLED) {
        l->stage = STAGE_NONE;
        return;
    }
    let_go_of_page(l);
    fill_again(l, &err);
}

void vector_index_forget(struct vector_index *ix, int64_t store)
{
    struct err err = { 0 };
    struct msg_index all = { .store = (uint64_t)store, .empty = true };
    for (struct loaded **at = &ix->stores; *at; at = &(*at)->next) {
        struct loaded *l = *at;
        if (l->store != store) continue;
        (void)err_set(&err, ERR_NOT_FOUND, "The vector store is gone.");
        let_go_of_page(l);
        *at = l->next;
        tell_waiting(l, &err);
        if (l->life == ix->service->indexer->life)
            (void)send_change(ix, &all, &err); /* What stays only takes memory until it dies. */
        mem_free(l);
        return;
    }
}

/* ---- Life ---- */

int vector_index_open(struct vector_index **ret, struct service *service, struct err *err)
{
    struct vector_index *ix = mem_calloc(1, sizeof *ix);
    if (!ix) return err_set(err, ERR_NO_MEMORY, "no memory for the vector stores");
    ix->service = service;
    *ret = ix;
    return 0;
}

void vector_index_close(struct vector_index *ix)
{
    if (!ix) return;
    struct indexer *indexer = ix->service->indexer;
    while (ix->changes) {
        struct change *c = ix->changes;
        unlink_change(c);
        indexer->ops->cancel(indexer, &c->call);
        mem_free(c);
    }
    while (ix->stores) {
        struct loaded *l = ix->stores;
        ix->stores = l->next;
        let_go_of_page(l);
        while (l->waiting) vector_index_unwait(l->waiting);
        mem_free(l);
    }
    mem_free(ix);
}
