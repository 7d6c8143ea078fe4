/* service_uv - the service (api/service.h) on libuv's loop: store, timers, runners. */
#ifndef TIRO_GATEWAY_SERVICE_UV_H
#define TIRO_GATEWAY_SERVICE_UV_H

#include "api/service.h"

#include <uv.h>

struct service_uv;

/* Opens the store (`database`: a URL as db_open takes it; NULL: tiro.db in data_dir) and makes the
 * service. `program`: what decode workers are; NULL: this one. Before the supervisor has its
 * models: runners begin later, by runners_start. */
int service_uv_open(struct service_uv **ret, uv_loop_t *loop, const char *data_dir,
                    const char *database, const char *program, struct err *err) MUST_USE;
/* Ends the runners' work, then the store's, then closes its handles on the loop. NULL is fine. */
void service_uv_close(struct service_uv *s);
/* After the loop has ended. NULL is fine. */
void service_uv_free(struct service_uv *s);
struct service *service_uv_service(struct service_uv *s);

#endif
