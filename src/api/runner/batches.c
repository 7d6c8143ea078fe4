/* Batches: their files are validated one after the other, their lines run side by side in what the
 * models have left, and their answers become files. All that must last is in the store. */
#include "api/runner/batches.h"
#include "api/batch_work.h"
#include "api/runner.h"
#include "base/seam.h"

int64_t batch_now(void)
{
    return (int64_t)(wall_ns() / 1000000000u);
}

/* ---- The end ---- */

static void free_work(struct batch_work *w)
{
    batch_output_close(w->output);
    arena_release(&w->arena);
    mem_free(w);
}

static void free_all(struct batches *b)
{
    while (b->unsaved) {
        struct batch_line_run *l = b->unsaved;
        b->unsaved = l->next;
        batch_line_free(l);
    }
    while (b->works) {
        struct batch_work *w = b->works;
        b->works = w->next;
        free_work(w);
    }
    mem_free(b);
}

bool batches_job_back(struct batches *b)
{
    b->n_jobs--;
    if (!b->stopped) return true;
    if (b->n_jobs == 0) free_all(b);
    return false;
}

/* ---- What goes on ---- */

static void drop_over(struct batches *b)
{
    for (struct batch_work **at = &b->works; *at;) {
        struct batch_work *w = *at;
        if (w->stage == STAGE_OVER && !w->busy) {
            *at = w->next;
            free_work(w);
        } else {
            at = &w->next;
        }
    }
}

/* Lines are read ahead, or none is left, or none may run. */
static void go_on_running(struct batch_work *w, bool in_turn)
{
    bool ends = w->cancelled || w->input_gone || batch_now() >= w->expires_at;
    if (ends) batch_run_stop(w);
    if (w->busy) return;
    if (ends || (w->all_taken && !w->n_waiting && !w->n_open)) {
        if (w->n_ending > 0) return;
        w->stage = STAGE_FINISH;
        batch_step_begin(w);
    } else if (in_turn && !w->all_taken && w->n_waiting < BATCH_LINES_TAKE / 2) {
        batch_step_begin(w);
    }
}

static void run_lines(struct batches *b)
{
    bool any = true;
    while (any) {
        any = false;
        for (struct batch_work *w = b->works; w; w = w->next) {
            if (b->n_open >= BATCH_LINES_OPEN_MAX ||
                b->n_open + b->n_ending >= 2 * BATCH_LINES_OPEN_MAX)
                return;
            if (w->stage != STAGE_RUN || !w->waiting) continue;
            batch_run_next(w);
            any = true;
        }
    }
}

static void go_on(struct batches *b)
{
    uint64_t now = now_ns();
    int n_run = 0;
    bool validating = false;
    drop_over(b);
    for (struct batch_work *w = b->works; w; w = w->next) {
        bool first = w->stage == STAGE_VALIDATE && !validating;
        validating = validating || w->stage == STAGE_VALIDATE;
        bool in_turn = w->stage == STAGE_RUN && n_run++ < BATCH_RUN_MAX;
        if (now < w->rest_until_ns) continue;
        if (w->stage == STAGE_RUN) {
            go_on_running(w, in_turn);
        } else if (!w->busy && (w->stage != STAGE_VALIDATE || first || w->cancelled)) {
            batch_step_begin(w);
        }
    }
    run_lines(b);
}

static void arm(struct batches *b);

void batches_go(struct batches *b)
{
    if (b->stopped || b->draining) return;
    arm(b);
    b->go_again = true;
    if (b->going) return;
    b->going = true;
    while (b->go_again) {
        b->go_again = false;
        go_on(b);
    }
    b->going = false;
}

/* ---- Time ---- */

static void on_tick(void *user)
{
    struct batches *b = user;
    b->tick = NULL;
    arm(b);
    batches_save_again(b);
    if (b->draining) return;
    if (++b->n_ticks % BATCH_LOOK_TICKS == 0 || !b->looked) batches_look_begin(b);
    b->going = true; /* Not from inside. */
    for (struct batch_work *w = b->works; w; w = w->next) batch_run_stuck(w);
    b->going = false;
    batches_go(b);
}

/* Without memory: whatever happens next tries it again. */
static void arm(struct batches *b)
{
    if (!b->tick) b->tick = b->service->ops->timer(b->service, BATCH_TICK_MS, on_tick, b);
}

/* ---- The runner ---- */

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct batches *b = mem_calloc(1, sizeof *b);
    if (!b) return err_set(err, ERR_NO_MEMORY, "no memory for the batches");
    b->service = service;
    arm(b);
    if (!b->tick) {
        mem_free(b);
        return err_set(err, ERR_NO_MEMORY, "no memory for the batches");
    }
    batches_look_begin(b);
    *ret_state = b;
    return 0;
}

static void drain(void *state)
{
    struct batches *b = state;
    b->draining = true;
}

static void stop(void *state)
{
    struct batches *b = state;
    b->stopped = true;
    b->service->ops->timer_cancel(b->service, b->tick);
    for (struct batch_work *w = b->works; w; w = w->next) batch_run_stop(w);
    if (b->n_jobs == 0) free_all(b);
}

void batches_tell(struct service *service)
{
    struct batches *b = runner_state(service, &runner_batches);
    if (b && !b->draining) batches_look_begin(b);
}

const struct runner runner_batches = {
    .start = start,
    .drain = drain,
    .stop = stop,
};
