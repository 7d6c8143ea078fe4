#include "gateway/access.h"

#include "base/log.h"
#include "base/seam.h"
#include "base/utf8.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { HASH_BYTES = crypto_generichash_BYTES, KEY_ID_MAX = 16, KEY_SHOWN_MIN = 12 };

struct key {
    unsigned char hash[HASH_BYTES];
    char id[KEY_ID_MAX]; /* "key-3": its place in the file; for logs and the ledger. */
};

struct access {
    struct access_options options;
    unsigned char hash_key[crypto_generichash_KEYBYTES]; /* Drawn at start. */
    struct key *keys;
    size_t n_keys;
};

static void hash_of(const struct access *a, unsigned char *ret, struct slice key)
{
    int rc = crypto_generichash(ret, HASH_BYTES, (const unsigned char *)key.ptr, key.len,
                                a->hash_key, sizeof a->hash_key);
    assert(rc == 0); /* The sizes are libsodium's own. */
}

static int add_key(struct access *a, struct slice key, const char *where, struct err *err)
{
    if (key.len > ACCESS_KEY_LEN_MAX)
        return err_set(err, ERR_LIMIT, "%s: a key is longer than %d bytes", where,
                       ACCESS_KEY_LEN_MAX);
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~')
            return err_set(err, ERR_INVALID_VALUE,
                           "%s: key number %zu holds a space or a byte that is not ASCII", where,
                           a->n_keys + 1);
    if (a->n_keys == ACCESS_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %d keys", where, ACCESS_KEYS_MAX);
    struct key *keys = mem_realloc(a->keys, (a->n_keys + 1) * sizeof *keys);
    if (!keys) return err_set(err, ERR_NO_MEMORY, "no memory for the keys");
    a->keys = keys;
    struct key *k = &keys[a->n_keys++];
    hash_of(a, k->hash, key);
    (void)snprintf(k->id, sizeof k->id, "key-%zu", a->n_keys); /* At most 1024. */
    return 0;
}

static int read_key_file(struct access *a, struct err *err)
{
    const char *path = a->options.api_key_file;
    char *text;
    size_t len;
    if (file_read_all(&text, &len, path, ACCESS_KEY_FILE_MAX, err) < 0)
        return err_context(err, "the API key file");
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
        log_warn("others on this machine can read the API keys: chmod 600 it",
                 LOG_STR("file", path));
    struct slice rest = { text, len };
    int rc = 0;
    while (rest.len > 0 && rc == 0) {
        size_t end = slice_find(rest, SLICE("\n"));
        struct slice line = slice_trim((struct slice){ rest.ptr, end });
        if (line.len > 0 && line.ptr[0] != '#') rc = add_key(a, line, path, err);
        size_t used = end < rest.len ? end + 1 : end;
        rest = (struct slice){ rest.ptr + used, rest.len - used };
    }
    sodium_memzero(text, len);
    mem_free(text);
    if (rc == 0 && a->n_keys == 0)
        rc = err_set(err, ERR_INVALID_VALUE, "%s holds no key; write one a line", path);
    return rc;
}

int access_open(struct access **ret, const struct access_options *options, struct err *err)
{
    struct access *a = mem_calloc(1, sizeof *a);
    if (!a) return err_set(err, ERR_NO_MEMORY, "no memory for the keys");
    a->options = *options;
    random_bytes_fill(a->hash_key, sizeof a->hash_key);
    const char *variable = getenv("TIRO_API_KEY");
    int rc = 0;
    if (options->api_key_file)
        rc = read_key_file(a, err);
    else if (variable && variable[0])
        rc = add_key(a, slice_of(variable), "TIRO_API_KEY", err);
    if (rc < 0) {
        access_close(a);
        return rc;
    }
    *ret = a;
    return 0;
}

void access_close(struct access *a)
{
    if (!a) return;
    mem_free(a->keys);
    mem_free(a);
}

bool access_has_keys(const struct access *a)
{
    return a->n_keys > 0;
}

bool access_is_guarded(const struct access *a)
{
    return a->n_keys > 0 || !a->options.loopback || a->options.require_sign_in;
}

/* ---- Host and Origin ---- */

/* "[::1]:80" -> "[::1]"; "localhost:80" -> "localhost". The parser has checked the form of Host;
 * an Origin is only compared. */
static struct slice without_port(struct slice host)
{
    size_t end = host.len > 0 && host.ptr[0] == '[' ? slice_find(host, SLICE("]"))
                                                    : slice_find(host, SLICE(":"));
    if (end < host.len && host.ptr[end] == ']') end++;
    return (struct slice){ host.ptr, end };
}

/* 127.0.0.0/8 in plain dotted form: four numbers and nothing behind them. */
static bool is_loopback_v4(struct slice host)
{
    for (int part = 0;; part++) {
        size_t end = slice_find(host, SLICE("."));
        uint64_t number;
        if (end > 3 || !slice_to_u64(&number, (struct slice){ host.ptr, end }) || number > 255)
            return false;
        if (part == 0 && number != 127) return false;
        if (end == host.len) return part == 3;
        if (part == 3) return false;
        host = (struct slice){ host.ptr + end + 1, host.len - end - 1 };
    }
}

bool access_host_is_loopback(struct slice host)
{
    host = without_port(host);
    return slice_eq_nocase(host, SLICE("localhost")) || slice_is(host, "[::1]") ||
           is_loopback_v4(host);
}

static bool host_is_allowed(const struct access *a, struct slice host)
{
    for (size_t i = 0; i < a->options.n_allow_hosts; i++) {
        struct slice name = slice_of(a->options.allow_hosts[i]);
        if (slice_eq_nocase(host, name) || slice_eq_nocase(without_port(host), name)) return true;
    }
    return false;
}

bool access_allows_origin(const struct access *a, struct slice origin, struct slice host)
{
    if (origin.len == 0) return false;
    for (size_t i = 0; i < a->options.n_allow_origins; i++)
        if (slice_eq_nocase(origin, slice_of(a->options.allow_origins[i]))) return true;
    struct slice rest;
    if (slice_starts(origin, SLICE("http://")))
        rest = (struct slice){ origin.ptr + 7, origin.len - 7 };
    else if (slice_starts(origin, SLICE("https://")))
        rest = (struct slice){ origin.ptr + 8, origin.len - 8 };
    else
        return false;
    if (slice_eq_nocase(rest, host)) return true;
    return a->options.loopback && access_host_is_loopback(rest);
}

/* Digits and dots, or in brackets: no name that somebody could have pointed here. */
static bool is_address(struct slice host)
{
    host = without_port(host);
    if (host.len && host.ptr[0] == '[') return true;
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9')) return false;
    return host.len > 0;
}

static bool host_is_ours(const struct access *a, struct slice host)
{
    if (access_host_is_loopback(host) || host_is_allowed(a, host)) return true;
    /* Beyond loopback nobody knows all names, unless somebody has said them. */
    return !a->options.loopback && (a->options.n_allow_hosts == 0 || is_address(host));
}

int access_check_origin(const struct access *a, const struct http_parser *p, struct err *err)
{
    struct slice host = http_host(p);
    char shown[128];
    if (!host_is_ours(a, host)) {
        utf8_sanitize(shown, sizeof shown, host.ptr, host.len);
        return err_set(err, ERR_ORIGIN,
                       "the Host \"%s\" is not a name of this server: use localhost or an address, "
                       "or allow the name with TIRO_ALLOW_HOSTS (allow_hosts in the settings)",
                       shown);
    }
    if (!a->options.loopback) return 0; /* The key guards; CORS decides what a page may read. */
    struct slice origin = http_header(p, "origin");
    if (origin.ptr && !access_allows_origin(a, origin, host)) {
        utf8_sanitize(shown, sizeof shown, origin.ptr, origin.len);
        return err_set(err, ERR_ORIGIN,
                       "pages of the origin \"%s\" may not use this server; allow it with "
                       "TIRO_ALLOW_ORIGINS (allow_origins in the settings)",
                       shown);
    }
    return 0;
}

/* ---- Keys ---- */

struct principal access_local(void)
{
    return (struct principal){ SLICE("default"), SLICE("default"), SLICE("local"), SLICE("none") };
}

/* Every key is compared, whatever the result, so that time tells nothing. */
static const struct key *find_key(const struct access *a, struct slice given)
{
    unsigned char hash[HASH_BYTES];
    const struct key *found = NULL;
    hash_of(a, hash, given);
    for (size_t i = 0; i < a->n_keys; i++)
        if (sodium_memcmp(a->keys[i].hash, hash, sizeof hash) == 0) found = &a->keys[i];
    return found;
}

/* The beginning and end of what was sent, as OpenAI does, for whoever mixed up two keys. */
static int refuse_key(struct slice given, struct err *err)
{
    char head[16] = "", tail[16] = "";
    if (given.len >= KEY_SHOWN_MIN) {
        utf8_sanitize(head, sizeof head, given.ptr, 3);
        utf8_sanitize(tail, sizeof tail, given.ptr + given.len - 4, 4);
    }
    return err_set(err, ERR_API_KEY_INVALID,
                   "Incorrect API key provided: %s****%s. You can find your API key in the file "
                   "or the environment variable TIRO_API_KEY that the server was started with.",
                   head, tail);
}

static int key_missing(struct err *err)
{
    return err_set(err, ERR_API_KEY_MISSING,
                   "You didn't provide an API key. You need to provide your API key in an "
                   "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), "
                   "or in an api-key or x-api-key header.");
}

int access_check_key(const struct access *a, const struct http_parser *p, struct principal *ret,
                     struct err *err)
{
    *ret = access_local();
    if (a->n_keys == 0) return access_is_guarded(a) ? key_missing(err) : 0;
    struct slice bearer = http_header(p, "authorization");
    if (bearer.ptr) {
        static const struct slice scheme = { "Bearer ", 7 };
        if (bearer.len <= scheme.len ||
            !slice_eq_nocase((struct slice){ bearer.ptr, scheme.len }, scheme))
            return key_missing(err);
        bearer = slice_trim((struct slice){ bearer.ptr + scheme.len, bearer.len - scheme.len });
    }
    /* Several may be given (Azure's SDK gives two); then all must be right. */
    const struct slice given[] = { bearer, http_header(p, "api-key"), http_header(p, "x-api-key") };
    const struct key *found = NULL;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].len > 0 && !(found = find_key(a, given[i]))) return refuse_key(given[i], err);
    if (!found) return key_missing(err);
    ret->user = SLICE("default");
    ret->key = slice_of(found->id);
    return 0;
}
