#include "gateway/books.h"

#include "base/log.h"
#include "base/seam.h"
#include "store/ledger.h"

#include <assert.h>

enum { STRINGS = 7 };

struct books {
    const struct service *service;
    struct metrics *metrics;
    struct books_entry *owed; /* n of them; latest first */
    size_t n_owed;
};

struct books_entry {
    struct store_job job; /* first */
    struct books *books;
    struct principal owner;
    struct ledger_row row;
    uint64_t since_ns;
    void (*settled)(void *user, const struct err *err); /* NULL: nobody waits */
    void *user;
    struct books_entry *next; /* of those owed */
    char text[];              /* what the slices above point to */
};

static void submit(struct books_entry *e);

/* ---- On the store's thread ---- */

static int run(struct store_job *job, struct db *db, struct err *err)
{
    struct books_entry *e = (struct books_entry *)job;
    return ledger_add(db, &e->owner, &e->row, err);
}

/* ---- What is owed ---- */

static void owe(struct books_entry *e)
{
    struct books *b = e->books;
    if (b->n_owed == BOOKS_OWED_MAX) {
        log_error("a row of the ledger is lost", LOG_SLICE("id", e->row.id));
        mem_free(e);
        return;
    }
    e->next = b->owed;
    b->owed = e;
    b->metrics->ledger_owed = ++b->n_owed;
}

static void pay(struct books *b)
{
    struct books_entry *e = b->owed;
    if (!b->service->store) return;
    b->owed = NULL;
    b->metrics->ledger_owed = b->n_owed = 0;
    for (struct books_entry *next; e; e = next) {
        next = e->next;
        submit(e);
    }
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct books_entry *e = (struct books_entry *)job;
    struct books *b = e->books;
    metrics_observe(&b->metrics->ledger, (double)(now_ns() - e->since_ns) / 1e9);
    void (*settled)(void *user, const struct err *err) = e->settled;
    void *user = e->user;
    e->settled = NULL;
    if (rc == 0) {
        b->metrics->ledger_rows++;
        mem_free(e);
        if (settled) settled(user, NULL);
        pay(b);
        return;
    }
    b->metrics->ledger_failures++;
    log_error("the ledger did not take a row", LOG_SLICE("id", e->row.id),
              LOG_STR("why", err->text));
    if (settled) e->row.status = err_http_status(ERR_NO_SPACE); /* As the client is told. */
    owe(e);
    if (settled) settled(user, err);
}

/* ---- Rows ---- */

static void submit(struct books_entry *e)
{
    e->since_ns = now_ns();
    e->job = (struct store_job){ .run = run, .done = done };
    store_submit(e->books->service->store, &e->job);
}

bool books_wants(const struct call *call)
{
    const struct call_stats *s = &call->stats;
    return s->model && !call->books_itself &&
           (s->prompt_tokens || s->completion_tokens || s->core_us);
}

static struct slice keep(char **at, struct slice s)
{
    char *to = *at;
    if (s.len) memcpy(to, s.ptr, s.len);
    *at += s.len;
    return (struct slice){ to, s.len };
}

static struct books_entry *new_entry(struct books *b, const struct call *call, const char *endpoint)
{
    const struct principal *p = &call->principal;
    struct slice s[STRINGS] = { slice_of(call->request_id),
                                slice_of(endpoint),
                                slice_of(call->stats.model),
                                p->tenant,
                                p->project,
                                p->user,
                                p->key };
    size_t len = 0;
    for (size_t i = 0; i < STRINGS; i++) len += s[i].len;
    struct books_entry *e = mem_calloc(1, sizeof *e + len);
    if (!e) return NULL;
    char *at = e->text;
    for (size_t i = 0; i < STRINGS; i++) s[i] = keep(&at, s[i]);
    e->books = b;
    e->row = (struct ledger_row){ .id = s[0], .endpoint = s[1], .model = s[2] };
    e->owner = (struct principal){ s[3], s[4], s[5], s[6] };
    return e;
}

struct books_entry *books_enter(struct books *b, const struct call *call, const char *endpoint,
                                int status, void (*settled)(void *user, const struct err *err),
                                void *user)
{
    const struct call_stats *stats = &call->stats;
    struct books_entry *e = b->service->store ? new_entry(b, call, endpoint) : NULL;
    if (!e) {
        b->metrics->ledger_failures++;
        log_error("a row of the ledger is lost", LOG_STR("id", call->request_id));
        return NULL;
    }
    e->row.created_at = (int64_t)(wall_ns() / 1000000000u);
    e->row.status = status;
    e->row.prompt_tokens = stats->prompt_tokens;
    e->row.cached_tokens = stats->cached_tokens;
    e->row.completion_tokens = stats->completion_tokens;
    e->row.core_us = stats->core_us;
    e->settled = settled;
    e->user = user;
    submit(e);
    return e;
}

void books_leave(struct books_entry *entry)
{
    if (entry) entry->settled = NULL;
}

/* ---- Life ---- */

int books_open(struct books **ret, const struct service *service, struct metrics *metrics,
               struct err *err)
{
    struct books *b = mem_calloc(1, sizeof *b);
    if (!b) return err_set(err, ERR_NO_MEMORY, "no memory for the ledger");
    b->service = service;
    b->metrics = metrics;
    *ret = b;
    return 0;
}

void books_close(struct books *b)
{
    if (!b) return;
    if (b->owed) log_error("rows of the ledger are lost", LOG_INT("n", b->n_owed));
    for (struct books_entry *e = b->owed, *next; e; e = next) {
        next = e->next;
        mem_free(e);
    }
    mem_free(b);
}
