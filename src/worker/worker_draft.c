/* A second, small model beside the first, which drafts for it (engine/drafter.h). Both read the
 * same tokens, or it is refused. */
#include "engine/format.h"
#include "worker/worker_state.h"

#include <stdio.h>

enum { SHOWN_MAX = 64 }; /* Bytes of a token in an error. */

static int check_vocabulary(const struct worker *w, const struct tokenizer *t, const char *path,
                            struct err *err)
{
    int32_t id = tokenizer_difference(w->tokenizer, t);
    if (id == TOKEN_NONE) return 0;
    struct slice ours = tokenizer_bytes(w->tokenizer, id), other = tokenizer_bytes(t, id);
    if (ours.len > SHOWN_MAX) ours.len = SHOWN_MAX;
    if (other.len > SHOWN_MAX) other.len = SHOWN_MAX;
    return err_set(err, ERR_INVALID_VALUE,
                   "%s cannot draft for this model: their vocabularies differ, token %d is '%.*s' "
                   "there and '%.*s' here; a smaller model of the same family can",
                   path, id, SLICE_FMT(other), SLICE_FMT(ours));
}

int worker_draft_open(struct worker *w, const struct msg_load *load,
                      const struct model_options *options, struct err *err)
{
    char path[MSG_PATH_MAX + 1];
    struct tokenizer *t;
    (void)snprintf(path, sizeof path, "%.*s", SLICE_FMT(load->draft)); /* The table's limit. */
    TRY(checkpoint_open(&w->draft.checkpoint, path, err));
    TRY(tokenizer_open(&t, w->draft.checkpoint, err));
    int r = check_vocabulary(w, t, path, err);
    tokenizer_close(t);
    if (r < 0) return r;
    TRY(model_open(&w->draft.model, w->draft.checkpoint, options, err));
    const struct model_facts *f = model_facts(w->draft.model);
    if (f->kind == MODEL_CAUSAL) return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "%s cannot draft for this model: it (%s) makes embeddings, not text", path,
                   f->arch);
}

int worker_draft_reserve(struct worker *w, int32_t n_blocks, struct err *err)
{
    const struct model_facts *f = model_facts(w->draft.model);
    TRY(kv_store_init(&w->draft.kv, &f->kv, f->kv_dtype, n_blocks, err));
    w->draft.has_kv = true;
    return 0;
}

void worker_draft_close(struct worker *w)
{
    if (w->draft.has_kv) kv_store_release(&w->draft.kv);
    model_close(w->draft.model);
    if (w->draft.checkpoint) checkpoint_close(w->draft.checkpoint);
}

static int forward(void *ctx, const struct batch *b, float *out, struct err *err)
{
    struct worker_draft *d = ctx;
    return model_forward(d->model, b, &d->kv, out, err);
}

static void copy_block(void *ctx, int32_t to, int32_t from)
{
    struct worker_draft *d = ctx;
    kv_store_copy(&d->kv, to, from);
}

struct scheduler_net worker_draft_net(struct worker *w)
{
    int32_t n_vocab = w->draft.model ? model_facts(w->draft.model)->n_vocab : 0;
    return (struct scheduler_net){
        .ctx = &w->draft, .n_vocab = n_vocab, .forward = forward, .copy_block = copy_block
    };
}
