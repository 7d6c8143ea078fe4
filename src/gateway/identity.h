/* identity - who is asking: by an API key, by a session's cookie, or because it is this machine.
 *
 * A key is a header, which no foreign page can send. A cookie comes by itself with whatever a
 * browser requests, so it counts only where the page is our own: Sec-Fetch-Site and Origin must say
 * so where they are sent, and what changes anything must say both its Origin and IDENTITY_HEADER,
 * which a page of another origin may not (it is not in what CORS allows).
 */
#ifndef TIRO_GATEWAY_IDENTITY_H
#define TIRO_GATEWAY_IDENTITY_H

#include "api/people.h"
#include "gateway/access.h"

#define IDENTITY_HEADER "x-tiro-request"

struct sockaddr;

struct identity {
    const struct access *access;
    struct people *people; /* NULL: there are none */
    const struct http_parser *parser;
    const struct sockaddr *peer; /* NULL: our own socket, where nothing is asked */
};

/* Fills call->principal and call->caller. -ERR_API_KEY_MISSING, -ERR_API_KEY_INVALID: nobody;
 * -ERR_ORIGIN, -ERR_PERMISSION: a session, but not used by our page. Of an endpoint that is open
 * the result may be ignored: the caller is nobody then. */
int identity_check(struct call *call, const struct identity *id, struct err *err) MUST_USE;

/* The value of a cookie in the header; ptr NULL: it is not there. */
struct slice identity_cookie(struct slice header, struct slice name);
/* "http://host:80" of a page that came from `host`. */
bool identity_is_own_origin(struct slice origin, struct slice host);

#endif
