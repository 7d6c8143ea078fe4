/* Adapters among the models: what is called BASE:ADAPTER is answered by the worker of BASE, which
 * is told of each of its adapters when it is ready, and again when one comes, changes or goes. */
#include "base/log.h"
#include "base/seam.h"
#include "gateway/supervisor_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static struct slice base_name(const struct model *m)
{
    const char *colon = strrchr(m->facts.id, ':');
    assert(m->is_adapter && colon);
    return (struct slice){ m->facts.id, (size_t)(colon - m->facts.id) };
}

/* What its base's worker calls it. */
static struct slice own_name(const struct model *m)
{
    return slice_of(strrchr(m->facts.id, ':') + 1);
}

struct model *adapter_base(const struct supervisor *s, const struct model *m)
{
    struct model *base = model_find(s, base_name(m));
    return base && !base->is_adapter ? base : NULL;
}

struct backend_model adapter_facts(const struct supervisor *s, const struct model *m)
{
    struct backend_model facts = m->facts;
    const struct model *base = adapter_base(s, m);
    bool failed = m->facts.state == BACKEND_MODEL_FAILED;
    if (!base) {
        facts.state = BACKEND_MODEL_FAILED;
        if (!failed) facts.problem = "the model that it adapts is not here";
        return facts;
    }
    facts.arch = base->facts.arch;
    facts.capabilities = base->facts.capabilities & ~(uint32_t)CAP_ADAPTERS;
    facts.n_ctx = base->facts.n_ctx;
    facts.n_vocab = base->facts.n_vocab;
    facts.n_embd = base->facts.n_embd;
    facts.n_parameters = base->facts.n_parameters;
    facts.quantisation = base->facts.quantisation;
    facts.prefill_tokens_per_s = base->facts.prefill_tokens_per_s;
    facts.decode_tokens_per_s = base->facts.decode_tokens_per_s;
    if (failed) return facts;
    facts.state = base->facts.state;
    facts.problem = base->facts.problem;
    return facts;
}

/* ---- Telling ---- */

static int file_path(char *ret, size_t size, const struct model *m, const char *file,
                     struct err *err)
{
    int n = snprintf(ret, size, "%s/%s", m->path, file);
    if (n >= 0 && (size_t)n < size) return 0;
    return err_set(err, ERR_LIMIT, "the path of %s is too long", m->facts.id);
}

static int tell(struct worker *w, struct model *m, struct err *err)
{
    char path[PATH_MAX], *config;
    size_t len;
    TRY(file_path(path, sizeof path, m, "adapter_config.json", err));
    TRY(file_read_all(&config, &len, path, MSG_ADAPTER_CONFIG_MAX, err));
    int rc = file_path(path, sizeof path, m, ADAPTER_WEIGHTS, err);
    /* A FIFO must not make us wait. */
    int fd = rc < 0 ? -1 : seams.open(path, O_RDONLY | O_NONBLOCK, 0);
    if (rc == 0 && fd < 0) rc = err_errno(err, errno, "opening %s", path);
    struct msg_adapter message = { .name = own_name(m), .config = { config, len } };
    if (rc == 0) rc = worker_tell_adapter(w, &message, fd, err);
    if (rc < 0 && fd >= 0) (void)seams.close(fd); /* Only opened. */
    mem_free(config);
    return rc;
}

/* As many as the connection takes; the others follow when an answer to these comes. */
static void tell_all(struct supervisor *s, struct model *base)
{
    for (size_t i = 0; i < s->n_models; i++) {
        struct model *m = s->models[i];
        struct err err = { 0 };
        if (!m->is_adapter || adapter_base(s, m) != base || m->is_told ||
            m->facts.state == BACKEND_MODEL_FAILED)
            continue;
        int rc = tell(base->worker, m, &err);
        if (rc == -ERR_BUSY) return;
        if (rc < 0)
            model_fail(s, m, &err);
        else
            m->is_told = true;
    }
}

static bool is_ready(const struct model *base)
{
    return base && base->worker && base->worker->state == WORKER_READY;
}

void adapters_on_ready(struct supervisor *s, struct model *base)
{
    for (size_t i = 0; i < s->n_models; i++) {
        struct model *m = s->models[i];
        if (!m->is_adapter || adapter_base(s, m) != base) continue;
        m->is_told = false;
        model_reset(m); /* It may fit this file of the model. */
    }
    tell_all(s, base);
}

void adapter_on_change(struct supervisor *s, struct model *m)
{
    struct model *base = adapter_base(s, m);
    m->is_told = false;
    if (is_ready(base)) tell_all(s, base);
}

void adapter_on_remove(struct supervisor *s, struct model *m)
{
    struct model *base = adapter_base(s, m);
    struct msg_adapter message = { .name = own_name(m), .gone = true };
    struct err err = { 0 };
    if (!is_ready(base) || !m->is_told) return;
    if (worker_tell_adapter(base->worker, &message, -1, &err) < 0)
        log_warn("a removed adapter stays in memory", LOG_STR("model", m->facts.id),
                 LOG_STR("why", err.text));
}

void adapter_on_adapted(struct supervisor *s, struct model *base, const struct msg_adapted *adapted)
{
    for (size_t i = 0; i < s->n_models; i++) {
        struct model *m = s->models[i];
        if (!m->is_adapter || adapter_base(s, m) != base || !m->is_told ||
            !slice_eq(own_name(m), adapted->name))
            continue;
        struct err err = { 0 };
        bool known = adapted->code > ERR_NONE && adapted->code < ERR_COUNT;
        if (adapted->code)
            (void)err_set(&err, known ? (enum err_code)adapted->code : ERR_INTERNAL, "%.*s",
                          SLICE_FMT(adapted->text));
        if (adapted->code)
            model_fail(s, m, &err);
        else
            log_info("adapter ready", LOG_STR("model", m->facts.id));
    }
    tell_all(s, base);
}

/* ---- A request for one ---- */

int adapter_resolve(struct supervisor *s, struct model **ret_base, struct slice *ret_name,
                    struct model *m, struct err *err)
{
    struct model *base = adapter_base(s, m);
    if (!base)
        return err_param(err, ERR_MODEL_NOT_FOUND, "model",
                         "The model `%.*s`, which `%s` adapts, does not exist",
                         SLICE_FMT(base_name(m)), m->facts.id);
    if (m->facts.state == BACKEND_MODEL_FAILED) {
        if (!model_file_changed(m)) {
            *err = m->failure;
            return -(int)err->code;
        }
        model_reset(m);
        m->is_told = false;
    }
    if (is_ready(base) && !m->is_told) {
        tell_all(s, base);
        if (m->facts.state == BACKEND_MODEL_FAILED) *err = m->failure;
        if (m->facts.state == BACKEND_MODEL_FAILED) return -(int)err->code;
        if (!m->is_told)
            return err_set(err, ERR_NOT_READY,
                           "the adapter %s is still being loaded; try again shortly", m->facts.id);
    }
    *ret_base = base;
    *ret_name = own_name(m);
    return 0;
}
