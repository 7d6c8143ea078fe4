#include "gateway/identity.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum { ADDRESS_SIZE = 64, V6_NET_BYTES = 8 };

/* ---- Cookies and origins ---- */

struct slice identity_cookie(struct slice header, struct slice name)
{
    while (header.len) {
        size_t end = slice_find(header, SLICE(";"));
        struct slice pair = slice_trim((struct slice){ header.ptr, end });
        size_t step = end < header.len ? end + 1 : end;
        header = (struct slice){ header.ptr + step, header.len - step };
        if (pair.len > name.len && slice_starts(pair, name) && pair.ptr[name.len] == '=')
            return (struct slice){ pair.ptr + name.len + 1, pair.len - name.len - 1 };
    }
    return (struct slice){ 0 };
}

bool identity_is_own_origin(struct slice origin, struct slice host)
{
    static const struct slice schemes[] = { { "http://", 7 }, { "https://", 8 } };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (slice_starts(origin, schemes[i]))
            return slice_eq_nocase(
                (struct slice){ origin.ptr + schemes[i].len, origin.len - schemes[i].len }, host);
    return false;
}

static bool changes_something(const struct call *call)
{
    return !slice_is(call->method, "GET") && !slice_is(call->method, "OPTIONS");
}

/* A session counts only for our own page. */
static int check_page(const struct call *call, const struct http_parser *p, struct err *err)
{
    struct slice site = http_header(p, "sec-fetch-site");
    if (call->caller.foreign ||
        (site.ptr && !slice_is(site, "same-origin") && !slice_is(site, "none")))
        return err_set(err, ERR_ORIGIN,
                       "A page of another address may not use your session. Behind a proxy: let it "
                       "pass on the header Host as the browser sends it.");
    if (!changes_something(call)) return 0;
    if (!call->caller.origin.len)
        return err_set(err, ERR_ORIGIN,
                       "A session may change something only with the header Origin, which browsers "
                       "send; programs use an API key.");
    if (!slice_is(http_header(p, IDENTITY_HEADER), "1"))
        return err_set(err, ERR_PERMISSION,
                       "A session may change something only with the header " IDENTITY_HEADER
                       ": 1; programs use an API key.");
    return 0;
}

/* ---- Where it comes from ---- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* Of the newer kind a person has a whole net, so that is what counts. */
static bool write_v6(char ret[ADDRESS_SIZE], struct in6_addr address)
{
    char text[INET6_ADDRSTRLEN];
    memset(address.s6_addr + V6_NET_BYTES, 0, sizeof address.s6_addr - V6_NET_BYTES);
    if (!inet_ntop(AF_INET6, &address, text, sizeof text)) return false;
    (void)snprintf(ret, ADDRESS_SIZE, "%s/64", text); /* It fits. */
    return true;
}

static bool write_peer(char ret[ADDRESS_SIZE], const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, ret,
                         ADDRESS_SIZE) != NULL;
    return a->sa_family == AF_INET6 &&
           write_v6(ret, ((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

/* What a proxy on this machine says: the last one in its list is whom it saw. */
static bool write_forwarded(char ret[ADDRESS_SIZE], struct slice list)
{
    char text[ADDRESS_SIZE];
    struct in_addr v4;
    struct in6_addr v6;
    for (size_t at; (at = slice_find(list, SLICE(","))) < list.len;)
        list = (struct slice){ list.ptr + at + 1, list.len - at - 1 };
    list = slice_trim(list);
    if (list.len == 0 || list.len >= sizeof text) return false;
    (void)snprintf(text, sizeof text, "%.*s", SLICE_FMT(list)); /* It fits. */
    if (inet_pton(AF_INET6, text, &v6) == 1) return write_v6(ret, v6);
    return inet_pton(AF_INET, text, &v4) == 1 && inet_ntop(AF_INET, &v4, ret, ADDRESS_SIZE) != NULL;
}

static void find_address(struct call *call, const struct identity *id)
{
    char text[ADDRESS_SIZE] = "";
    struct slice forwarded = http_header(id->parser, "x-forwarded-for");
    if (!forwarded.ptr || !is_loopback(id->peer) || !write_forwarded(text, forwarded))
        if (!write_peer(text, id->peer)) text[0] = '\0';
    call->caller.address = arena_slice(call->arena, slice_of(text));
}

static bool is_from_elsewhere(const struct identity *id)
{
    return http_header(id->parser, "x-forwarded-for").ptr ||
           http_header(id->parser, "forwarded").ptr ||
           !access_host_is_loopback(http_host(id->parser));
}

static void describe(struct call *call, const struct identity *id)
{
    struct caller *c = &call->caller;
    *c = (struct caller){ .host = http_host(id->parser),
                          .origin = http_header(id->parser, "origin"),
                          .agent = http_header(id->parser, "user-agent") };
    c->foreign = c->origin.ptr && !identity_is_own_origin(c->origin, c->host);
    c->guarded = access_is_guarded(id->access) ||
                 (id->people && people_have_owner(id->people) && is_from_elsewhere(id));
    c->keyed = access_has_keys(id->access);
    find_address(call, id);
}

/* ---- Keys ---- */

enum { KEY_HEADERS = 3 };

static size_t keys_given(struct slice ret[KEY_HEADERS], const struct http_parser *p)
{
    static const char *const names[KEY_HEADERS] = { "authorization", "api-key", "x-api-key" };
    static const struct slice scheme = { "Bearer ", 7 };
    size_t n = 0;
    for (size_t i = 0; i < KEY_HEADERS; i++) {
        struct slice value = http_header(p, names[i]);
        struct slice head = { value.ptr, value.len < scheme.len ? value.len : scheme.len };
        if (i == 0 && slice_eq_nocase(head, scheme))
            value = slice_trim((struct slice){ value.ptr + scheme.len, value.len - scheme.len });
        if (value.len) ret[n++] = value;
    }
    return n;
}

static bool is_personal(struct slice key)
{
    return slice_starts(key, SLICE(PEOPLE_KEY_PREFIX));
}

/* All that are given must be right. */
static int check_personal(struct call *call, const struct identity *id, const struct slice *keys,
                          size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!people_by_key(id->people, keys[i], call))
            return err_set(err, ERR_API_KEY_INVALID,
                           "Incorrect API key provided: it was deleted, or its person may not sign "
                           "in. Account > API keys makes another.");
    return 0;
}

/* ---- All of it ---- */

static void forget(struct call *call)
{
    call->caller.by = CALLER_NOBODY;
    call->caller.owner = false;
    call->caller.session = (struct slice){ 0 };
    call->principal = (struct principal){ SLICE(""), SLICE(""), SLICE(""), SLICE("") };
}

static int nobody(struct call *call, const struct identity *id, struct err *err)
{
    forget(call);
    if (!id->people || err->code == ERR_API_KEY_INVALID) return -(int)err->code;
    if (people_have_owner(id->people))
        return err_set(err, ERR_API_KEY_MISSING,
                       "You are not signed in and gave no API key. Sign in, or send one in an "
                       "Authorization header (Authorization: Bearer YOUR_KEY).");
    if (access_has_keys(id->access)) return -(int)err->code;
    return err_set(err, ERR_API_KEY_MISSING,
                   "This server has no owner yet: open the link that it printed at its start, or "
                   "let 'tiro people link' print another, on its machine.");
}

static int check_key_file(struct call *call, const struct identity *id, struct err *err)
{
    struct err why = { 0 };
    int rc = access_check_key(id->access, id->parser, &call->principal, &why);
    bool keyed = access_has_keys(id->access);
    if (rc == 0 && !keyed && call->caller.guarded) rc = -ERR_API_KEY_MISSING;
    if (rc < 0) {
        *err = why;
        if (!err->code) (void)err_set(err, ERR_API_KEY_MISSING, "Sign in.");
        return nobody(call, id, err);
    }
    call->caller.by = keyed ? CALLER_KEY : CALLER_LOCAL;
    call->caller.owner = true;
    return 0;
}

int identity_check(struct call *call, const struct identity *id, struct err *err)
{
    struct slice keys[KEY_HEADERS];
    if (!id->peer) {
        call->principal = access_local();
        call->caller = (struct caller){ .by = CALLER_LOCAL, .owner = true };
        return 0;
    }
    describe(call, id);
    size_t n = keys_given(keys, id->parser);
    if (id->people && n && (is_personal(keys[0]) || is_personal(keys[n - 1]))) {
        int rc = check_personal(call, id, keys, n, err);
        return rc < 0 ? nobody(call, id, err) : 0;
    }
    struct slice cookies = http_header(id->parser, "cookie");
    struct slice token = identity_cookie(cookies, SLICE(PEOPLE_COOKIE_SECURE));
    if (!token.ptr) token = identity_cookie(cookies, SLICE(PEOPLE_COOKIE));
    if (id->people && n == 0 && token.ptr && people_by_session(id->people, token, call)) {
        int rc = check_page(call, id->parser, err);
        if (rc < 0) forget(call);
        return rc;
    }
    return check_key_file(call, id, err);
}
