#include "gateway/client.h"

#include "base/json.h"
#include "base/seam.h"
#include "gateway/control.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

/* One event: a chunk with 20 logprobs is some 10 KB, an error less. */
enum { LINE_MAX_BYTES = 4 << 20, ERROR_BODY_MAX = 1 << 20, PATH_TEXT_MAX = 512, STOP_MS = 100 };

#define UPLOAD_SECONDS "3600" /* the least there is */

struct client {
    struct client_server server;
    CURL *curl;
    struct curl_slist *headers, *json_headers;
    int dir_fd;
    char socket_path[CONTROL_PATH_MAX];
};

int client_find(struct client_server *ret, const char *data_dir, struct err *err)
{
    struct client_server found;
    TRY(control_find(&found.pid, found.url, data_dir, err));
    *ret = found;
    return 0;
}

int client_open(struct client **ret, const char *data_dir, struct err *err)
{
    struct client_server server;
    TRY(client_find(&server, data_dir, err));
    struct client *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "no memory to reach the server");
    c->server = server;
    c->dir_fd = -1;
    int rc = control_socket_path(&c->dir_fd, c->socket_path, data_dir, err);
    c->curl = curl_easy_init();
    /* Without "Expect: 100-continue" a long request needs no extra turn. */
    c->headers = curl_slist_append(NULL, "Expect:");
    c->json_headers = curl_slist_append(NULL, "Expect:");
    if (rc == 0 && (!c->curl || !c->headers || !c->json_headers ||
                    !curl_slist_append(c->json_headers, "Content-Type: application/json")))
        rc = err_set(err, ERR_NO_MEMORY, "no memory to reach the server");
    if (rc < 0) {
        client_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}

void client_close(struct client *c)
{
    if (!c) return;
    curl_slist_free_all(c->headers);
    curl_slist_free_all(c->json_headers);
    if (c->curl) curl_easy_cleanup(c->curl);
    if (c->dir_fd >= 0) (void)seams.close(c->dir_fd);
    mem_free(c);
}

const struct client_server *client_server(const struct client *c)
{
    return &c->server;
}

/* ---- One request ---- */

typedef size_t write_fn(char *bytes, size_t size, size_t count, void *user);

static void set_up(struct client *c, const char *method, const char *path, struct slice json,
                   write_fn *fn, void *user)
{
    char url[PATH_TEXT_MAX + 32];
    (void)snprintf(url, sizeof url, "http://localhost%.*s", PATH_TEXT_MAX, path); /* Ours: short. */
    curl_easy_reset(c->curl);
    /* The host is a matter of form: the socket decides who answers. Proxies are not for it. */
    curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket_path);
    curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, fn);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, user);
    if (json.len > 0) {
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)json.len);
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, json.ptr);
    }
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, json.len > 0 ? c->json_headers : c->headers);
}

static int transport_error(struct client *c, CURLcode code, struct err *err)
{
    if (code == CURLE_COULDNT_CONNECT)
        return err_set(err, ERR_NOT_FOUND, "the server (process %lld) does not answer",
                       (long long)c->server.pid);
    return err_set(err, ERR_IO, "the connection to the server: %s", curl_easy_strerror(code));
}

static size_t collect(char *bytes, size_t size, size_t count, void *user)
{
    struct buf *b = user;
    buf_add(b, bytes, size * count);
    return b->failed ? 0 : size * count;
}

/* As it is set up, with the whole answer. */
static int perform_whole(struct client *c, int *ret_status, const struct buf *ret_body,
                         struct err *err)
{
    long status = 0;
    CURLcode code = curl_easy_perform(c->curl);
    TRY(buf_check(ret_body, "the server's answer", err));
    if (code != CURLE_OK) return transport_error(c, code, err);
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 if it fails. */
    *ret_status = (int)status;
    return 0;
}

int client_json(struct client *c, int *ret_status, struct buf *ret_body, const char *method,
                const char *path, struct slice json, struct err *err)
{
    set_up(c, method, path, json, collect, ret_body);
    return perform_whole(c, ret_status, ret_body, err);
}

static bool add_part(curl_mime *form, const char *name, const char *filename, struct slice bytes)
{
    curl_mimepart *part = curl_mime_addpart(form);
    return part && curl_mime_name(part, name) == CURLE_OK &&
           (!filename || curl_mime_filename(part, filename) == CURLE_OK) &&
           curl_mime_data(part, bytes.ptr, bytes.len) == CURLE_OK;
}

int client_upload(struct client *c, int *ret_status, struct buf *ret_body, const char *purpose,
                  const char *filename, struct slice bytes, struct err *err)
{
    set_up(c, "POST", "/v1/files", (struct slice){ 0 }, collect, ret_body);
    curl_mime *form = curl_mime_init(c->curl);
    int rc = 0;
    if (!form || !add_part(form, "purpose", NULL, slice_of(purpose)) ||
        !add_part(form, "expires_after[anchor]", NULL, SLICE("created_at")) ||
        !add_part(form, "expires_after[seconds]", NULL, SLICE(UPLOAD_SECONDS)) ||
        !add_part(form, "file", filename, bytes))
        rc = err_set(err, ERR_NO_MEMORY, "no memory to send %s", filename);
    if (rc == 0) {
        curl_easy_setopt(c->curl, CURLOPT_MIMEPOST, form);
        rc = perform_whole(c, ret_status, ret_body, err);
    }
    curl_mime_free(form);
    return rc;
}

/* ---- Errors ---- */

static enum err_code code_of(int status, const char *api_code)
{
    enum err_code by_status = ERR_INTERNAL;
    for (int code = ERR_NONE + 1; code < ERR_COUNT; code++) {
        const char *name = err_api_code((enum err_code)code);
        if (api_code && name && strcmp(name, api_code) == 0) return (enum err_code)code;
        if (by_status == ERR_INTERNAL && err_http_status((enum err_code)code) == status)
            by_status = (enum err_code)code;
    }
    return by_status;
}

int client_error(int status, struct slice body, struct err *err)
{
    json_t *root = NULL;
    if (json_read(&root, body, &json_limits_request, "the answer", NULL) < 0)
        return err_set(err, code_of(status, NULL), "the server answered %d", status);
    const json_t *e = json_object_get(root, "error");
    const char *text = json_string_value(json_object_get(e, "message"));
    const char *param = json_string_value(json_object_get(e, "param"));
    const char *code = json_string_value(json_object_get(e, "code"));
    int rc = err_param(err, code_of(status, code), param ? param : "", "%s",
                       text ? text : "the server gave no reason");
    json_decref(root);
    return rc;
}

/* ---- Streams ---- */

struct stream {
    CURL *curl;
    const struct client_events *events;
    struct buf line;  /* The present line, as far as it has come. */
    struct buf error; /* The body of an answer that is no stream. */
    bool stopped;
    int failed;
    struct err *err;
};

static bool is_error(struct slice data)
{
    return slice_starts(data, SLICE("{\"error\""));
}

static void on_line(struct stream *s, struct slice line)
{
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') line.len--;
    if (!slice_starts(line, SLICE("data:"))) return;
    struct slice data = { line.ptr + 5, line.len - 5 };
    if (data.len > 0 && data.ptr[0] == ' ') data = (struct slice){ data.ptr + 1, data.len - 1 };
    if (is_error(data)) {
        s->failed = client_error(500, data, s->err);
        return;
    }
    if (!s->events->on_data(s->events->ctx, data)) s->stopped = true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user)
{
    struct stream *s = user;
    struct slice rest = { bytes, size * count };
    long status = 0;
    (void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 if it fails. */
    if (status != 200) {
        buf_add_slice(&s->error, rest);
        return size * count;
    }
    while (rest.len > 0 && !s->stopped && s->failed == 0) {
        size_t end = slice_find(rest, SLICE("\n"));
        buf_add(&s->line, rest.ptr, end);
        if (s->line.failed) return 0;
        if (end == rest.len) break;
        on_line(s, buf_slice(&s->line));
        buf_reset(&s->line);
        rest = (struct slice){ rest.ptr + end + 1, rest.len - end - 1 };
    }
    return s->stopped || s->failed < 0 ? 0 : size * count;
}

/* As curl_easy_perform, but asks `stop` ten times a second, where curl's own callback waits for a
 * whole second: Ctrl-C should stop an answer at once. */
static CURLcode perform(struct client *c, struct stream *s)
{
    CURLcode code = CURLE_OK;
    CURLM *multi = curl_multi_init();
    int running = 1, left;
    if (!multi) return CURLE_OUT_OF_MEMORY;
    if (curl_multi_add_handle(multi, c->curl) != CURLM_OK) code = CURLE_FAILED_INIT;
    while (code == CURLE_OK && running && !s->stopped) {
        if (curl_multi_perform(multi, &running) != CURLM_OK) code = CURLE_RECV_ERROR;
        if (running && curl_multi_poll(multi, NULL, 0, STOP_MS, NULL) != CURLM_OK)
            code = CURLE_RECV_ERROR;
        if (s->events->stop && s->events->stop(s->events->ctx)) s->stopped = true;
    }
    for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));)
        if (m->msg == CURLMSG_DONE) code = m->data.result;
    (void)curl_multi_remove_handle(multi, c->curl); /* Fails only for a handle not added. */
    (void)curl_multi_cleanup(multi);
    return code;
}

int client_stream(struct client *c, const char *path, struct slice json,
                  const struct client_events *events, struct err *err)
{
    assert(events->on_data);
    struct stream s = { .curl = c->curl, .events = events, .err = err };
    long status = 0;
    buf_init(&s.line, LINE_MAX_BYTES);
    buf_init(&s.error, ERROR_BODY_MAX);
    set_up(c, "POST", path, json, on_bytes, &s);
    CURLcode code = perform(c, &s);
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status); /* 0 if it fails. */
    int rc = 0;
    if (s.failed < 0)
        rc = s.failed;
    else if (s.stopped)
        rc = err_set(err, ERR_CANCELLED, "stopped");
    else if (s.line.failed)
        rc = err_set(err, ERR_LIMIT, "an event is longer than %d bytes", LINE_MAX_BYTES);
    else if (code != CURLE_OK)
        rc = transport_error(c, code, err);
    else if (status != 200)
        rc = client_error((int)status, buf_slice(&s.error), err);
    buf_release(&s.line);
    buf_release(&s.error);
    return rc;
}
