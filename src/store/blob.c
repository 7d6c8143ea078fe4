#include "store/blob.h"

#include "base/seam.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

enum { RANDOM_BYTES = 16, FILES_SIZE = 4096, SHA256_LEN = BLOB_NAME_SIZE - 1 };

_Static_assert(SHA256_LEN == 2 * crypto_hash_sha256_BYTES, "a name is the digest in hexadecimal");

struct blob_writer {
    int fd;
    uint64_t bytes;
    crypto_hash_sha256_state sha;
    char files[FILES_SIZE];    /* DATA/files */
    char part[BLOB_PATH_SIZE]; /* Where it grows. */
};

/* Who holds what: short, for it lives only between a blob and its row. */
struct hold {
    struct hold *next;
    char sha256[BLOB_NAME_SIZE];
};

static struct {
    pthread_mutex_t lock; /* Of the list, and of putting blobs into their places and out. */
    struct hold *first;
} holds = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- Places ---- */

static int files_dir(char ret[FILES_SIZE], const char *data_dir, struct err *err)
{
    int n = snprintf(ret, FILES_SIZE, "%s/files", data_dir);
    if (n > 0 && n < FILES_SIZE) return 0;
    return err_set(err, ERR_LIMIT, "the data folder's path is too long");
}

static int make_dir(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return 0;
    return err_errno(err, errno, "creating the folder %s", path);
}

/* DIR/FILES/FOLDER, which is made. */
static int make_folder(char ret[BLOB_PATH_SIZE], const char *files, const char *folder,
                       struct err *err)
{
    TRY(make_dir(files, err));
    (void)snprintf(ret, BLOB_PATH_SIZE, "%s/%s", files, folder); /* Fits: `files` is shorter. */
    return make_dir(ret, err);
}

/* A name in FILES/FOLDER that nobody else has. */
static int fresh_name(char ret[BLOB_PATH_SIZE], const char *files, const char *folder,
                      struct err *err)
{
    unsigned char raw[RANDOM_BYTES];
    char hex[2 * RANDOM_BYTES + 1];
    TRY(make_folder(ret, files, folder, err));
    random_bytes_fill(raw, sizeof raw);
    (void)sodium_bin2hex(hex, sizeof hex, raw, sizeof raw);
    (void)snprintf(ret, BLOB_PATH_SIZE, "%s/%s/%s", files, folder, hex); /* Fits, likewise. */
    return 0;
}

static bool is_digest(struct slice s)
{
    if (s.len != SHA256_LEN) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!(s.ptr[i] >= '0' && s.ptr[i] <= '9') && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'f'))
            return false;
    return true;
}

static void path_in(char ret[BLOB_PATH_SIZE], const char *files, struct slice sha256)
{
    assert(is_digest(sha256));
    int n = snprintf(ret, BLOB_PATH_SIZE, "%s/%.2s/%.*s", files, sha256.ptr, SLICE_FMT(sha256));
    assert(n > 0 && n < BLOB_PATH_SIZE);
}

void blob_path(char ret[BLOB_PATH_SIZE], const char *data_dir, struct slice sha256)
{
    char files[FILES_SIZE];
    int rc = files_dir(files, data_dir, NULL);
    assert(rc == 0); /* Else nothing could have been written there. */
    path_in(ret, files, sha256);
}

/* A name is on disk once its folder is. */
static int sync_folder(const char *path, struct err *err)
{
    int fd = seams.open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return err_errno(err, errno, "opening the folder %s", path);
    int rc = seams.fsync(fd) < 0 ? err_errno(err, errno, "writing %s to disk", path) : 0;
    (void)seams.close(fd); /* Nothing was written to it. */
    return rc;
}

/* ---- Holding ---- */

static struct hold **find_hold(struct slice sha256)
{
    struct hold **at = &holds.first;
    while (*at && !slice_is(sha256, (*at)->sha256)) at = &(*at)->next;
    return at;
}

void blob_let_go(const struct blob *blob)
{
    (void)pthread_mutex_lock(&holds.lock); /* Fails only on misuse, here and below. */
    struct hold **at = find_hold(slice_of(blob->sha256)), *hold = *at;
    assert(hold);
    *at = hold->next;
    (void)pthread_mutex_unlock(&holds.lock);
    mem_free(hold);
}

/* ---- Writing ---- */

int blob_open(struct blob_writer **ret, const char *data_dir, struct err *err)
{
    struct blob_writer *w = mem_calloc(1, sizeof *w);
    if (!w) return err_set(err, ERR_NO_MEMORY, "no memory to write a file");
    int rc = files_dir(w->files, data_dir, err);
    if (rc == 0) rc = fresh_name(w->part, w->files, "part", err);
    if (rc == 0) {
        w->fd = seams.open(w->part, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (w->fd < 0) rc = err_errno(err, errno, "creating %s", w->part);
    }
    if (rc < 0) {
        mem_free(w);
        return rc;
    }
    (void)crypto_hash_sha256_init(&w->sha); /* Always 0, as the next two. */
    *ret = w;
    return 0;
}

int blob_write(struct blob_writer *w, struct slice bytes, struct err *err)
{
    TRY(file_write_all(w->fd, bytes.ptr, bytes.len, w->part, err));
    (void)crypto_hash_sha256_update(&w->sha, (const unsigned char *)bytes.ptr, bytes.len);
    w->bytes += bytes.len;
    return 0;
}

uint64_t blob_written(const struct blob_writer *w)
{
    return w->bytes;
}

/* Its bytes are on disk: where bytes of this name are already, they are the same. */
static int put_in_place(const struct blob_writer *w, const struct blob *blob, struct err *err)
{
    char folder[BLOB_PATH_SIZE], path[BLOB_PATH_SIZE],
        two[3] = { blob->sha256[0], blob->sha256[1], '\0' };
    struct hold *hold = mem_calloc(1, sizeof *hold);
    if (!hold) return err_set(err, ERR_NO_MEMORY, "no memory to keep a file");
    memcpy(hold->sha256, blob->sha256, sizeof hold->sha256);
    path_in(path, w->files, slice_of(blob->sha256));
    int rc = make_folder(folder, w->files, two, err);
    (void)pthread_mutex_lock(&holds.lock);
    if (rc == 0 && seams.rename(w->part, path) < 0)
        rc = err_errno(err, errno, "renaming %s to %s", w->part, path);
    if (rc == 0) {
        hold->next = holds.first;
        holds.first = hold;
    }
    (void)pthread_mutex_unlock(&holds.lock);
    if (rc < 0) {
        mem_free(hold);
        return rc;
    }
    rc = sync_folder(folder, err);
    if (rc == 0) rc = sync_folder(w->files, err); /* The folder may be new. */
    if (rc < 0) blob_let_go(blob);
    return rc;
}

int blob_finish(struct blob *ret, struct blob_writer *w, struct err *err)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    struct blob blob = { .bytes = w->bytes };
    int rc = 0;
    if (seams.fsync(w->fd) < 0) rc = err_errno(err, errno, "writing %s to disk", w->part);
    if (seams.close(w->fd) < 0 && rc == 0) rc = err_errno(err, errno, "closing %s", w->part);
    (void)crypto_hash_sha256_final(&w->sha, digest);
    (void)sodium_bin2hex(blob.sha256, sizeof blob.sha256, digest, sizeof digest);
    if (rc == 0) rc = put_in_place(w, &blob, err);
    if (rc == 0)
        *ret = blob;
    else
        (void)seams.unlink(w->part); /* The first failure is the one to report. */
    mem_free(w);
    return rc;
}

void blob_abort(struct blob_writer *w)
{
    if (!w) return;
    (void)seams.close(w->fd);    /* Nobody wants what is in it. */
    (void)seams.unlink(w->part); /* What stays is removed by the next start. */
    mem_free(w);
}

/* ---- Reading and removing ---- */

int blob_read(int *ret_fd, const char *data_dir, struct slice sha256, struct err *err)
{
    char path[BLOB_PATH_SIZE];
    blob_path(path, data_dir, sha256);
    int fd = seams.open(path, O_RDONLY, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", path);
    *ret_fd = fd;
    return 0;
}

int blob_remove(const char *data_dir, struct slice sha256, struct err *err)
{
    char files[FILES_SIZE], path[BLOB_PATH_SIZE], gone[BLOB_PATH_SIZE];
    TRY(files_dir(files, data_dir, err));
    path_in(path, files, sha256);
    TRY(fresh_name(gone, files, "gone", err));
    int rc = 0;
    (void)pthread_mutex_lock(&holds.lock);
    bool held = *find_hold(sha256) != NULL;
    if (!held && seams.rename(path, gone) < 0 && errno != ENOENT)
        rc = err_errno(err, errno, "removing %s", path);
    (void)pthread_mutex_unlock(&holds.lock);
    return rc;
}

/* Unlinks all in FILES/FOLDER; a folder that is not there is empty. */
static int empty_folder(const char *data_dir, const char *folder, struct err *err)
{
    char files[FILES_SIZE], path[BLOB_PATH_SIZE], one[BLOB_PATH_SIZE + sizeof(struct dirent)];
    TRY(files_dir(files, data_dir, err));
    (void)snprintf(path, sizeof path, "%s/%s", files, folder); /* Fits: `files` is shorter. */
    DIR *d = opendir(path);
    if (!d && errno == ENOENT) return 0;
    if (!d) return err_errno(err, errno, "reading the folder %s", path);
    int rc = 0;
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        (void)snprintf(one, sizeof one, "%s/%s", path, e->d_name); /* Fits. */
        if (seams.unlink(one) < 0 && errno != ENOENT && rc == 0)
            rc = err_errno(err, errno, "removing %s", one);
    }
    (void)closedir(d); /* Read only. */
    return rc;
}

int blob_empty(const char *data_dir, struct err *err)
{
    return empty_folder(data_dir, "gone", err);
}

int blob_clean(const char *data_dir, struct err *err)
{
    TRY(empty_folder(data_dir, "part", err));
    return blob_empty(data_dir, err);
}

static int walk_folder(const char *path,
                       int (*each)(void *ctx, struct slice sha256, struct err *err), void *ctx,
                       struct err *err)
{
    DIR *d = opendir(path);
    if (!d) return err_errno(err, errno, "reading the folder %s", path);
    int rc = 0;
    for (const struct dirent *e; rc == 0 && (e = readdir(d));)
        if (is_digest(slice_of(e->d_name))) rc = each(ctx, slice_of(e->d_name), err);
    (void)closedir(d); /* Read only. */
    return rc;
}

int blob_walk(const char *data_dir, int (*each)(void *ctx, struct slice sha256, struct err *err),
              void *ctx, struct err *err)
{
    char files[FILES_SIZE], path[BLOB_PATH_SIZE];
    TRY(files_dir(files, data_dir, err));
    DIR *d = opendir(files);
    if (!d && errno == ENOENT) return 0;
    if (!d) return err_errno(err, errno, "reading the folder %s", files);
    int rc = 0;
    for (const struct dirent *e; rc == 0 && (e = readdir(d));) {
        if (strlen(e->d_name) != 2 || e->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "%s/%.2s", files, e->d_name); /* Fits. */
        rc = walk_folder(path, each, ctx, err);
    }
    (void)closedir(d); /* Read only. */
    return rc;
}
