#include "store/packed_cache.h"

#include "base/seam.h"
#include "base/slice.h"
#include "store/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ending[] = ".packed", part_ending[] = ".part";

int packed_cache_path(char *ret, size_t size, const char *dir, const char *model_path,
                      struct err *err)
{
    size_t len = strlen(model_path);
    while (len > 1 && model_path[len - 1] == '/') len--;
    size_t from = len;
    while (from > 0 && model_path[from - 1] != '/') from--;
    int n = snprintf(ret, size, "%s/%.*s%s", dir, (int)(len - from), model_path + from, ending);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path of packed weights in %s is too long", dir);
    return 0;
}

int packed_cache_part(char *ret, size_t size, const char *path, uint64_t number, struct err *err)
{
    int n = snprintf(ret, size, "%s.%ld-%" PRIu64 "%s", path, (long)getpid(), number, part_ending);
    if (n < 0 || (size_t)n >= size) return err_set(err, ERR_LIMIT, "the path %s is too long", path);
    return 0;
}

int packed_cache_make(const char *dir, struct err *err)
{
    struct stat st;
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return err_errno(err, errno, "creating the folder %s", dir);
    if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(err, ERR_EXISTS, "%s is in the way: a folder is needed there", dir);
    if (access(dir, W_OK | X_OK) < 0) return err_errno(err, errno, "writing in %s", dir);
    return 0;
}

/* ---- what lies there ---- */

struct entry {
    char name[NAME_MAX + 1];
    uint64_t bytes;
    int64_t used_ns; /* When last. */
    bool part;
};

struct listing {
    struct entry *entries; /* owned */
    size_t n, cap;
};

static bool add(struct listing *l, const char *dir, const char *name)
{
    struct slice s = slice_of(name);
    bool part = slice_ends(s, slice_of(part_ending));
    char path[PATH_MAX];
    struct stat st;
    if ((!part && !slice_ends(s, slice_of(ending))) || s.len > NAME_MAX ||
        store_path_join(path, sizeof path, dir, name, NULL) < 0 || lstat(path, &st) < 0 ||
        !S_ISREG(st.st_mode))
        return true;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 32;
        struct entry *more = mem_realloc(l->entries, cap * sizeof *more);
        if (!more) return false;
        l->entries = more;
        l->cap = cap;
    }
    struct entry *e = &l->entries[l->n++];
    *e = (struct entry){ .bytes = (uint64_t)st.st_size, .part = part };
    e->used_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    memcpy(e->name, name, s.len + 1);
    return true;
}

/* As far as memory and the limit go; to be freed. */
static struct listing list(const char *dir)
{
    struct listing l = { 0 };
    DIR *d = opendir(dir);
    if (!d) return l;
    for (const struct dirent *e; l.n < PACKED_CACHE_FILES_MAX && (e = readdir(d));)
        if (!add(&l, dir, e->d_name)) break;
    (void)closedir(d); /* Read only. */
    return l;
}

struct packed_cache_use packed_cache_measure(const char *dir)
{
    struct packed_cache_use use = { 0 };
    struct listing l = list(dir);
    for (size_t i = 0; i < l.n; i++) {
        use.n_files += !l.entries[i].part;
        use.bytes += l.entries[i].bytes;
    }
    mem_free(l.entries);
    return use;
}

/* ---- room ---- */

static bool remove_entry(const char *dir, const struct entry *e)
{
    char path[PATH_MAX];
    return store_path_join(path, sizeof path, dir, e->name, NULL) == 0 && seams.unlink(path) == 0;
}

static int by_use(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->used_ns != y->used_ns) return x->used_ns < y->used_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

int packed_cache_make_room(const char *dir, const char *path, uint64_t bytes, uint64_t bytes_max,
                           struct err *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    int64_t old_ns = (int64_t)wall_ns() - (int64_t)PACKED_CACHE_PART_AGE_S * 1000000000;
    if (bytes > bytes_max)
        return err_set(err, ERR_NO_SPACE,
                       "the packed weights take %" PRIu64 " MiB, and the cache may have %" PRIu64
                       " (cache_megabytes)",
                       (bytes >> 20) + 1, bytes_max >> 20);
    struct listing l = list(dir);
    uint64_t total = bytes;
    if (l.n > 1) qsort(l.entries, l.n, sizeof *l.entries, by_use);
    for (size_t i = 0; i < l.n; i++) {
        struct entry *e = &l.entries[i];
        bool replaced = strcmp(e->name, name) == 0; /* By what is about to be written. */
        if (e->part && e->used_ns < old_ns && remove_entry(dir, e)) e->bytes = 0;
        if (!replaced) total += e->bytes;
    }
    for (size_t i = 0; i < l.n && total > bytes_max; i++) {
        const struct entry *e = &l.entries[i];
        if (e->part || strcmp(e->name, name) == 0 || !remove_entry(dir, e)) continue;
        total -= e->bytes;
    }
    mem_free(l.entries);
    if (total <= bytes_max) return 0;
    return err_set(err, ERR_NO_SPACE, "there is no room in %s", dir);
}

void packed_cache_touch(const char *path)
{
    (void)utimensat(AT_FDCWD, path, NULL, 0); /* Read only is fine: then nothing is removed. */
}

uint64_t packed_cache_remove(const char *dir, const char *model_path)
{
    char path[PATH_MAX];
    struct stat st;
    if (packed_cache_path(path, sizeof path, dir, model_path, NULL) < 0 || lstat(path, &st) < 0 ||
        !S_ISREG(st.st_mode) || seams.unlink(path) < 0)
        return 0;
    return (uint64_t)st.st_size;
}
