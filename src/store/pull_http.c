#include "store/pull_job.h"

#include "base/seam.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HUB_DEFAULT "https://huggingface.co"

enum {
    CONNECT_TIMEOUT_MS = 5000,
    STALL_TIMEOUT_S = 30, /* Less than a byte a second for so long: gone. */
    REDIRECTS_MAX = 5,
    ATTEMPTS_MAX = 4, /* In a row without a new byte. */
    VALIDATOR_MAX = 200,
    STATUS_OK = 200,
    STATUS_PARTIAL = 206,
    STATUS_RANGE = 416,
};

/* One transfer. */
struct transfer {
    struct pull_job *job;
    struct staged *out;
    CURL *curl;
    const char *host;
    uint64_t expected; /* size of the whole; 0: not known */
    uint64_t asked_from;
    bool begun, mismatch; /* the first byte was seen; the answer is not what we asked for */
    char validator[VALIDATOR_MAX];
    uint64_t range_from; /* of Content-Range; UINT64_MAX: none */
    int rc;              /* of our own side: disk, cancellation */
    struct err *err;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void start_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

void pull_host(char *out, size_t size, const char *url)
{
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    size_t len = strcspn(start, "/?#");
    const char *at = memchr(start, '@', len); /* Never show credentials. */
    if (at) {
        len -= (size_t)(at + 1 - start);
        start = at + 1;
    }
    (void)snprintf(out, size, "%.*s", (int)len, start); /* Cut is fine: for messages. */
}

/* Everything but unreserved characters and the slash. */
static bool escape_path(char *out, size_t size, const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("-._~/", c);
        if (n + 4 > size) return false;
        if (plain) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    out[n] = '\0';
    return true;
}

static const char *hub_address(void)
{
    const char *hub = getenv("TIRO_HUB");
    return hub && *hub ? hub : HUB_DEFAULT;
}

int pull_hub_list_url(char *out, size_t size, const char *repository, struct err *err)
{
    int n = snprintf(out, size, "%s/api/models/%s", hub_address(), repository);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the name %.100s is too long", repository);
    return 0;
}

int pull_hub_url(char *out, size_t size, const char *repository, const char *revision,
                 const char *file, struct err *err)
{
    char escaped[PATH_MAX], branch[PULL_SOURCE_MAX];
    if (!escape_path(escaped, sizeof escaped, file) ||
        !escape_path(branch, sizeof branch, revision ? revision : "main"))
        return err_set(err, ERR_LIMIT, "the name %.100s is too long", file);
    int n = snprintf(out, size, "%s/%s/resolve/%s/%s", hub_address(), repository, branch, escaped);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the name %.100s is too long", file);
    return 0;
}

/* --- curl's callbacks ------------------------------------------------------------------------- */

static void copy_value(char *out, size_t size, struct slice value)
{
    value = slice_trim(value);
    if (value.len >= size) return; /* An unusable validator is none. */
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

static size_t on_header(char *bytes, size_t one, size_t len, void *ctx)
{
    struct transfer *t = ctx;
    struct slice line = { bytes, one * len };
    size_t colon = slice_find(line, SLICE(":"));
    if (slice_starts(line, SLICE("HTTP/"))) { /* A new answer, perhaps after a redirect. */
        t->validator[0] = '\0';
        t->range_from = UINT64_MAX;
    }
    if (colon == line.len) return line.len;
    struct slice name = { bytes, colon }, value = { bytes + colon + 1, line.len - colon - 1 };
    if (slice_eq_nocase(name, SLICE("etag"))) copy_value(t->validator, VALIDATOR_MAX, value);
    if (slice_eq_nocase(name, SLICE("last-modified")) && !t->validator[0])
        copy_value(t->validator, VALIDATOR_MAX, value);
    if (slice_eq_nocase(name, SLICE("content-range"))) {
        value = slice_trim(value);
        struct slice digits = { value.ptr + 6, 0 };
        if (slice_starts(value, SLICE("bytes "))) {
            digits.len = slice_find((struct slice){ digits.ptr, value.len - 6 }, SLICE("-"));
            if (!slice_to_u64(&t->range_from, digits)) t->range_from = UINT64_MAX;
        }
    }
    return line.len;
}

/* A weak ETag names no exact bytes, so it cannot guard a resume. */
static void save_validator(struct transfer *t)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s.etag", t->out->path);
    if (n < 0 || (size_t)n >= sizeof path) return;
    (void)seams.unlink(path); /* It may not be there. */
    if (!t->validator[0] || strncmp(t->validator, "W/", 2) == 0) return;
    int rc = file_replace(path, t->validator, strlen(t->validator), 0600, NULL);
    (void)rc; /* Without it a resume starts over. */
}

/* Before the first byte: is it the part we asked for, and is there room? */
static int begin(struct transfer *t)
{
    long status = 0;
    curl_off_t length = -1;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    t->begun = true;
    if (status == STATUS_PARTIAL && t->range_from != t->asked_from) {
        t->mismatch = true;
        return -ERR_IO;
    }
    if (status != STATUS_PARTIAL) TRY(staged_cut(t->out, 0, t->err)); /* The whole comes. */
    if (length >= 0 && t->expected && t->out->len + (uint64_t)length != t->expected)
        return err_set(t->err, ERR_CHECKSUM,
                       "%s offers %" PRIu64 " bytes and it should be %" PRIu64, t->host,
                       t->out->len + (uint64_t)length, t->expected);
    if (length >= 0) {
        TRY(pull_check_space(t->job->o->paths->models, (uint64_t)length, t->err));
        if (!t->expected && !t->job->total) t->job->total = t->out->len + (uint64_t)length;
    }
    save_validator(t);
    return 0;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *ctx)
{
    struct transfer *t = ctx;
    if (!t->begun) t->rc = begin(t);
    if (t->rc == 0) t->rc = staged_write(t->out, bytes, one * len, t->err);
    return t->rc == 0 ? one * len : 0;
}

static int on_time(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct transfer *t = ctx;
    (void)a, (void)b, (void)c, (void)d; /* The file knows better: it may have been resumed. */
    if (t->rc == 0)
        t->rc = pull_tell(t->job, t->begun ? PULL_DOWNLOAD : PULL_CONNECT, t->out->len, t->err);
    return t->rc == 0 ? 0 : 1;
}

/* --- one attempt ------------------------------------------------------------------------------ */

/* The range to ask for; nothing when we start over. */
static struct curl_slist *resume_headers(struct transfer *t, bool trusted)
{
    char path[PATH_MAX], header[VALIDATOR_MAX + 16];
    char *validator = NULL;
    size_t len;
    struct curl_slist *list = NULL;
    t->asked_from = 0;
    if (t->out->len == 0) return NULL;
    if (!trusted) {
        int n = snprintf(path, sizeof path, "%s.etag", t->out->path);
        if (n < 0 || (size_t)n >= sizeof path ||
            file_read_all(&validator, &len, path, VALIDATOR_MAX, NULL) < 0)
            return NULL;
        (void)snprintf(header, sizeof header, "If-Range: %s", validator); /* It fits. */
        mem_free(validator);
        list = curl_slist_append(NULL, header);
        if (!list) return NULL;
    }
    (void)snprintf(header, sizeof header, "Range: bytes=%" PRIu64 "-", t->out->len);
    struct curl_slist *more = curl_slist_append(list, header);
    if (!more) {
        curl_slist_free_all(list);
        return NULL;
    }
    t->asked_from = t->out->len;
    return more;
}

#define SET(option, value) \
    if (curl_easy_setopt(t->curl, option, value) != CURLE_OK) return false

static bool configure(struct transfer *t, const char *url, struct curl_slist *headers)
{
    const char *protocols = strncasecmp(url, "https:", 6) == 0 ? "https" : "http,https";
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, protocols); /* Never from https down to http. */
    SET(CURLOPT_FOLLOWLOCATION, 1L);
    SET(CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FAILONERROR, 1L);
    SET(CURLOPT_USERAGENT, "tiro/" TIRO_VERSION);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
    SET(CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_XFERINFOFUNCTION, on_time);
    SET(CURLOPT_XFERINFODATA, t);
    return true;
}

/* Says in words what curl found; 0 when the whole is here. */
static int judge(struct transfer *t, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (t->rc < 0 && !t->mismatch) return t->rc;
    if (code == CURLE_OK) return 0;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        return err_set(t->err, ERR_IO, "%s does not answer (%s)", t->host,
                       curl_easy_strerror(code));
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(t->err, ERR_TIMEOUT, "%s does not answer in time", t->host);
    case CURLE_HTTP_RETURNED_ERROR:
        if (status == 401 || status == 403)
            return err_set(t->err, ERR_PERMISSION,
                           "%s refuses this file (HTTP %ld); it may need an account or a licence "
                           "agreed to",
                           t->host, status);
        return err_set(t->err, status == 404 ? ERR_NOT_FOUND : ERR_IO,
                       "%s answers HTTP %ld for this file", t->host, status);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(t->err, ERR_IO, "the certificate of %s is not to be trusted (%s)", t->host,
                       curl_easy_strerror(code));
    default:
        return err_set(t->err, ERR_IO, "the transfer from %s failed (%s)", t->host,
                       curl_easy_strerror(code));
    }
}

static int attempt(struct transfer *t, const char *url, bool trusted, CURLcode *ret_code)
{
    int rc;
    t->curl = curl_easy_init();
    if (!t->curl) return err_set(t->err, ERR_NO_MEMORY, "no memory to download");
    struct curl_slist *headers = resume_headers(t, trusted);
    t->begun = t->mismatch = false;
    t->rc = 0;
    t->range_from = UINT64_MAX;
    *ret_code = CURLE_OUT_OF_MEMORY;
    if (configure(t, url, headers)) {
        *ret_code = curl_easy_perform(t->curl);
        rc = judge(t, *ret_code);
    } else {
        rc = err_set(t->err, ERR_INVALID_VALUE, "curl cannot be set up for %s", t->host);
    }
    long status = 0;
    (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == STATUS_RANGE && t->asked_from > 0) t->mismatch = true;
    curl_slist_free_all(headers);
    curl_easy_cleanup(t->curl);
    return rc;
}

/* What is worth another attempt: a line that broke off in the middle. */
static bool broke_off(CURLcode code)
{
    return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
           code == CURLE_OPERATION_TIMEDOUT || code == CURLE_HTTP2_STREAM || code == CURLE_HTTP2;
}

int pull_http(struct pull_job *job, const char *url, struct staged *out, uint64_t expected,
              bool trusted, struct err *err)
{
    char host[PULL_SOURCE_MAX];
    struct transfer t = { .job = job, .out = out, .host = host, .expected = expected, .err = err };
    CURLcode code = CURLE_OK;
    (void)pthread_once(&curl_once, start_curl); /* Cannot fail with these arguments. */
    if (curl_ready != CURLE_OK) return err_set(err, ERR_INTERNAL, "libcurl does not start");
    pull_host(host, sizeof host, url);
    if (expected && out->len == expected) return 0; /* Only its hash was left to check. */
    if (out->len > 0) pull_note(job, "going on at %.1f MB", (double)out->len / 1e6);
    for (int barren = 0;;) {
        uint64_t before = out->len;
        TRY(pull_tell(job, PULL_CONNECT, out->len, err));
        int rc = attempt(&t, url, trusted, &code);
        if (rc == 0) return 0;
        if (t.mismatch) { /* The resume was not honoured: from the start, once. */
            TRY(staged_cut(out, 0, err));
        } else if (t.rc < 0 || !broke_off(code) || (before == 0 && out->len == 0)) {
            return rc;
        }
        barren = out->len > before ? 0 : barren + 1;
        if (barren == ATTEMPTS_MAX) return rc;
        pull_note(job, "the line to %s broke off at %.1f MB; going on", host,
                  (double)out->len / 1e6);
    }
}
