/* GET /metrics: numbers for Prometheus. */
#include "base/seam.h"
#include "gateway/gateway_internal.h"
#include "gateway/page.h"

enum { METRICS_BYTES_MAX = 4 << 20 };

static void answer(struct gateway *g, struct call *call)
{
    struct buf out;
    buf_init(&out, METRICS_BYTES_MAX);
    metrics_write_value(&out, "tiro_uptime_seconds", "gauge", "Since the server started.",
                        (double)(now_ns() - g->start_ns) / 1e9);
    metrics_write(&g->metrics, &out);
    supervisor_write_metrics(g->supervisor, &out);
    struct err err = { 0 };
    if (out.failed) {
        (void)err_set(&err, ERR_NO_MEMORY, "no memory for the metrics");
        call_error(call, &err, 0);
    } else {
        call->ops->reply(call, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&out));
    }
    buf_release(&out);
}

const struct page page_metrics = {
    .method = "GET",
    .path = "/metrics",
    .answer = answer,
};
