/* What the supervisor knows, for /v1/tiro/status and /metrics. */
#include "base/seam.h"
#include "gateway/supervisor_internal.h"

#include <inttypes.h>

static const char *state_word(enum backend_model_state state)
{
    switch (state) {
    case BACKEND_MODEL_IDLE: return "idle";
    case BACKEND_MODEL_LOADING: return "loading";
    case BACKEND_MODEL_READY: return "ready";
    case BACKEND_MODEL_FAILED: return "failed";
    }
    return "unknown";
}

static void write_loaded(struct json_writer *w, const struct model *m)
{
    json_member_uint(w, "n_ctx", m->facts.n_ctx);
    json_member_uint(w, "n_threads", m->n_threads);
    json_member_uint(w, "n_parameters", m->n_parameters);
    json_member_uint(w, "weight_bytes", m->weight_bytes);
    json_member_uint(w, "kv_bytes", m->kv_bytes);
    json_member_uint(w, "load_ms", m->load_ms);
    json_key(w, "weights_mapped");
    json_bool(w, m->weights_mapped);
    json_member_str(w, "arch", m->facts.arch);
    json_member_str(w, "quantisation", m->quantisation);
    if (m->draft) json_member_str(w, "draft_model", m->draft);
    json_member_uint(w, "drafted_tokens", m->stats.n_drafted_tokens);
    json_member_uint(w, "accepted_tokens", m->stats.n_accepted_tokens);
    json_member_str(w, "walls", m->walls);
    json_member_str(w, "walls_missing", m->walls_missing);
    json_member_uint(w, "rss_bytes", m->stats.rss_bytes);
    json_member_uint(w, "kv_blocks_used", m->stats.kv_blocks_used);
    json_member_uint(w, "kv_blocks_cached", m->stats.kv_blocks_cached);
    json_member_uint(w, "kv_blocks_free", m->stats.kv_blocks_free);
    json_member_uint(w, "kv_blocks_pinned", m->stats.kv_blocks_pinned);
    json_key(w, "prefill_tokens_per_s");
    json_double(w, m->stats.prefill_tokens_per_s);
    json_key(w, "decode_tokens_per_s");
    json_double(w, m->stats.decode_tokens_per_s);
}

static void write_model(const struct supervisor *s, struct json_writer *w, const struct model *m)
{
    struct backend_model facts = m->is_adapter ? adapter_facts(s, m) : m->facts;
    json_object_begin(w);
    json_member_str(w, "id", m->facts.id);
    json_member_str(w, "kind",
                    m->is_adapter             ? "adapter"
                    : m->kind == WORKER_EMBED ? "embed"
                                              : "text");
    json_member_str(w, "state", state_word(facts.state));
    json_member_str(w, "path", m->path);
    json_member_uint(w, "bytes", m->facts.bytes);
    json_key(w, "default");
    json_bool(w, m->facts.is_default);
    json_key(w, "pid");
    if (m->worker)
        json_int(w, m->worker->pid);
    else
        json_null_value(w);
    json_member_uint(w, "requests", m->worker ? m->worker->n_in_flight : 0);
    json_member_uint(w, "waiting", m->waiting.n);
    json_member_uint(w, "restarts", m->restarts);
    if (facts.problem) json_member_str(w, "problem", facts.problem);
    if (m->facts.state == BACKEND_MODEL_LOADING && m->what[0]) {
        json_member_str(w, "loading", m->what);
        json_member_uint(w, "loading_done", m->progress_done);
        json_member_uint(w, "loading_total", m->progress_total);
    }
    if (m->facts.state == BACKEND_MODEL_READY) {
        write_loaded(w, m);
        json_key(w, "uptime_s");
        json_uint(w, (now_ns() - m->worker->ready_at_ns) / 1000000000u);
    }
    json_object_end(w);
}

void supervisor_write_status(struct supervisor *s, struct json_writer *w)
{
    json_array_begin(w);
    for (size_t i = 0; i < s->n_models; i++) write_model(s, w, s->models[i]);
    json_array_end(w);
    for (struct worker *k = s->workers; k; k = k->next) worker_poll_stats(k); /* For next time. */
}

static uint64_t model_in_flight(const struct model *m)
{
    return m->worker ? m->worker->n_in_flight : 0;
}

static uint64_t model_waiting(const struct model *m)
{
    return m->waiting.n;
}

static uint64_t model_is_ready(const struct model *m)
{
    return m->facts.state == BACKEND_MODEL_READY;
}

static uint64_t model_restarts(const struct model *m)
{
    return m->restarts;
}

static uint64_t requests(const struct model *m)
{
    return m->n_requests;
}

static uint64_t kv_used(const struct model *m)
{
    return m->stats.kv_blocks_used;
}

static uint64_t kv_cached(const struct model *m)
{
    return m->stats.kv_blocks_cached;
}

static uint64_t kv_pinned(const struct model *m)
{
    return m->stats.kv_blocks_pinned;
}

static uint64_t kv_free(const struct model *m)
{
    return m->stats.kv_blocks_free;
}

static uint64_t steps(const struct model *m)
{
    return m->stats.n_steps;
}

static uint64_t drafted(const struct model *m)
{
    return m->stats.n_drafted_tokens;
}

static uint64_t accepted(const struct model *m)
{
    return m->stats.n_accepted_tokens;
}

static uint64_t model_drafted(const struct model *m)
{
    return m->stats.n_model_drafted_tokens;
}

static uint64_t model_accepted(const struct model *m)
{
    return m->stats.n_model_accepted_tokens;
}

static uint64_t rss(const struct model *m)
{
    return m->stats.rss_bytes;
}

void supervisor_write_metrics(struct supervisor *s, struct buf *out)
{
    static const struct {
        const char *name, *type, *help;
        uint64_t (*value)(const struct model *m);
        bool of_adapters; /* Else only of their bases, whose workers are what is counted. */
    } rows[] = {
        { "tiro_model_requests_total", "counter", "Requests by the name they gave.", requests,
          true },
        { "tiro_model_ready", "gauge", "1 when the model answers.", model_is_ready },
        { "tiro_model_requests_in_flight", "gauge", "Requests inside the worker.",
          model_in_flight },
        { "tiro_model_requests_waiting", "gauge", "Requests waiting for the model to load.",
          model_waiting },
        { "tiro_model_restarts_total", "counter", "Restarts after a crash.", model_restarts },
        { "tiro_model_kv_blocks_used", "gauge", "KV blocks of running sequences.", kv_used },
        { "tiro_model_kv_blocks_cached", "gauge", "KV blocks kept for shared prefixes.",
          kv_cached },
        { "tiro_model_kv_blocks_pinned", "gauge", "KV blocks pinned against eviction.", kv_pinned },
        { "tiro_model_kv_blocks_free", "gauge", "KV blocks free.", kv_free },
        { "tiro_model_steps_total", "counter", "Steps of the scheduler.", steps },
        { "tiro_model_drafted_tokens_total", "counter", "Tokens drafted by speculation.", drafted },
        { "tiro_model_accepted_tokens_total", "counter", "Drafted tokens that were right.",
          accepted },
        { "tiro_model_draft_model_drafted_tokens_total", "counter",
          "Of the drafted tokens, those of the draft model.", model_drafted },
        { "tiro_model_draft_model_accepted_tokens_total", "counter",
          "Of those, the ones that were right.", model_accepted },
        { "tiro_model_rss_bytes", "gauge", "Resident memory of the worker.", rss },
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[r].name, rows[r].help, rows[r].name,
                   rows[r].type);
        for (size_t i = 0; i < s->n_models; i++) {
            if (s->models[i]->is_adapter && !rows[r].of_adapters) continue;
            buf_printf(out, "%s{model=\"", rows[r].name);
            metrics_write_label(out, slice_of(s->models[i]->facts.id));
            buf_printf(out, "\"} %" PRIu64 "\n", rows[r].value(s->models[i]));
        }
    }
    for (struct worker *w = s->workers; w; w = w->next) worker_poll_stats(w); /* For next time. */
}
