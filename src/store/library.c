#include "store/library.h"

#include "base/seam.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "store/catalogue.h"
#include "store/marker.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REMOVE_DEPTH_MAX = 8 };

static const char *const endings[] = { ".gguf", ".safetensors" };

bool library_name_ok(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > LIBRARY_NAME_MAX || name[0] == '.' || !utf8_valid(name, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F || name[i] == '/') return false;
    return true;
}

/* The file name without an ending that we know; whether it had one. */
static bool cut_ending(char *ret_name, const char *file)
{
    struct slice s = slice_of(file);
    bool known = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !known; i++) {
        struct slice ending = slice_of(endings[i]);
        if (s.len <= ending.len || !slice_ends(s, ending)) continue;
        s.len -= ending.len;
        known = true;
    }
    memcpy(ret_name, s.ptr, s.len);
    ret_name[s.len] = '\0';
    return known;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Adds what a folder holds, one level of sub-folders deep. */
static void add_folder(struct library_model *m, const char *folder, int depth)
{
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        char path[PATH_MAX];
        struct stat st;
        if (e->d_name[0] == '.' ||
            store_path_join(path, sizeof path, folder, e->d_name, NULL) < 0 || stat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth > 0) add_folder(m, path, depth - 1);
        if (!S_ISREG(st.st_mode)) continue;
        m->bytes += (uint64_t)st.st_size;
        if (st.st_mtime > m->mtime_s) m->mtime_s = st.st_mtime;
    }
    (void)closedir(dir);
}

uint64_t library_bytes(const char *path)
{
    struct library_model m = { 0 };
    struct stat st;
    if (stat(path, &st) < 0) return 0;
    if (!S_ISDIR(st.st_mode)) return (uint64_t)st.st_size;
    add_folder(&m, path, 1);
    return m.bytes;
}

static bool holds(const char *folder, const char *file)
{
    char path[PATH_MAX];
    return store_path_join(path, sizeof path, folder, file, NULL) == 0 && access(path, R_OK) == 0;
}

static bool holds_model(const char *folder)
{
    return holds(folder, "model.safetensors") || holds(folder, "model.safetensors.index.json");
}

static bool holds_adapter(const char *folder, const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon && colon > name && colon[1] && holds(folder, "adapter_config.json") &&
           holds(folder, "adapter_model.safetensors");
}

/* Whether the entry `file` of the models folder is a model; then describes it. */
static bool describe(struct library_model *ret, const char *models, const char *file)
{
    struct library_model m = { 0 };
    struct stat st;
    if (!library_name_ok(file) || store_path_join(m.path, sizeof m.path, models, file, NULL) < 0 ||
        stat(m.path, &st) < 0)
        return false;
    if (S_ISDIR(st.st_mode)) {
        m.adapter = !holds_model(m.path);
        if (m.adapter && !holds_adapter(m.path, file)) return false;
        memcpy(m.name, file, strlen(file) + 1);
        m.folder = true;
        add_folder(&m, m.path, 1);
    } else {
        if (!S_ISREG(st.st_mode) || !cut_ending(m.name, file)) return false;
        m.bytes = (uint64_t)st.st_size;
        m.mtime_s = st.st_mtime;
    }
    m.verified = marker_agrees(models, file);
    *ret = m;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct library_model *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

static int grow(struct library *lib, size_t *cap, const char *models, struct err *err)
{
    if (lib->n < *cap) return 0;
    if (lib->n >= LIBRARY_MODELS_MAX)
        return err_set(err, ERR_LIMIT, "%s holds more than %d models", models, LIBRARY_MODELS_MAX);
    size_t more = *cap ? 2 * *cap : 16;
    struct library_model *grown = mem_realloc(lib->models, more * sizeof *grown);
    if (!grown) return err_set(err, ERR_NO_MEMORY, "no memory to list %s", models);
    lib->models = grown;
    *cap = more;
    return 0;
}

int library_read(struct library *ret, const struct store_paths *paths, struct err *err)
{
    struct library lib = { 0 };
    size_t cap = 0;
    int rc = 0;
    DIR *dir = opendir(paths->models);
    if (!dir && errno != ENOENT) return err_errno(err, errno, "listing %s", paths->models);
    for (struct dirent *e; rc == 0 && dir && (e = readdir(dir));) {
        struct library_model m;
        if (!describe(&m, paths->models, e->d_name)) continue;
        rc = grow(&lib, &cap, paths->models, err);
        if (rc == 0) lib.models[lib.n++] = m;
    }
    if (dir) (void)closedir(dir);
    if (rc < 0) {
        library_release(&lib);
        return rc;
    }
    if (lib.n > 1) qsort(lib.models, lib.n, sizeof *lib.models, by_name);
    *ret = lib;
    return 0;
}

void library_release(struct library *lib)
{
    mem_free(lib->models);
    *lib = (struct library){ 0 };
}

/* --- finding ---------------------------------------------------------------------------------- */

static int not_found(const char *name, struct err *err)
{
    const struct catalogue *cat;
    if (catalogue_get(&cat, NULL) == 0 && catalogue_find(cat, name))
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "the model %s is not on this machine yet; type: tiro pull %s", name, name);
    return err_set(err, ERR_MODEL_NOT_FOUND,
                   "there is no model or file %.200s; tiro list shows what is there and what can "
                   "be pulled",
                   name);
}

int library_find(struct library_model *ret, const struct store_paths *paths, const char *name,
                 struct err *err)
{
    char file[LIBRARY_NAME_MAX + 16];
    if (library_name_ok(name)) {
        if (describe(ret, paths->models, name)) return 0;
        for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
            int n = snprintf(file, sizeof file, "%s%s", name, endings[i]);
            if (n > 0 && (size_t)n < sizeof file && describe(ret, paths->models, file)) return 0;
        }
    }
    return not_found(name, err);
}

int library_resolve(char *ret, size_t size, const struct store_paths *paths, const char *what,
                    struct err *err)
{
    struct library_model m;
    struct err missing;
    const char *path = what;
    if (library_find(&m, paths, what, &missing) == 0)
        path = m.path;
    else if (access(what, F_OK) != 0)
        return err_set(err, missing.code, "%s", missing.text);
    if (strlen(path) >= size)
        return err_set(err, ERR_LIMIT, "the path is longer than %zu bytes", size - 1);
    memcpy(ret, path, strlen(path) + 1);
    return 0;
}

/* --- removing --------------------------------------------------------------------------------- */

int library_remove_tree(const char *path, int depth, struct err *err)
{
    struct stat st;
    int rc = 0;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_errno(err, errno, "removing %s", path);
    if (!S_ISDIR(st.st_mode)) {
        if (seams.unlink(path) < 0) return err_errno(err, errno, "removing %s", path);
        return 0;
    }
    if (depth == 0) return err_set(err, ERR_LIMIT, "%s is nested too deep to remove", path);
    DIR *dir = opendir(path);
    if (!dir) return err_errno(err, errno, "removing %s", path);
    for (struct dirent *e; rc == 0 && (e = readdir(dir));) {
        char below[PATH_MAX];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        rc = store_path_join(below, sizeof below, path, e->d_name, err);
        if (rc == 0) rc = library_remove_tree(below, depth - 1, err);
    }
    (void)closedir(dir);
    if (rc == 0 && rmdir(path) < 0) rc = err_errno(err, errno, "removing %s", path);
    return rc;
}

int library_remove(const struct store_paths *paths, const char *name, struct err *err)
{
    struct library_model m;
    char staging[PATH_MAX], staging_name[LIBRARY_NAME_MAX + 16];
    TRY(library_find(&m, paths, name, err));
    const char *entry = strrchr(m.path, '/') + 1; /* describe() joined it. */
    TRY(library_remove_tree(m.path, REMOVE_DEPTH_MAX, err));
    TRY(marker_remove(paths->models, entry, err));
    int n = snprintf(staging_name, sizeof staging_name, ".pull-%s", m.name);
    assert(n > 0 && (size_t)n < sizeof staging_name);
    TRY(store_path_join(staging, sizeof staging, paths->models, staging_name, err));
    return library_remove_tree(staging, REMOVE_DEPTH_MAX, err);
}
