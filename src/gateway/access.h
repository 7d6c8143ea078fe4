/* access - who may call: API keys of the server, and from which pages a browser may reach us.
 * People and their sessions: gateway/identity.h.
 *
 * Keys come from a file or the environment, never from the command line, where `ps` would show
 * them. In memory there are only keyed hashes, compared in constant time.
 *
 * On loopback a key is optional, so any web page the user visits could talk to us with the user's
 * browser. Two checks stop that: Host must be a name of this machine's loopback (a page that
 * rebinds its own DNS name to 127.0.0.1 sends its own name), and Origin, where a browser sends it,
 * must be our own or another loopback page. Elsewhere a key or a session is required, which no
 * foreign page has; where names of the server are set (allow_hosts), Host must be one, or an
 * address.
 */
#ifndef TIRO_GATEWAY_ACCESS_H
#define TIRO_GATEWAY_ACCESS_H

#include "base/err.h"
#include "base/slice.h"
#include "gateway/http_parser.h"
#include "proto/bodies.h"

struct access;

enum { ACCESS_KEYS_MAX = 1024, ACCESS_KEY_LEN_MAX = 512, ACCESS_KEY_FILE_MAX = 1 << 20 };

struct access_options {
    bool loopback;            /* Every listening address is loopback. */
    bool require_sign_in;     /* There, too, nobody is the machine's own user. */
    const char *api_key_file; /* NULL: TIRO_API_KEY of the environment, if set. */
    const char *const *allow_hosts;
    size_t n_allow_hosts;
    const char *const *allow_origins;
    size_t n_allow_origins;
};

/* The strings of the options must outlive it. */
int access_open(struct access **ret, const struct access_options *options,
                struct err *err) MUST_USE;
void access_close(struct access *a); /* NULL is fine. */
bool access_has_keys(const struct access *a);
/* Whoever shows nothing is nobody. */
bool access_is_guarded(const struct access *a);
/* "localhost:80", "127.0.0.1", "[::1]" */
bool access_host_is_loopback(struct slice host);

/* -ERR_ORIGIN when Host or Origin is not one of ours. */
int access_check_origin(const struct access *a, const struct http_parser *p,
                        struct err *err) MUST_USE;
/* Whether answers may be read by the page of that origin (CORS); false also when there is none. */
bool access_allows_origin(const struct access *a, struct slice origin, struct slice host);
/* -ERR_API_KEY_MISSING or -ERR_API_KEY_INVALID; else who it is. */
int access_check_key(const struct access *a, const struct http_parser *p, struct principal *ret,
                     struct err *err) MUST_USE;
/* Whoever needs no key: our own socket, or loopback without keys. */
struct principal access_local(void);

#endif
