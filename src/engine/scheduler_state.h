/* scheduler_state - what the scheduler's files share; nobody else includes this. */
#ifndef TIRO_ENGINE_SCHEDULER_STATE_H
#define TIRO_ENGINE_SCHEDULER_STATE_H

#include "engine/constraint.h"
#include "engine/drafter.h"
#include "engine/lookup.h"
#include "engine/pace.h"

enum { RATE_SECONDS = 10 };

enum sequence_state {
    SEQUENCE_FOLLOWING, /* A choice that waits for choice 0 to have computed the prompt. */
    SEQUENCE_WAITING,
    SEQUENCE_RUNNING,
    SEQUENCE_ENDED,
};

struct job;

struct sequence {
    struct job *job;
    uint32_t choice;
    enum sequence_state state;
    int32_t slot;    /* In the KV cache, while running. */
    int32_t *tokens; /* prompt and completion; owned, from the first admission on */
    int32_t n_tokens, cap;
    struct answer answer;
    struct constraint *constraint;
    struct lookup lookup;
    int32_t n_jump;  /* The last so many tokens were forced and are not computed yet. */
    int32_t n_draft; /* In this step: tokens drafted behind n_tokens, */
    bool by_model;   /* by the draft model. */
    double logprob;
    bool deferred; /* In this step: what it begins with is just being computed. */
};

/* A request in work. */
struct job {
    struct engine_request *request;
    struct sequence *seqs; /* (n_choices) */
    int32_t n_ended;
    int32_t n_cached, n_scored; /* Prompt tokens found in the cache, and already given back. */
    struct answer echo;
    struct kv_hash root;
    uint64_t arrived_ns, begun_ns, first_ns;
    bool begun, dead; /* dead: reaped at the end of the step */
};

/* A sequence's part of the batch. */
struct planned {
    struct sequence *seq;
    int32_t slot;                       /* That it had, should it end. */
    int32_t n_rows, first_out, n_score; /* Score rows come before the row that is sampled. */
    int32_t n_draft, n_kept; /* The last n_draft rows are a draft, of which so much was right. */
    int32_t n_jump;          /* Before those: rows of forced tokens. */
    bool complete;           /* All its tokens are computed: sample. */
};

/* One token to find from one row of logits. */
struct task {
    struct sequence *seq;
    struct logits_row row;
    int32_t token; /* Given for score, found for sampling. */
    bool score;
    struct planned *planned; /* With a draft: its part of the batch. */
    int32_t n_draft;         /* The draft's tasks follow this one; */
    int32_t ahead;           /* this is one of them: the n-th, from 1. */
    bool skipped;            /* What it would follow on did not come. */
    int status;
    struct answer_entry entry;
};

struct scheduler {
    struct scheduler_options o;
    struct kvcache *kv;
    struct job **jobs; /* (n_jobs) by arrival */
    int32_t n_jobs, n_jobs_max, n_waiting_jobs;
    struct sequence **running; /* (n_running) by admission */
    int32_t n_running;
    bool *slot_used;
    /* The step's batch and its tasks, sized at open. */
    int32_t n_rows_max, n_out_max, n_planned, n_tasks;
    int32_t n_decode; /* Of `planned`: the first so many are decoding. */
    int32_t *tokens, *positions, *adapters, *out_rows;
    struct sequence **decoding; /* (n_seqs_max) in the order of their rows */
    struct batch_seq *batch_seqs;
    struct planned *planned;
    struct task *tasks;
    struct batch batch;
    float *logits; /* (n_out_max, n_vocab) */
    size_t logits_bytes;
    struct head head; /* Of the same rows, (n_chunks) each. */
    float *scales;    /* (n_out_max) of head */
    int32_t n_chunks;
    struct kernels kernels;           /* For sampling. */
    struct sampler_scratch **scratch; /* one per pool thread */
    int32_t n_scratch;
    struct pace pace;
    struct drafter *drafter; /* NULL: none */
    struct draft_ask *asks;  /* (n_seqs_max) of this step, and whose they are */
    struct sequence **of_ask;
    uint64_t draft_ns;   /* Spent on them; no part of the step's pace. */
    bool idle_turn;      /* Idle sequences take part in this step. */
    uint64_t idle_at_ns; /* When they last did. */
    struct scheduler_stats stats;
    uint64_t rate_prefill[RATE_SECONDS], rate_decode[RATE_SECONDS], rate_second;
};

/* scheduler.c */
void job_reap(struct scheduler *s);

/* scheduler_admit.c */
void scheduler_expire(struct scheduler *s, uint64_t now);
void scheduler_admit(struct scheduler *s, uint64_t now);
/* Makes room for one more token of every running sequence, preempting where it must. */
void scheduler_reserve(struct scheduler *s);
/* Gives `seq` blocks of its own prompt's leader; false: it has to wait and compute them itself. */
bool scheduler_follow(struct scheduler *s, struct sequence *leader, struct sequence *seq);
/* Out of the running list, blocks back. */
void sequence_stop_running(struct scheduler *s, struct sequence *seq);

/* Of a request that wants only what the others leave: beside them it sits out most steps, and keeps
 * its blocks until somebody needs them. */
static inline bool sequence_is_idle(const struct sequence *seq)
{
    return seq->job->request->priority < 0;
}
static inline bool sequence_takes_part(const struct scheduler *s, const struct sequence *seq)
{
    return !sequence_is_idle(seq) || s->idle_turn;
}

/* scheduler_draft.c */
/* Drafts for this step: each decoding sequence's n_draft. */
void scheduler_draft(struct scheduler *s);
void scheduler_end_drafts(struct scheduler *s);

/* scheduler_jump.c */
/* Lets tokens that can only come so follow those that came, without a step of their own. */
void scheduler_jump(struct scheduler *s);

/* scheduler_emit.c */
void job_fail(struct scheduler *s, struct job *job, const struct err *err);
/* All of the prompt's text, for echo without logprobs. */
void job_echo(struct scheduler *s, struct job *job);
void job_score(struct scheduler *s, struct job *job, const struct answer_entry *entry);
void job_score_flush(struct scheduler *s, struct job *job);
/* Takes the next token of a choice, emits what is certain, and ends the choice when it is over. */
void sequence_accept(struct scheduler *s, struct sequence *seq, const struct task *task);
/* Takes the next tokens as long as they are forced, at most `most`; returns how many. */
int32_t sequence_jump(struct scheduler *s, struct sequence *seq, int32_t most);
void sequence_end(struct scheduler *s, struct sequence *seq, enum scheduler_finish reason);

static inline bool job_scores(const struct job *job)
{
    return job->request->echo && job->request->logprobs;
}

static inline bool job_generates(const struct job *job)
{
    return job->request->max_tokens != 0 && !job->request->prefill_only;
}

/* How the next token of `seq` is sampled, but for its logits. */
static inline struct sampler_input sequence_like(const struct sequence *seq)
{
    const struct engine_request *r = seq->job->request;
    return (struct sampler_input){ .params = &r->sampling,
                                   .tokens = seq->tokens,
                                   .n_tokens = seq->n_tokens,
                                   .n_prompt = r->n_tokens,
                                   .choice = seq->choice,
                                   .constraint = seq->constraint };
}

static inline int32_t sequence_pending(const struct scheduler *s, const struct sequence *seq)
{
    return seq->n_tokens - kvcache_len(s->kv, seq->slot);
}

/* Whether only the token that came last is to be computed, and forced ones behind it. */
static inline bool sequence_decodes(const struct scheduler *s, const struct sequence *seq)
{
    return sequence_pending(s, seq) == 1 + seq->n_jump;
}

#endif
