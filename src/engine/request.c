#include "engine/request.h"

#include "base/seam.h"
#include "engine/constraint.h"

#include <string.h>

int engine_request_open(struct engine_request **ret, struct err *err)
{
    struct engine_request *r = mem_calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NO_MEMORY, "out of memory for a request");
    arena_init(&r->arena, ENGINE_REQUEST_BYTES_MAX);
    r->n_choices = 1;
    r->max_tokens = -1;
    r->adapter = -1;
    r->sampling = sampling_default();
    r->what = "prompt";
    *ret = r;
    return 0;
}

void engine_request_close(struct engine_request *r)
{
    if (!r) return;
    if (r->close_own) r->close_own(r->own);
    constraint_close(r->constraint);
    arena_release(&r->arena);
    mem_free(r);
}

int engine_request_check_length(const struct engine_request *r, int32_t n_ctx, struct err *err)
{
    const char *what = r->what;
    if (strcmp(what, "input") == 0) {
        if (r->n_tokens <= n_ctx) return 0;
        return err_param(err, ERR_CONTEXT_LENGTH, what,
                         "This model's maximum context length is %d tokens, however you requested "
                         "%d tokens (%d in your prompt; 0 for the completion). Please reduce your "
                         "prompt; or completion length.",
                         n_ctx, r->n_tokens, r->n_tokens);
    }
    /* A prompt that fills the context has room for nothing, unless nothing is wanted. */
    int32_t least = r->max_tokens == 0 || r->prefill_only ? 0 : 1;
    if (r->n_tokens + least > n_ctx)
        return err_param(err, ERR_CONTEXT_LENGTH, what,
                         "This model's maximum context length is %d tokens. However, your %s "
                         "resulted in %d tokens. Please reduce the length of the %s.",
                         n_ctx, what, r->n_tokens, what);
    if (r->max_tokens > n_ctx - r->n_tokens)
        return err_param(err, ERR_CONTEXT_LENGTH, what,
                         "This model's maximum context length is %d tokens. However, you requested "
                         "%lld tokens (%d in the %s, %d in the completion). Please reduce the "
                         "length of the %s or completion.",
                         n_ctx, (long long)r->n_tokens + r->max_tokens, r->n_tokens, what,
                         r->max_tokens, what);
    return 0;
}
