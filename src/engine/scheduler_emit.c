/* What comes out: prompts given back, tokens, ends and failures. */
#include "base/seam.h"
#include "engine/scheduler_state.h"

/* Prompt tokens given back in one event. */
enum { ECHO_TOKENS = 2048 };

void job_fail(struct scheduler *s, struct job *job, const struct err *err)
{
    if (job->dead) return;
    s->stats.n_failed++;
    job->dead = true;
    s->o.events.failed(s->o.events.ctx, job->request, err);
}

static void out_of_memory(struct scheduler *s, struct job *job)
{
    struct err err;
    (void)err_set(&err, ERR_NO_MEMORY, "The server is out of memory for this request.");
    job_fail(s, job, &err);
}

/* ---- The prompt ---- */

void job_score_flush(struct scheduler *s, struct job *job)
{
    size_t n;
    const struct answer_entry *entries = answer_entries(&job->echo, &n);
    struct slice text = answer_text(&job->echo);
    if (text.len == 0 && n == 0) return;
    s->o.events.score(s->o.events.ctx, job->request, text, entries, n);
    answer_sent(&job->echo);
}

static int echo_token(const struct scheduler *s, struct job *job, const struct answer_entry *entry)
{
    int32_t token = job->request->tokens[job->n_scored];
    /* The beginning that was put before the text is no part of it. */
    bool bos = job->n_scored == 0 && token == tokenizer_special(s->o.tokenizer)->bos;
    job->echo.detokenizer.control = !bos;
    TRY(answer_add(&job->echo, token, entry));
    job->n_scored++;
    return job->n_scored == job->request->n_tokens ? answer_finish(&job->echo) : 0;
}

void job_score(struct scheduler *s, struct job *job, const struct answer_entry *entry)
{
    if (job->dead) return;
    struct answer_entry first = { .token = job->request->tokens[0], .none = true };
    if (job->n_scored == 0 && echo_token(s, job, &first) < 0) {
        out_of_memory(s, job);
        return;
    }
    if (entry && echo_token(s, job, entry) < 0) out_of_memory(s, job);
}

void job_echo(struct scheduler *s, struct job *job)
{
    while (job->n_scored < job->request->n_tokens) {
        if (echo_token(s, job, NULL) < 0) {
            out_of_memory(s, job);
            return;
        }
        if (job->n_scored % ECHO_TOKENS == 0 || job->n_scored == job->request->n_tokens)
            job_score_flush(s, job);
    }
}

/* ---- The completion ---- */

static void emit(struct scheduler *s, struct sequence *seq)
{
    size_t n;
    const struct answer_entry *entries = answer_entries(&seq->answer, &n);
    struct slice text = answer_text(&seq->answer);
    if (text.len == 0 && n == 0) return;
    const struct engine_request *r = seq->job->request;
    s->o.events.token(s->o.events.ctx, r, seq->choice, text, entries, n,
                      seq->n_tokens - r->n_tokens);
    answer_sent(&seq->answer);
}

void sequence_end(struct scheduler *s, struct sequence *seq, enum scheduler_finish reason)
{
    struct job *job = seq->job;
    const struct engine_request *r = job->request;
    if (answer_finish(&seq->answer) < 0) {
        out_of_memory(s, job);
        return;
    }
    emit(s, seq);
    if (seq->state == SEQUENCE_RUNNING) sequence_stop_running(s, seq);
    seq->state = SEQUENCE_ENDED;
    job->n_ended++;
    uint64_t now = now_ns(), first = job->first_ns ? job->first_ns : now;
    struct scheduler_done done = {
        .choice = seq->choice,
        .reason = reason,
        .stop = seq->answer.stopped ? r->stops[seq->answer.stop] : (struct slice){ 0 },
        .prompt_tokens = r->n_tokens,
        .cached_tokens = job->n_cached,
        .completion_tokens = seq->n_tokens - r->n_tokens,
        .logprob = seq->logprob,
        .queue_ns = job->begun_ns - job->arrived_ns,
        .prefill_ns = first - job->begun_ns,
        .decode_ns = now - first,
        .final = job->n_ended == r->n_choices,
    };
    if (done.final) {
        job->dead = true;
        s->stats.n_done++;
    }
    s->o.events.done(s->o.events.ctx, r, &done);
}

/* False: that was the last one. */
static bool take(struct scheduler *s, struct sequence *seq, int32_t token,
                 const struct answer_entry *entry)
{
    const struct engine_request *r = seq->job->request;
    assert(seq->n_tokens < seq->cap);
    if (seq->constraint && constraint_accept(seq->constraint, token) < 0) {
        struct err err;
        (void)err_set(&err, ERR_INTERNAL, "The constraint refused a token that it had allowed.");
        job_fail(s, seq->job, &err);
        return false;
    }
    seq->tokens[seq->n_tokens++] = token;
    s->stats.n_completion_tokens++;
    if (tokenizer_is_end(s->o.tokenizer, token) && !r->ignore_eos) {
        sequence_end(s, seq, SCHEDULER_STOP);
        return false;
    }
    if (answer_add(&seq->answer, token, entry) < 0) {
        out_of_memory(s, seq->job);
        return false;
    }
    if (seq->answer.stopped)
        sequence_end(s, seq, SCHEDULER_STOP);
    else if (seq->n_tokens == seq->cap)
        sequence_end(s, seq, SCHEDULER_LENGTH);
    return seq->state == SEQUENCE_RUNNING && !seq->job->dead;
}

void sequence_accept(struct scheduler *s, struct sequence *seq, const struct task *task)
{
    seq->logprob += (double)task->entry.logprob;
    if (take(s, seq, task->token, seq->job->request->logprobs ? &task->entry : NULL)) emit(s, seq);
}

int32_t sequence_jump(struct scheduler *s, struct sequence *seq, int32_t most)
{
    int32_t n = 0;
    for (; n < most; n++) {
        int32_t token = constraint_forced(seq->constraint);
        /* The model may have fewer tokens than its tokenizer. */
        if (token == CONSTRAINT_FREE || token >= s->o.net.n_vocab) break;
        s->stats.n_jumped_tokens++;
        if (!take(s, seq, token, NULL)) return n + 1;
        /* One by one, as if each had had a step: what is told does not show what fitted a step. */
        emit(s, seq);
    }
    seq->n_jump = n;
    return n;
}
