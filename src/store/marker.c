#include "store/marker.h"

#include "base/json.h"
#include "base/seam.h"
#include "store/paths.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { MARKER_LEN_MAX = 1 << 20, SHA256_LEN = 64 };

static int marker_path(char *out, size_t size, const char *models, const char *entry,
                       struct err *err)
{
    int n = snprintf(out, size, "%s/.%s.tiro.json", models, entry);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path of the marker of %.200s is too long", entry);
    return 0;
}

static int file_path(char *out, size_t size, const char *models, const char *entry,
                     const char *path, struct err *err)
{
    int n = snprintf(out, size, "%s/%s%s%s", models, entry, *path ? "/" : "", path);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path of a file of %.200s is too long", entry);
    return 0;
}

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int write_file(struct json_writer *w, const char *models, const char *entry,
                      const struct marker_file *f, struct err *err)
{
    char path[PATH_MAX];
    struct stat st;
    TRY(file_path(path, sizeof path, models, entry, f->path, err));
    if (stat(path, &st) < 0) return err_errno(err, errno, "checking %s", path);
    json_object_begin(w);
    json_key(w, "path"), json_str(w, f->path);
    json_key(w, "bytes"), json_int(w, st.st_size);
    json_key(w, "mtime_ns"), json_int(w, mtime_ns(&st));
    json_key(w, "sha256"), json_str(w, f->sha256);
    json_object_end(w);
    return 0;
}

int marker_write(const char *models, const char *entry, const char *source,
                 const struct marker_file *files, size_t n, struct err *err)
{
    char path[PATH_MAX];
    struct buf b;
    struct json_writer w;
    int rc = 0;
    TRY(marker_path(path, sizeof path, models, entry, err));
    buf_init(&b, MARKER_LEN_MAX);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    json_key(&w, "source"), json_str(&w, source);
    json_key(&w, "files"), json_array_begin(&w);
    for (size_t i = 0; rc == 0 && i < n; i++) rc = write_file(&w, models, entry, &files[i], err);
    json_array_end(&w);
    json_object_end(&w);
    if (rc == 0) rc = buf_check(&b, path, err);
    if (rc == 0) rc = file_replace(path, b.ptr, b.len, 0600, err);
    buf_release(&b);
    return rc;
}

/* The marker as JSON, or NULL: absent or not one of ours. */
static json_t *read_marker(const char *models, const char *entry)
{
    char path[PATH_MAX];
    char *text;
    size_t len;
    json_t *root = NULL;
    if (marker_path(path, sizeof path, models, entry, NULL) < 0 ||
        file_read_all(&text, &len, path, MARKER_LEN_MAX, NULL) < 0)
        return NULL;
    if (json_read(&root, (struct slice){ text, len }, &json_limits_file, path, NULL) < 0)
        root = NULL;
    mem_free(text);
    return root;
}

static bool file_agrees(const char *models, const char *entry, const json_t *row)
{
    char path[PATH_MAX];
    struct stat st;
    const char *below = json_string_value(json_object_get(row, "path"));
    return below && file_path(path, sizeof path, models, entry, below, NULL) == 0 &&
           stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
           json_integer_value(json_object_get(row, "bytes")) == st.st_size &&
           json_integer_value(json_object_get(row, "mtime_ns")) == mtime_ns(&st);
}

static bool agrees(const char *models, const char *entry, const json_t *root)
{
    const json_t *files = json_object_get(root, "files");
    size_t n = json_array_size(files);
    for (size_t i = 0; i < n; i++)
        if (!file_agrees(models, entry, json_array_get(files, i))) return false;
    return n > 0;
}

bool marker_agrees(const char *models, const char *entry)
{
    json_t *root = read_marker(models, entry);
    bool ok = agrees(models, entry, root);
    json_decref(root);
    return ok;
}

bool marker_sha256(char ret[65], const char *models, const char *entry)
{
    json_t *root = read_marker(models, entry);
    const json_t *files = json_object_get(root, "files");
    const char *sha256 = NULL;
    for (size_t i = 0; i < json_array_size(files) && !sha256; i++) {
        const json_t *row = json_array_get(files, i);
        const char *below = json_string_value(json_object_get(row, "path"));
        if (below && (!*below || strcmp(below, "model.safetensors") == 0))
            sha256 = json_string_value(json_object_get(row, "sha256"));
    }
    bool ok = sha256 && strlen(sha256) == SHA256_LEN && agrees(models, entry, root);
    if (ok) memcpy(ret, sha256, SHA256_LEN + 1);
    json_decref(root);
    return ok;
}

int marker_remove(const char *models, const char *entry, struct err *err)
{
    char path[PATH_MAX];
    TRY(marker_path(path, sizeof path, models, entry, err));
    if (seams.unlink(path) < 0 && errno != ENOENT)
        return err_errno(err, errno, "removing %s", path);
    return 0;
}
