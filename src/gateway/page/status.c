/* GET /v1/tiro/status: models, workers and downloads, for `tiro ps` and the chat page. */
#include "base/json.h"
#include "base/seam.h"
#include "gateway/gateway_internal.h"
#include "gateway/page.h"

#include <unistd.h>

enum { STATUS_BYTES_MAX = 4 << 20 };

static void write_pulls(struct json_writer *w, const struct gateway *g)
{
    json_array_begin(w);
    for (size_t i = 0; i < g->n_pulls; i++) {
        const struct pull_row *row = &g->pulls[i];
        json_object_begin(w);
        json_key(w, "name");
        json_str(w, row->name);
        json_key(w, "state");
        json_str(w, row->state);
        json_key(w, "bytes");
        json_uint(w, row->bytes);
        json_key(w, "bytes_total");
        json_uint(w, row->bytes_total);
        json_key(w, "bytes_per_s");
        json_double(w, row->bytes_per_s);
        json_key(w, "text");
        json_str(w, row->text);
        json_object_end(w);
    }
    json_array_end(w);
}

static void answer(struct gateway *g, struct call *call)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, STATUS_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "version");
    json_str(&w, TIRO_VERSION);
    json_key(&w, "pid");
    json_int(&w, getpid());
    json_key(&w, "url");
    json_str(&w, g->url);
    json_key(&w, "uptime_s");
    json_uint(&w, (now_ns() - g->start_ns) / 1000000000u);
    json_key(&w, "connections");
    json_uint(&w, g->metrics.connections_open);
    json_key(&w, "models");
    supervisor_write_status(g->supervisor, &w);
    json_key(&w, "pulls");
    write_pulls(&w, g);
    json_object_end(&w);
    call->ops->header(call, "Cache-Control", "no-store");
    call_json(call, &out);
    buf_release(&out);
}

const struct page page_status = {
    .method = "GET",
    .path = "/v1/tiro/status",
    .answer = answer,
};
