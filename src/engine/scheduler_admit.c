/* Who runs: deadlines, admission by blocks, preemption. */
#include "base/seam.h"
#include "engine/scheduler_state.h"

#include <string.h>

/* Free blocks left per running sequence at an admission, so that the next tokens do not preempt it
 * at once, and a few more. */
enum { MARGIN_BLOCKS = 4 };
#define PIN_NS (SCHEDULER_PIN_HOURS * UINT64_C(3600000000000))

void scheduler_expire(struct scheduler *s, uint64_t now)
{
    bool any = false;
    for (int32_t i = 0; i < s->n_jobs; i++) {
        struct job *job = s->jobs[i];
        if (job->begun || job->request->deadline_ns == 0 || job->request->deadline_ns > now)
            continue;
        struct err err;
        (void)err_set(&err, ERR_DEADLINE, "The request waited until its deadline: %.1f seconds.",
                      (double)(now - job->arrived_ns) / 1e9);
        job_fail(s, job, &err);
        any = true;
    }
    if (any) job_reap(s);
}

static bool goes_before(const struct sequence *a, const struct sequence *b)
{
    int32_t pa = a->job->request->priority, pb = b->job->request->priority;
    return pa > pb; /* Of equals the first to arrive, which is the first found. */
}

static struct sequence *next_waiting(const struct scheduler *s)
{
    struct sequence *best = NULL;
    for (int32_t i = 0; i < s->n_jobs; i++) {
        struct job *job = s->jobs[i];
        for (int32_t c = 0; !job->dead && c < job->request->n_choices; c++) {
            struct sequence *seq = &job->seqs[c];
            if (seq->state != SEQUENCE_WAITING || seq->deferred) continue;
            if (!best || goes_before(seq, best)) best = seq;
        }
    }
    return best;
}

static int32_t free_slot(const struct scheduler *s)
{
    for (int32_t i = 0; i < s->o.n_seqs_max; i++)
        if (!s->slot_used[i]) return i;
    return -1;
}

static void start_running(struct scheduler *s, struct sequence *seq, int32_t slot)
{
    assert(s->n_running < s->o.n_seqs_max && !s->slot_used[slot]);
    s->slot_used[slot] = true;
    seq->slot = slot;
    seq->n_jump = 0; /* Preempted, they are computed with the rest. */
    seq->state = SEQUENCE_RUNNING;
    s->running[s->n_running++] = seq;
    if (s->drafter) drafter_begin(s->drafter, slot, seq->job->root, seq->tokens, seq->n_tokens);
}

void sequence_stop_running(struct scheduler *s, struct sequence *seq)
{
    int32_t i = 0;
    while (s->running[i] != seq) i++;
    s->n_running--;
    memmove(&s->running[i], &s->running[i + 1],
            (size_t)(s->n_running - i) * sizeof(struct sequence *));
    kvcache_drop(s->kv, seq->slot);
    if (s->drafter) drafter_end(s->drafter, seq->slot);
    s->slot_used[seq->slot] = false;
    seq->slot = -1;
}

/* Room for everything the sequence may become, so that decoding does not allocate. */
static int own_tokens(const struct scheduler *s, struct sequence *seq)
{
    const struct engine_request *r = seq->job->request;
    if (seq->tokens) return 0;
    int32_t grow = r->max_tokens < 0 ? s->o.n_ctx - r->n_tokens : r->max_tokens;
    int32_t *tokens = mem_alloc((size_t)(r->n_tokens + grow) * sizeof *tokens);
    if (!tokens) return -ERR_NO_MEMORY;
    if (r->constraint && !(seq->constraint = constraint_copy(r->constraint))) {
        mem_free(tokens);
        return -ERR_NO_MEMORY;
    }
    memcpy(tokens, r->tokens, (size_t)r->n_tokens * sizeof *tokens);
    seq->tokens = tokens;
    seq->cap = r->n_tokens + grow;
    return 0;
}

static void begin(struct scheduler *s, struct job *job, int32_t n_cached, uint64_t now)
{
    job->begun = true;
    job->begun_ns = now;
    job->n_cached = n_cached;
    s->n_waiting_jobs--;
    s->stats.n_prompt_tokens += (uint64_t)job->request->n_tokens;
    s->stats.n_cached_tokens += (uint64_t)n_cached;
    s->o.events.counted(s->o.events.ctx, job->request, job->request->n_tokens, n_cached);
    if (job->request->echo && !job->request->logprobs) job_echo(s, job);
}

static int32_t common_prefix(const int32_t *a, int32_t n_a, const int32_t *b, int32_t n_b)
{
    int32_t n = n_a < n_b ? n_a : n_b, i = 0;
    while (i < n && a[i] == b[i]) i++;
    return i;
}

/* Whether a running prefill is about to compute blocks that this one begins with: many requests
 * with one system prompt, come at once, compute it once. It lasts as long as that prefill takes to
 * get there; when that one is cancelled or preempted the reason is gone. */
static bool worth_waiting(const struct scheduler *s, const struct sequence *seq, int32_t most)
{
    const struct engine_request *r = seq->job->request;
    if (seq->n_tokens > r->n_tokens) return false;
    for (int32_t i = 0; i < s->n_running; i++) {
        const struct sequence *other = s->running[i];
        int32_t len = kvcache_len(s->kv, other->slot);
        if (sequence_is_idle(other) && !sequence_is_idle(seq)) continue; /* It may sit out. */
        if (other->n_tokens - len <= 1 + other->n_jump) continue;
        if (memcmp(&other->job->root, &seq->job->root, sizeof seq->job->root) != 0) continue;
        int32_t n = common_prefix(r->tokens, most, other->tokens, other->n_tokens);
        n = n / KV_BLOCK_LEN * KV_BLOCK_LEN;
        if (n > len && n > kvcache_find(s->kv, seq->job->root, r->tokens, most + 1)) return true;
    }
    return false;
}

/* False: not now, nor any behind it. */
static bool admit_one(struct scheduler *s, struct sequence *seq, uint64_t now)
{
    struct job *job = seq->job;
    int32_t slot = free_slot(s);
    /* To score a prompt its logits must be computed: of what is scored, and of the token before,
     * nothing may come from the cache. */
    bool scores = job_scores(job) && job->n_scored < job->request->n_tokens;
    int32_t from = job->request->echo_from > 1 ? job->request->echo_from : 1;
    seq->deferred = worth_waiting(s, seq, (scores ? from : job->request->n_tokens) - 1);
    if (seq->deferred) return true;
    if (own_tokens(s, seq) < 0) {
        struct err err;
        (void)err_set(&err, ERR_NO_MEMORY, "The server is out of memory for this request.");
        job_fail(s, job, &err);
        return true;
    }
    int32_t cached = kvcache_begin(s->kv, slot, job->root, seq->tokens,
                                   scores ? from : seq->n_tokens);
    int32_t margin = s->n_running > 0 ? s->n_running + MARGIN_BLOCKS : 0;
    int32_t need = kvcache_need(s->kv, slot, seq->n_tokens);
    /* Pins give way to one that is alone, and would never run. */
    while (s->n_running == 0 && need > kvcache_available(s->kv) && kvcache_unpin_one(s->kv))
        continue;
    if (need + margin > kvcache_available(s->kv) ||
        kvcache_reserve(s->kv, slot, seq->n_tokens) < 0) {
        kvcache_drop(s->kv, slot);
        assert(s->n_running > 0); /* Alone, n_ctx tokens fit. */
        return false;
    }
    start_running(s, seq, slot);
    if (!job->begun) begin(s, job, cached, now);
    return true;
}

/* The one whose loss costs least: lowest priority, then the last to have come. */
static struct sequence *victim(const struct scheduler *s)
{
    struct sequence *v = s->running[s->n_running - 1];
    for (int32_t i = s->n_running - 1; i-- > 0;)
        if (goes_before(v, s->running[i])) v = s->running[i];
    return v;
}

/* Back to those that wait; what it computed is mostly found in the cache again. */
static void preempt(struct scheduler *s, struct sequence *seq)
{
    sequence_stop_running(s, seq);
    seq->state = SEQUENCE_WAITING;
    s->stats.n_preempted++;
}

/* An idle sequence gives its place up. False: none runs. */
static bool make_room(struct scheduler *s)
{
    struct sequence *v = s->n_running > 0 ? victim(s) : NULL;
    if (!v || !sequence_is_idle(v)) return false;
    preempt(s, v);
    return true;
}

static void admit(struct scheduler *s, uint64_t now, bool idle)
{
    for (;;) {
        struct sequence *seq = next_waiting(s);
        if (!seq || sequence_is_idle(seq) != idle) return;
        if (s->n_running < s->o.n_seqs_max && admit_one(s, seq, now)) continue;
        if (idle || !make_room(s)) return;
    }
}

static bool is_idle_turn(const struct scheduler *s, uint64_t now)
{
    if (now - s->idle_at_ns >= SCHEDULER_IDLE_WAIT_MS * UINT64_C(1000000)) return true;
    for (int32_t i = 0; i < s->n_running; i++)
        if (!sequence_is_idle(s->running[i])) return false;
    return true;
}

void scheduler_admit(struct scheduler *s, uint64_t now)
{
    if (now > PIN_NS) kvcache_unpin_unused(s->kv, now - PIN_NS);
    for (int32_t i = 0; i < s->n_jobs; i++)
        for (int32_t c = 0; c < s->jobs[i]->request->n_choices; c++)
            s->jobs[i]->seqs[c].deferred = false;
    admit(s, now, false);
    s->idle_turn = is_idle_turn(s, now);
    if (s->idle_turn) admit(s, now, true);
    job_reap(s);
}

bool scheduler_follow(struct scheduler *s, struct sequence *leader, struct sequence *seq)
{
    assert(seq->state == SEQUENCE_FOLLOWING);
    seq->state = SEQUENCE_WAITING;
    int32_t slot = free_slot(s);
    if (slot < 0 || own_tokens(s, seq) < 0) return false; /* admit_one will say so */
    kvcache_fork(s->kv, leader->slot, slot);
    start_running(s, seq, slot);
    return true;
}

void scheduler_reserve(struct scheduler *s)
{
    for (int32_t i = 0; i < s->n_running;) {
        struct sequence *seq = s->running[i];
        if (kvcache_reserve(s->kv, seq->slot, seq->n_tokens) == 0) {
            i++;
            continue;
        }
        if (s->n_running == 1 && kvcache_unpin_one(s->kv)) continue;
        preempt(s, victim(s));
        i = 0; /* The list has changed; reserving twice costs nothing. */
    }
}
