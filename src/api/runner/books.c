/* Books: their steps run side by side in what the models have left (api/book_work.h). All that must
 * last is in the store. */
#include "api/runner/books.h"
#include "api/book_work.h"
#include "base/log.h"
#include "base/seam.h"

enum { LOOK_BYTES_MAX = 16 << 20, WORK_BYTES_MAX = 1 << 16 };

/* ---- The end ---- */

void book_step_free(struct book_step *s)
{
    book_grams_release(&s->grams);
    buf_release(&s->text);
    arena_release(&s->arena);
    mem_free(s);
}

void book_step_over(struct book_step *s)
{
    struct book_work *w = s->work;
    for (struct book_step **at = &w->steps; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    w->n_steps--;
    if (w->n_steps == 0) w->clock_ns = 0;
    book_step_free(s);
}

static void free_work(struct book_work *w)
{
    while (w->steps) book_step_over(w->steps);
    arena_release(&w->arena);
    mem_free(w);
}

static void free_all(struct books *b)
{
    while (b->works) {
        struct book_work *w = b->works;
        b->works = w->next;
        free_work(w);
    }
    mem_free(b);
}

bool books_job_back(struct books *b)
{
    b->n_jobs--;
    if (!b->stopped) return true;
    if (b->n_jobs == 0) free_all(b);
    return false;
}

/* ---- What goes on ---- */

/* Steps that were running when the book was stopped, and that the store does not have. */
static void drop_stopped(struct book_work *w)
{
    for (struct book_step *s = w->steps, *next; s; s = next) {
        next = s->next;
        if (s->begun && !s->saving && !s->call && !s->timer) book_step_over(s);
    }
}

static void drop_over(struct books *b)
{
    for (struct book_work **at = &b->works; *at;) {
        struct book_work *w = *at;
        if (w->stopped) drop_stopped(w);
        if (w->stopped && w->n_steps == 0) {
            *at = w->next;
            free_work(w);
        } else {
            at = &w->next;
        }
    }
}

/* Of those that may begin a step, the one that has the fewest: a book of eight at a time leaves
 * room for others. */
static struct book_work *next_work(struct books *b)
{
    struct book_work *next = NULL;
    for (struct book_work *w = b->works; w; w = w->next) {
        if (w->taking || w->full || w->stopped || now_ns() < w->rest_until_ns) continue;
        if (!next || w->n_steps < next->n_steps) next = w;
    }
    return next;
}

void books_go(struct books *b)
{
    int n_open = 0;
    if (b->stopped) return;
    drop_over(b);
    if (b->draining) return;
    for (struct book_work *w = b->works; w; w = w->next) n_open += w->n_steps;
    for (; n_open < BOOK_STEPS_OPEN_MAX; n_open++) {
        struct book_work *w = next_work(b);
        if (!w || !book_take_begin(w)) return;
    }
}

/* ---- Which there are ---- */

struct look {
    struct store_job job; /* first */
    struct books *books;
    struct arena arena;
    struct book_running *found;
    size_t n;
};

static int run_look(struct store_job *job, struct db *db, struct err *err)
{
    struct look *l = (struct look *)job;
    arena_reset(&l->arena);
    return book_running(&l->found, &l->n, db, &l->arena, err);
}

static struct book_work *new_work(struct books *b, const struct book_running *found)
{
    struct book_work *w = mem_calloc(1, sizeof *w);
    if (!w) return NULL;
    arena_init(&w->arena, WORK_BYTES_MAX);
    w->all = b;
    w->id = arena_slice(&w->arena, found->id);
    w->owner = (struct principal){ .tenant = arena_slice(&w->arena, found->owner.tenant),
                                   .project = arena_slice(&w->arena, found->owner.project),
                                   .user = arena_slice(&w->arena, found->owner.user),
                                   .key = arena_slice(&w->arena, found->owner.key) };
    if (!w->arena.failed) return w;
    arena_release(&w->arena);
    mem_free(w);
    return NULL;
}

/* One that was stopped, and has work in the store still, is found again by the next look. */
static void know(struct books *b, const struct book_running *found)
{
    struct book_work **at = &b->works;
    for (; *at; at = &(*at)->next) {
        if (!slice_eq((*at)->id, found->id)) continue;
        (*at)->seen = true;
        (*at)->full = false;
        return;
    }
    *at = new_work(b, found);
    if (*at) (*at)->seen = true;
}

static void stop_unseen(struct book_work *w)
{
    if (w->seen || w->stopped) return;
    w->stopped = true;
    for (struct book_step *s = w->steps; s; s = s->next) book_run_stop(s);
}

static void looked(struct store_job *job, int rc, const struct err *err)
{
    struct look *l = (struct look *)job;
    struct books *b = l->books;
    if (books_job_back(b)) {
        b->looking = false;
        for (struct book_work *w = b->works; w; w = w->next) w->seen = rc < 0;
        for (size_t i = 0; rc >= 0 && i < l->n; i++) know(b, &l->found[i]);
        for (struct book_work *w = b->works; w; w = w->next) stop_unseen(w);
        if (rc < 0) log_warn("the books were not found yet", LOG_STR("why", err->text));
        bool again = b->look_again;
        b->look_again = false;
        if (again) books_tell(b->service);
        books_go(b);
    }
    arena_release(&l->arena);
    mem_free(l);
}

static void look_begin(struct books *b)
{
    if (b->looking) {
        b->look_again = true;
        return;
    }
    struct look *l = mem_calloc(1, sizeof *l);
    if (!l) return; /* The next tick looks again. */
    arena_init(&l->arena, LOOK_BYTES_MAX);
    l->books = b;
    l->job.run = run_look;
    l->job.done = looked;
    b->looking = true;
    b->n_jobs++;
    store_submit(b->service->store, &l->job);
}

void books_tell(struct service *service)
{
    struct books *b = runner_state(service, &runner_books);
    if (b && !b->draining && !b->stopped) look_begin(b);
}

/* ---- Time ---- */

static void on_tick(void *user)
{
    struct books *b = user;
    b->tick = b->service->ops->timer(b->service, BOOK_TICK_MS, on_tick, b);
    if (!b->tick) log_error("books rest until the next start: no memory for a timer");
    if (b->draining) return;
    for (struct book_work *w = b->works; w; w = w->next)
        for (struct book_step *s = w->steps, *next; s; s = next) {
            next = s->next;
            if (!w->stopped) book_run_stuck(s);
        }
    look_begin(b);
}

/* ---- The runner ---- */

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct books *b = mem_calloc(1, sizeof *b);
    if (!b) return err_set(err, ERR_NO_MEMORY, "no memory for the books");
    b->service = service;
    b->tick = service->ops->timer(service, BOOK_TICK_MS, on_tick, b);
    if (!b->tick) {
        mem_free(b);
        return err_set(err, ERR_NO_MEMORY, "no memory for the books");
    }
    look_begin(b);
    *ret_state = b;
    return 0;
}

static void drain(void *state)
{
    struct books *b = state;
    b->draining = true;
}

static void stop(void *state)
{
    struct books *b = state;
    b->stopped = true;
    b->service->ops->timer_cancel(b->service, b->tick);
    for (struct book_work *w = b->works; w; w = w->next)
        for (struct book_step *s = w->steps; s; s = s->next) book_run_stop(s);
    if (b->n_jobs == 0) free_all(b);
}

const struct runner runner_books = { .start = start, .drain = drain, .stop = stop };
