/* The adapters of the model: announced by the gateway, which opened their files; read and packed
 * here, between two steps. */
#include "base/log.h"
#include "engine/format.h"
#include "worker/worker_state.h"

#include <assert.h>
#include <stdio.h>

int32_t worker_find_adapter(const struct worker *w, struct slice name)
{
    for (int32_t i = 0; i < LORA_SLOTS_MAX; i++) {
        const struct worker_adapter *a = &w->adapters[i];
        if (a->key && !a->leaving && slice_is(name, a->name)) return i;
    }
    return -1;
}

int worker_take_adapter(const struct worker *w, struct engine_request *r, struct slice name,
                        struct err *err)
{
    if (name.len == 0) return 0;
    int32_t slot = worker_find_adapter(w, name);
    if (slot < 0)
        return err_param(err, ERR_MODEL_NOT_FOUND, "model",
                         "The adapter `%.*s` of this model is not there.", SLICE_FMT(name));
    r->adapter = slot;
    r->adapter_key = w->adapters[slot].key;
    return 0;
}

void worker_drop_adapters(struct worker *w)
{
    for (int32_t i = 0; w->n_leaving > 0 && i < LORA_SLOTS_MAX; i++) {
        struct worker_adapter *a = &w->adapters[i];
        if (!a->leaving || scheduler_uses_adapter(w->scheduler, i)) continue;
        model_remove_adapter(w->model, i);
        *a = (struct worker_adapter){ .key = 0 };
        w->n_leaving--;
    }
}

static int open_adapter(struct worker *w, const struct msg_adapter *m, const char *name, int fd,
                        struct err *err)
{
    struct checkpoint *c;
    int32_t slot;
    if (!w->scheduler)
        return err_set(err, ERR_UNSUPPORTED_VALUE, "%s models take no adapters",
                       model_facts(w->model)->arch);
    TRY(checkpoint_open_adapter(&c, m->config, fd, name, err));
    int rc = model_add_adapter(w->model, &slot, c, err);
    checkpoint_close(c);
    if (rc < 0) return rc;
    struct worker_adapter *a = &w->adapters[slot];
    assert(a->key == 0);
    (void)snprintf(a->name, sizeof a->name, "%s", name); /* Fits: the same size. */
    a->key = ++w->n_adapters_ever;
    return 0;
}

void worker_adapter(struct worker *w, const struct msg_adapter *m, int fd)
{
    struct err err = { 0 };
    char name[MSG_NAME_MAX + 1];
    int32_t old = worker_find_adapter(w, m->name);
    if (old >= 0) {
        w->adapters[old].leaving = true;
        w->n_leaving++;
    }
    worker_drop_adapters(w);
    if (m->gone) return;
    (void)snprintf(name, sizeof name, "%.*s", SLICE_FMT(m->name)); /* Fits: the table's limit. */
    int rc = open_adapter(w, m, name, fd, &err);
    if (rc < 0) log_warn("the adapter cannot be used", LOG_STR("why", err.text));
    struct slice text = slice_of(err.text);
    worker_send(w, MSG_ADAPTED,
                &(struct msg_adapted){ .name = m->name, .code = (uint32_t)err.code, .text = text });
}
