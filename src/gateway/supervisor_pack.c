/* Packed weights on disk: where a model's are, and the worker that writes them when all is quiet.
 *
 * The first start of a model packs in memory and waits for nothing. Once its worker has been idle
 * for a while, another worker packs the same file again, into a PART file beside the place; when it
 * says that it is done the gateway renames, and later starts map. Failing costs only that. */
#include "base/log.h"
#include "base/seam.h"
#include "gateway/supervisor_internal.h"
#include "store/packed_cache.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { NS_PER_MS = 1000 * 1000, TABLE_BYTES = 8 << 20 };

static bool is_on(const struct supervisor *s)
{
    const struct gateway_options *g = s->o.gateway;
    bool f32 = g->compute && strcmp(g->compute, "f32") == 0;
    return g->packed_dir && g->packed_bytes_max > 0 && !f32;
}

void model_find_packed(struct supervisor *s, struct model *m)
{
    struct err err;
    m->packed[0] = '\0';
    if (!is_on(s)) return;
    if (packed_cache_path(m->packed, sizeof m->packed, s->o.gateway->packed_dir, m->path, &err) <
        0) {
        m->packed[0] = '\0';
        log_warn("packed weights are not kept", LOG_STR("model", m->facts.id),
                 LOG_STR("why", err.text));
    }
}

void model_want_packed(struct supervisor *s, struct model *m, bool mapped)
{
    m->pack_at_ns = 0;
    if (!m->packed[0]) return;
    if (mapped) {
        packed_cache_touch(m->packed);
        return;
    }
    if (s->packing_failed || m->weight_bytes == 0) return;
    m->pack_at_ns = now_ns() + s->pack_idle_ms * (uint64_t)NS_PER_MS;
    supervisor_wake_tick(s);
}

/* A folder that cannot be written is a reason for all models, and said once. */
static int prepare_folder(struct supervisor *s, struct model *m, struct err *err)
{
    const struct gateway_options *g = s->o.gateway;
    int rc = packed_cache_make(g->packed_dir, err);
    if (rc < 0) s->packing_failed = true;
    if (rc == 0)
        rc = packed_cache_make_room(g->packed_dir, m->packed, m->weight_bytes + TABLE_BYTES,
                                    g->packed_bytes_max, err);
    if (rc == 0) rc = packed_cache_part(m->part, sizeof m->part, m->packed, ++s->n_packed, err);
    return rc;
}

void model_check_packing(struct supervisor *s, struct model *m, uint64_t now)
{
    struct err err = { 0 };
    if (!m->pack_at_ns || m->packer || s->stopped) return;
    bool ready = m->worker && m->worker->state == WORKER_READY;
    if (!ready || m->worker->n_in_flight > 0) {
        m->pack_at_ns = now + s->pack_idle_ms * (uint64_t)NS_PER_MS;
        return;
    }
    if (now < m->pack_at_ns) return;
    m->pack_at_ns = 0; /* Once for each start of the model. */
    int rc = prepare_folder(s, m, &err);
    if (rc == 0) rc = worker_start(s, m, WORKER_PACK, &err);
    if (rc < 0)
        log_warn("packed weights are not kept", LOG_STR("model", m->facts.id),
                 LOG_STR("why", err.text));
}

void model_on_packed(struct supervisor *s, struct model *m, const struct msg_artefact *artefact)
{
    (void)s;
    if (seams.rename(m->part, m->packed) < 0) {
        struct err err;
        (void)err_errno(&err, errno, "renaming %s to %s", m->part, m->packed);
        log_warn("packed weights are not kept", LOG_STR("model", m->facts.id),
                 LOG_STR("why", err.text));
        return;
    }
    log_info("packed weights kept for the next start", LOG_STR("model", m->facts.id),
             LOG_STR("file", m->packed), LOG_INT("bytes", artefact->bytes));
}

void model_on_packer_gone(struct model *m)
{
    m->packer = NULL;
    if (m->part[0]) (void)seams.unlink(m->part); /* Renamed already when all went well. */
    m->part[0] = '\0';
}
