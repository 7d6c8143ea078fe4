/* truncation: auto. What is too long for the context loses its oldest messages, as few as will do:
 * found by halves, each try counted by the worker. This happens before each turn that needs it: the
 * first, and those after results of the server's tools. System messages stay, the user's last, and
 * the last calls with what came of them; a result never stays without its call. */
#include "api/response_state.h"

#include <stdio.h>

static bool is_role(const struct msg_chat *m, const char *role)
{
    return slice_is(m->role, role);
}

/* What stays whatever else goes: `user` is n_all where nobody has spoken. */
static void find_kept(struct response_cut *cut)
{
    uint32_t n = cut->n_all, i = n;
    cut->user = n;
    while (i-- > 0 && cut->user == n)
        if (is_role(&cut->all[i], "user")) cut->user = i;
    uint32_t since = cut->user < n ? cut->user + 1 : 0;
    cut->tail = since ? since - 1 : n - 1;
    for (i = since; i < n; i++)
        if (cut->all[i].n_tool_calls) cut->tail = i;
}

static bool may_go(const struct response_cut *cut, uint32_t i)
{
    return i < cut->tail && i != cut->user && !is_role(&cut->all[i], "system");
}

static uint32_t count_most(const struct response_cut *cut)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < cut->n_all; i++) most += may_go(cut, i);
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
        if (left > 0 && may_go(cut, i)) {
            left--;
            continue;
        }
        if (left == 0 && !is_role(m, "system")) {
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
    /* Once a turn, and before anything was told of it. */
    if (!run->cuts || cut->all) return false;
    cut->all = run->request.messages;
    cut->n_all = run->request.n_messages;
    find_kept(cut);
    cut->most = count_most(cut);
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
