/* truncation: auto. What is too long for the context loses its oldest messages, as few as will do:
 * found by halves, each try counted by the worker. System messages stay, and what came since the
 * user last spoke; a result never stays without its call. */
#include "api/response_state.h"

#include <stdio.h>

static bool is_role(const struct msg_chat *m, const char *role)
{
    return slice_is(m->role, role);
}

/* Messages before this one may be left out. */
static uint32_t keep_from(const struct msg_chat *all, uint32_t n)
{
    for (uint32_t i = n; i-- > 0;)
        if (is_role(&all[i], "user")) return i;
    return n ? n - 1 : 0;
}

static uint32_t count_most(const struct msg_chat *all, uint32_t n)
{
    uint32_t most = 0, end = keep_from(all, n);
    for (uint32_t i = 0; i < end; i++) most += !is_role(&all[i], "system");
    return most;
}

/* The conversation without its `n_cut` oldest. */
static int leave_out(struct response_run *run, uint32_t n_cut, struct err *err)
{
    const struct response_cut *cut = &run->cut;
    struct msg_chat *kept = ARENA_NEWS(&run->scratch, cut->n_all, struct msg_chat);
    uint32_t n = 0, left = n_cut;
    bool orphans = n_cut > 0;
    if (!kept) return arena_check(&run->scratch, "the request", err);
    for (uint32_t i = 0; i < cut->n_all; i++) {
        const struct msg_chat *m = &cut->all[i];
        if (!is_role(m, "system")) {
            if (left > 0) {
                left--;
                continue;
            }
            if (orphans && is_role(m, "tool")) continue;
            orphans = false;
        }
        kept[n++] = *m;
    }
    run->request.messages = kept;
    run->request.n_messages = n;
    return 0;
}

static int try(struct response_run *run, uint32_t n_cut, struct err *err)
{
    TRY(leave_out(run, n_cut, err));
    struct msg_request whole = run->request;
    run->cut.tried = n_cut;
    run->cut.counting = true;
    run->request.kind = REQUEST_TOKENIZE;
    run->request.grammar_kind = GRAMMAR_NONE; /* It is no part of the prompt. */
    run->request.grammar = run->request.grammar_param = (struct slice){ 0 };
    int rc = response_turn_begin(run, err);
    run->request = whole;
    return rc;
}

/* The fewest are known: the turn itself. */
static int settle(struct response_run *run, struct err *err)
{
    TRY(leave_out(run, run->cut.high, err));
    run->cut.counting = false;
    return response_turn_begin(run, err);
}

bool response_cut_begin(struct response_run *run, const struct err *too_long)
{
    struct response_cut *cut = &run->cut;
    struct err err = { 0 };
    /* Once, and before anything was told of the answer. */
    if (!run->cuts || cut->all) return false;
    cut->all = run->request.messages;
    cut->n_all = run->request.n_messages;
    cut->most = count_most(cut->all, cut->n_all);
    cut->err = *too_long;
    (void)snprintf(cut->err.param, sizeof cut->err.param, "input");
    if (cut->most == 0) return false;
    if (try(run, cut->most, &err) == 0) return true;
    response_run_fail(run, &err, 0);
    return true; /* It is over. */
}

static bool fits(const struct response_run *run)
{
    const struct backend_model *model = backend_find(run->call.backend, slice_of(run->model));
    uint64_t wanted = run->request.has_max_tokens ? run->request.max_tokens : 1;
    return model && run->cut.n_tokens + wanted <= model->n_ctx;
}

void response_cut_counted(struct response_run *run)
{
    struct response_cut *cut = &run->cut;
    struct err err = { 0 };
    bool enough = fits(run);
    if (!enough && cut->tried == cut->most) {
        cut->counting = false;
        response_run_fail(run, &cut->err, 0);
        return;
    }
    if (enough)
        cut->high = cut->tried;
    else
        cut->low = cut->tried;
    bool known = cut->high - cut->low <= 1;
    int rc = known ? settle(run, &err) : try(run, cut->low + (cut->high - cut->low) / 2, &err);
    if (rc < 0) response_run_fail(run, &err, 0);
}
