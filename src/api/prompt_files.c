#include "api/prompt_files.h"

#include "api/extract.h"
#include "base/json.h"
#include "base/seam.h"
#include "store/file_table.h"

#include <sodium.h>
#include <stdio.h>

enum { HASH_BYTES = 16, QUOTE_MAX = 100 };

static struct slice string_at(const json_t *object, const char *key)
{
    const json_t *s = json_object_get(object, key);
    return (struct slice){ json_string_value(s), json_string_length(s) };
}

static int quoted(struct slice s)
{
    return (int)(s.len < QUOTE_MAX ? s.len : QUOTE_MAX);
}

/* The object with the file's members: the part itself, or what a message's part has as `file`. */
static const json_t *spec_of(const json_t *part)
{
    struct slice type = string_at(part, "type");
    if (slice_is(type, "input_file")) return part;
    return slice_is(type, "file") ? json_object_get(part, "file") : NULL;
}

/* ---- The rules of a part ---- */

static void place(char ret[ERR_PARAM_MAX], const char *path, const char *name)
{
    (void)snprintf(ret, ERR_PARAM_MAX, "%.90s.%s", path, name); /* May be cut. */
}

int prompt_file_check(const json_t *part, const char *path, struct err *err)
{
    const json_t *spec = spec_of(part);
    bool id = string_at(spec, "file_id").ptr, data = string_at(spec, "file_data").ptr;
    char inner[ERR_PARAM_MAX], at[ERR_PARAM_MAX];
    (void)snprintf(inner, sizeof inner, "%.90s%s", path, spec == part ? "" : ".file");
    place(at, inner, "file_url");
    if (string_at(spec, "file_url").ptr)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, at,
                         "Unsupported parameter: '%s' is not supported by this server, which "
                         "fetches nothing. Upload the file and give its 'file_id', or send it as "
                         "'file_data'.",
                         at);
    place(at, inner, "file_id");
    if (id && data)
        return err_param(err, ERR_INVALID_VALUE, at,
                         "Mutually exclusive parameters: 'file_id' and 'file_data'. Ensure you are "
                         "only providing one of them.");
    if (id || data) return 0;
    return err_param(err, ERR_MISSING_PARAMETER, at,
                     "Missing required parameter: '%s' (or 'file_data').", at);
}

/* ---- Which there are ---- */

static const char *const lists[] = { "content", "output" };

bool prompt_files_any(const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++)
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            const json_t *parts = json_object_get(json_array_get(items, i), lists[k]);
            for (size_t n = 0; n < json_array_size(parts); n++)
                if (spec_of(json_array_get(parts, n))) return true;
        }
    return false;
}

int prompt_files_init(struct prompt_files *ret, struct arena *arena, struct err *err)
{
    *ret = (struct prompt_files){ .arena = arena };
    ret->items = ARENA_NEWS(arena, PROMPT_FILES_MAX, struct prompt_file);
    return ret->items ? 0 : arena_check(arena, "the request", err);
}

/* Drawn from all that the part says of it, so that a kept text is found by the part alone. */
static void key_of(char ret[2 * HASH_BYTES + 1], const struct prompt_file_part *part)
{
    const struct slice texts[] = { part->id, part->filename, part->data };
    unsigned char bytes[HASH_BYTES];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof bytes); /* These fail on misuse only. */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i].ptr ? texts[i].ptr : "";
        (void)crypto_generichash_update(&state, (const unsigned char *)text, texts[i].len);
        (void)crypto_generichash_update(&state, (const unsigned char *)"", 1); /* No text has it. */
    }
    (void)crypto_generichash_final(&state, bytes, sizeof bytes);
    (void)sodium_bin2hex(ret, 2 * HASH_BYTES + 1, bytes, sizeof bytes);
}

/* What a file is called that came without a name, by its type. */
static struct slice name_by_type(struct slice type)
{
    static const struct {
        const char *type, *name;
    } rows[] = { { "application/pdf", "document.pdf" },
                 { "text/html", "document.html" },
                 { "application/xhtml+xml", "document.html" },
                 { "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                   "document.docx" },
                 { "text/markdown", "document.md" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_eq_nocase(type, slice_of(rows[i].type))) return slice_of(rows[i].name);
    return SLICE("document.txt");
}

static int bad_data(const struct prompt_file *f, struct err *err)
{
    return err_param(err, ERR_INVALID_VALUE, f->param,
                     "Invalid '%s': expected base64, or a data URL with base64: "
                     "data:application/pdf;base64,....",
                     f->param);
}

/* "data:TYPE;base64,BYTES", or the bytes alone. */
static int take_data(struct prompt_file *f, struct slice data, struct arena *arena, struct err *err)
{
    struct slice type = SLICE(""), head = SLICE("data:"), middle = SLICE(";base64,");
    if (slice_starts(data, head)) {
        size_t at = slice_find(data, middle);
        if (at == data.len) return bad_data(f, err);
        type = (struct slice){ data.ptr + head.len, at - head.len };
        type.len = slice_find(type, SLICE(";"));
        data = (struct slice){ data.ptr + at + middle.len, data.len - at - middle.len };
    }
    if (!f->filename.len) f->filename = name_by_type(type);
    char *bytes = arena_alloc(arena, data.len / 4 * 3 + 4);
    size_t n = 0;
    if (!bytes) return arena_check(arena, "the request", err);
    if (!slice_is_ascii(data) ||
        sodium_base642bin((unsigned char *)bytes, data.len / 4 * 3 + 4, data.ptr, data.len, "\r\n ",
                          &n, NULL, sodium_base64_VARIANT_ORIGINAL) < 0)
        return bad_data(f, err);
    f->bytes = (struct slice){ bytes, n };
    return 0;
}

static int add(struct prompt_files *files, const json_t *part, const char *path, struct err *err)
{
    const json_t *spec = spec_of(part);
    struct prompt_file f = { .earlier = !path };
    const struct prompt_file_part said = { .id = string_at(spec, "file_id"),
                                           .filename = string_at(spec, "filename"),
                                           .data = string_at(spec, "file_data") };
    key_of(f.key, &said);
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->items[i].key, f.key) == 0) return 0;
    if (files->n == PROMPT_FILES_MAX)
        return err_param(err, ERR_LIMIT, path ? path : "input",
                         "The request has more than %d files, those of earlier items included.",
                         PROMPT_FILES_MAX);
    TRY(prompt_file_check(part, path ? path : "input", err));
    (void)snprintf(f.param, sizeof f.param, "%.90s%s.%s", path ? path : "input",
                   spec == part ? "" : ".file", said.id.ptr ? "file_id" : "file_data");
    if (said.filename.len > PROMPT_FILE_NAME_MAX)
        return err_param(err, ERR_STRING_TOO_LONG, f.param,
                         "The file's 'filename' has more than %d bytes.", PROMPT_FILE_NAME_MAX);
    if (said.filename.len) f.filename = arena_slice(files->arena, said.filename);
    if (said.id.ptr)
        f.id = arena_slice(files->arena, said.id);
    else
        TRY(take_data(&f, said.data, files->arena, err));
    files->items[files->n++] = f;
    return arena_check(files->arena, "the request", err);
}

static int add_parts(struct prompt_files *files, const json_t *parts, const char *path,
                     struct err *err)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        char at[ERR_PARAM_MAX];
        if (!spec_of(json_array_get(parts, i))) continue;
        (void)snprintf(at, sizeof at, "%.80s[%zu]", path ? path : "", i); /* Short. */
        TRY(add(files, json_array_get(parts, i), path ? at : NULL, err));
    }
    return 0;
}

int prompt_files_collect(struct prompt_files *files, const json_t *items, const char *path,
                         struct err *err)
{
    for (size_t i = 0; i < json_array_size(items); i++)
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
            char at[ERR_PARAM_MAX];
            const json_t *parts = json_object_get(json_array_get(items, i), lists[k]);
            (void)snprintf(at, sizeof at, "%.40s[%zu].%s", path ? path : "", i, lists[k]);
            TRY(add_parts(files, parts, path ? at : NULL, err));
        }
    return 0;
}

int prompt_files_find(struct prompt_files *files, struct db *db, const struct principal *owner,
                      struct err *err)
{
    for (size_t i = 0; i < files->n; i++) {
        struct prompt_file *f = &files->items[i];
        struct file_row row;
        if (!f->id.ptr) continue;
        int rc = file_find(&row, db, owner, f->id, files->arena, err);
        f->gone = rc == -ERR_NOT_FOUND;
        if (f->gone && !f->earlier)
            return err_param(err, ERR_NOT_FOUND, f->param,
                             "No such File object: %.*s (or it has been deleted, or has expired).",
                             quoted(f->id), f->id.ptr);
        if (f->gone && !f->filename.ptr) f->filename = f->id;
        if (f->gone) continue;
        TRY(rc);
        if (!f->filename.ptr) f->filename = row.filename;
        (void)snprintf(f->sha256, sizeof f->sha256, "%.*s", SLICE_FMT(row.sha256));
    }
    return 0;
}

/* ---- Read ---- */

struct prompt_reading {
    struct extraction x; /* first */
    struct service *service;
    const struct prompt_files *files;
    size_t at, n_bytes;
    bool extracting;
    struct service_timer *soon;
    json_t *texts;
    void (*done)(void *user, json_t *texts, int rc, const struct err *err);
    void *user;
};

static void finish(struct prompt_reading *r, int rc, const struct err *err)
{
    r->done(r->user, r->texts, rc, err);
    json_decref(r->texts);
    mem_free(r);
}

static void go_on(struct prompt_reading *r);

static int fail_file(const struct prompt_file *f, struct err *err)
{
    if (f->earlier)
        return err_context(err, "The file '%.*s' of an earlier item", quoted(f->filename),
                           f->filename.ptr);
    (void)snprintf(err->param, sizeof err->param, "%s", f->param);
    return err_negative(-(int)err->code);
}

static bool is_blank(struct slice text)
{
    return slice_trim(text).len == 0;
}

static int keep(struct prompt_reading *r, const struct prompt_file *f, struct slice text,
                struct err *err)
{
    if (!f->gone && is_blank(text))
        return err_set(err, ERR_INVALID_VALUE,
                       "The file has no text; what is only in pictures cannot be read.");
    if (text.len > PROMPT_FILES_TEXT_MAX - r->n_bytes)
        return err_set(err, ERR_LIMIT,
                       "The files of the request have more than %d bytes of text together.",
                       PROMPT_FILES_TEXT_MAX);
    r->n_bytes += text.len;
    json_t *entry = json_pack("{s:o}", "name", json_stringn(f->filename.ptr, f->filename.len));
    json_t *value = f->gone ? json_null() : json_stringn(text.ptr, text.len);
    if (!entry || json_object_set_new(entry, "text", value) < 0 ||
        json_object_set(r->texts, f->key, entry) < 0) {
        json_decref(entry);
        return err_set(err, ERR_NO_MEMORY, "There is no memory for the file's text.");
    }
    json_decref(entry);
    return 0;
}

static void on_text(struct extraction *x, int rc, struct slice text, const struct err *err)
{
    struct prompt_reading *r = (struct prompt_reading *)x;
    const struct prompt_file *f = &r->files->items[r->at++];
    struct err own = *err;
    r->extracting = false;
    if (rc == 0) rc = keep(r, f, text, &own);
    if (rc == 0)
        go_on(r);
    else
        finish(r, fail_file(f, &own), &own);
}

static void go_on(struct prompt_reading *r)
{
    struct err err = { 0 };
    for (; r->at < r->files->n; r->at++) {
        const struct prompt_file *f = &r->files->items[r->at];
        int rc;
        if (!f->gone) {
            r->x = (struct extraction){ .filename = f->filename,
                                        .bytes = f->bytes,
                                        .done = on_text };
            memcpy(r->x.sha256, f->sha256, sizeof r->x.sha256);
            rc = extract_begin(r->service, &r->x, &err);
            r->extracting = rc == 0;
            if (rc == 0) return;
        } else {
            rc = keep(r, f, (struct slice){ 0 }, &err);
        }
        if (rc < 0) {
            finish(r, fail_file(f, &err), &err);
            return;
        }
    }
    finish(r, 0, &err);
}

static void on_soon(void *user)
{
    struct prompt_reading *r = user;
    r->soon = NULL;
    go_on(r);
}

int prompt_files_read(struct prompt_reading **ret, struct service *service,
                      const struct prompt_files *files,
                      void (*done)(void *user, json_t *texts, int rc, const struct err *err),
                      void *user, struct err *err)
{
    struct prompt_reading *r = mem_calloc(1, sizeof *r);
    if (r) {
        r->texts = json_object();
        r->soon = service->ops->timer(service, 0, on_soon, r);
    }
    if (!r || !r->texts || !r->soon) {
        if (r) service->ops->timer_cancel(service, r->soon);
        if (r) json_decref(r->texts);
        mem_free(r);
        return err_set(err, ERR_NO_MEMORY, "There is no memory for the request's files.");
    }
    r->service = service;
    r->files = files;
    r->done = done;
    r->user = user;
    *ret = r;
    return 0;
}

void prompt_reading_cancel(struct prompt_reading *r)
{
    if (!r) return;
    if (r->extracting) extract_cancel(r->service, &r->x);
    r->service->ops->timer_cancel(r->service, r->soon);
    json_decref(r->texts);
    mem_free(r);
}

/* ---- In the prompt ---- */

/* No text can hold the end of its own frame: one that has something like it gets a frame whose name
 * is drawn from all of it. */
static void name_frame(char ret[32], struct slice text)
{
    unsigned char bytes[HASH_BYTES];
    char hex[2 * HASH_BYTES + 1];
    (void)snprintf(ret, 32, "file");
    if (slice_find(text, SLICE("</file")) == text.len) return;
    (void)crypto_generichash(bytes, sizeof bytes, (const unsigned char *)text.ptr, text.len, NULL,
                             0); /* Fails on misuse only. */
    (void)sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    (void)snprintf(ret, 32, "file-%.16s", hex);
}

static void write_name(struct buf *to, struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        bool plain = c >= ' ' && c != 0x7f && c != '"' && c != '<' && c != '>';
        buf_add_char(to, plain ? name.ptr[i] : '_');
    }
}

int prompt_files_text(struct slice *ret, const json_t *texts, const struct prompt_file_part *part,
                      struct arena *arena, struct err *err)
{
    char key[2 * HASH_BYTES + 1], frame[32];
    struct buf out;
    key_of(key, part);
    const json_t *entry = json_object_get(texts, key);
    if (!entry) return err_set(err, ERR_INTERNAL, "A file of the request was not read.");
    struct slice text = string_at(entry, "text");
    if (!text.ptr) text = SLICE("(This file has been deleted.)");
    name_frame(frame, text);
    buf_init(&out, PROMPT_FILES_TEXT_MAX + 2 * PROMPT_FILE_NAME_MAX);
    buf_printf(&out, "<%s name=\"", frame);
    write_name(&out, string_at(entry, "name"));
    buf_add_str(&out, "\">\n");
    buf_add_slice(&out, text);
    buf_printf(&out, "%s</%s>\n", text.len && text.ptr[text.len - 1] == '\n' ? "" : "\n", frame);
    int rc = buf_check(&out, "a file's text", err);
    if (rc == 0) *ret = arena_slice(arena, buf_slice(&out));
    buf_release(&out);
    return rc < 0 ? rc : arena_check(arena, "the request", err);
}
