/* page - an answer the gateway itself gives, next to the API's endpoints: health, metrics, status.
 *
 * To add one: write src/gateway/page/NAME.c with a function that answers the call (api/call.h) and
 *
 *     const struct page page_NAME = {
 *         .method = "GET", .path = "/name", .open = true, .answer = answer,
 *     };
 *
 * The build finds it. Pages are matched by their exact path, before the endpoints of the API.
 */
#ifndef TIRO_GATEWAY_PAGE_H
#define TIRO_GATEWAY_PAGE_H

#include "api/call.h"

struct gateway;

struct page {
    const char *method, *path;
    bool open;  /* Needs no API key. */
    bool local; /* Only through the control socket: what changes the server. */
    void (*answer)(struct gateway *g, struct call *call);
};

extern const struct page *const page_registry[];
extern const size_t page_registry_len;

#endif
