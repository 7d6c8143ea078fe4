/* endpoint - one operation of the API: a file in api/endpoint/ that ends in a descriptor.
 *
 * To add one: write src/api/endpoint/NAME.c with the struct of its request, the table of its fields
 * (api/field.h), a handler, and
 *
 *     const struct endpoint endpoint_NAME = {
 *         .method = "POST", .path = "/v1/audio/speech", .azure = "audio/speech",
 *         .fields = fields, .size = sizeof(struct speech_req), .handle = handle,
 *         .name = "Speech", .tag = "Audio", .summary = "Turns text into speech.",
 *         .response = response,
 *     };
 *
 * The build finds it; routing, validation, /openapi.json and docs/api.md follow from the table. A
 * handler gets its filled request struct, and answers through the call (api/call.h), at once or
 * later from the events of what it submitted (api/backend.h). Returning an error answers with it.
 *
 * The gateway's side:
 *
 *     const struct endpoint *ep;
 *     struct err err = { 0 };
 *     if (endpoint_find(&ep, method, path, &err) < 0) ... call_error(call, &err, 0) ...
 *     if (!ep->open) ... check the key ...
 *     endpoint_run(ep, call);                      always ends in an answer, now or later
 *
 * or, of an endpoint with .body, endpoint_body_begin, _piece ... and _end as they come.
 */
#ifndef TIRO_API_ENDPOINT_H
#define TIRO_API_ENDPOINT_H

#include "api/call.h"
#include "api/field.h"

/* For a body that is too large for memory: the endpoint gets it in pieces, before it is whole. Each
 * function returns 0 or an error, which is the answer; the endpoint has let go of the call then. */
struct endpoint_body {
    uint64_t bytes_max;                               /* of the whole body; above: 413 */
    int (*begin)(struct call *call, struct err *err); /* the head is there */
    int (*piece)(struct call *call, struct slice bytes, struct err *err);
    int (*end)(struct call *call, struct err *err);
};

struct endpoint {
    const char *method; /* "GET", "POST" ... */
    const char *path;   /* "{response_id}" takes a part; "{model}" the rest, slashes included */
    const char *azure;  /* path below an Azure deployment, or NULL (reserved) */
    const struct field *fields;          /* of the JSON body; NULL: no body is read */
    const struct field *query;           /* of the query string; instead of a body */
    const struct endpoint_body *body;    /* a form in pieces; .fields are its parts */
    size_t size;                         /* of the request struct, of whichever it is */
    bool open;                           /* needs no API key */
    enum dialect dialect;                /* of its errors and streams */
    const char *name;                    /* of its schemas: "ChatCompletion" */
    const char *tag, *summary;           /* for the published documents */
    const struct field *response;        /* of the 200 answer (ANSWER rows); NULL: any JSON */
    const struct field *response_stream; /* of each event's data, or NULL */
    /* 0, or -ERR_* with *err filled, which is then the answer. `req` and what it points to live
     * until this returns. */
    int (*handle)(struct call *call, const void *req, struct err *err);
};

extern const struct endpoint *const endpoint_registry[];
extern const size_t endpoint_registry_len;

/* -ERR_NOT_FOUND "Invalid URL (POST /v1/xyz)"; -ERR_METHOD when the path exists with another. */
int endpoint_find(const struct endpoint **ret, struct slice method, struct slice path,
                  struct err *err) MUST_USE;
/* Reads and checks the body, then runs the handler. */
void endpoint_run(const struct endpoint *ep, struct call *call);
/* Instead of endpoint_run: the body as it arrives. Any of them may answer. */
void endpoint_body_begin(const struct endpoint *ep, struct call *call);
void endpoint_body_piece(const struct endpoint *ep, struct call *call, struct slice bytes);
void endpoint_body_end(const struct endpoint *ep, struct call *call);

#endif
