#include "store/pull_job.h"

#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, TELL_EVERY_NS = 200000000 };
#define RATE_WINDOW_S 2.0

/* --- progress --------------------------------------------------------------------------------- */

static void update_rate(struct pull_job *job, uint64_t now, uint64_t done)
{
    double seconds = (double)(now - job->rate_ns) / 1e9;
    if (job->rate_ns == 0 || done < job->rate_done) { /* A new start. */
        job->rate_ns = now;
        job->rate_done = done;
        job->bytes_per_s = 0;
        return;
    }
    if (seconds < (job->bytes_per_s > 0 ? RATE_WINDOW_S : 0.5)) return;
    double rate = (double)(done - job->rate_done) / seconds;
    job->bytes_per_s = job->bytes_per_s > 0 ? 0.5 * job->bytes_per_s + 0.5 * rate : rate;
    job->rate_ns = now;
    job->rate_done = done;
}

int pull_tell(struct pull_job *job, enum pull_phase phase, uint64_t done, struct err *err)
{
    uint64_t now = now_ns();
    bool fresh = phase != job->phase;
    if (!fresh && now - job->told_ns < TELL_EVERY_NS) return 0;
    job->phase = phase;
    job->told_ns = now;
    done += job->base;
    update_rate(job, now, done);
    struct pull_progress p = {
        .phase = phase,
        .model = job->name,
        .source = job->source,
        .done = job->total && done > job->total ? job->total : done,
        .total = job->total,
        .bytes_per_s = job->bytes_per_s,
        .eta_s = -1,
    };
    if (p.total && p.bytes_per_s > 0) p.eta_s = (double)(p.total - p.done) / p.bytes_per_s;
    if (job->o->progress && !job->o->progress(job->o->ctx, &p))
        return err_set(err, ERR_CANCELLED,
                       "the download of %s was cancelled; what is there is "
                       "kept for the next attempt",
                       job->name);
    return 0;
}

void pull_note(struct pull_job *job, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* A cut text is still a text. */
    va_end(args);
    if (job->o->note) job->o->note(job->o->ctx, text);
}

/* --- the growing file ------------------------------------------------------------------------- */

/* Creates the folders of `path` below staging. */
static int make_parents(const struct pull_job *job, const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t start = strlen(job->staging);
    assert(strncmp(path, job->staging, start) == 0 && path[start] == '/');
    for (size_t i = start + 1; path[i]; i++) {
        if (path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return err_errno(err, errno, "creating the folder %s", part);
    }
    return 0;
}

/* Hashes what is there already, from the start. */
static int rehash(struct staged *s, struct err *err)
{
    int rc = 0;
    char *chunk = mem_alloc(CHUNK);
    if (!chunk) return err_set(err, ERR_NO_MEMORY, "no memory to check %s", s->path);
    (void)crypto_hash_sha256_init(&s->sha); /* Always 0. */
    s->len = 0;
    if (lseek(s->fd, 0, SEEK_SET) < 0) rc = err_errno(err, errno, "reading %s", s->path);
    while (rc == 0) {
        ssize_t n = seams.read(s->fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = err_errno(err, errno, "reading %s", s->path);
        if (n <= 0) break;
        (void)crypto_hash_sha256_update(&s->sha, (const unsigned char *)chunk, (size_t)n);
        s->len += (uint64_t)n;
        rc = pull_tell(s->job, PULL_VERIFY, s->len, err);
    }
    mem_free(chunk);
    return rc;
}

int staged_open(struct staged *ret, struct pull_job *job, const char *path, uint64_t max,
                struct err *err)
{
    *ret = (struct staged){ .job = job, .max = max, .fd = -1 };
    if (strlen(path) >= sizeof ret->path)
        return err_set(err, ERR_LIMIT, "a path below %s is too long", job->staging);
    memcpy(ret->path, path, strlen(path) + 1);
    TRY(make_parents(job, path, err));
    ret->fd = seams.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (ret->fd < 0) return err_errno(err, errno, "creating %s", path);
    int rc = rehash(ret, err);
    if (rc == 0 && ret->len > max) rc = staged_cut(ret, 0, err);
    if (rc < 0) staged_close(ret);
    return rc;
}

int staged_cut(struct staged *s, uint64_t len, struct err *err)
{
    assert(len <= s->len);
    if (len == s->len) return 0;
    if (ftruncate(s->fd, (off_t)len) < 0) return err_errno(err, errno, "cutting %s", s->path);
    return rehash(s, err);
}

int staged_write(void *ctx, const void *bytes, size_t len, struct err *err)
{
    struct staged *s = ctx;
    if (len > s->max - s->len)
        return err_set(err, ERR_CHECKSUM, "it is longer than the %" PRIu64 " bytes it should have",
                       s->max);
    TRY(file_write_all(s->fd, bytes, len, s->path, err));
    (void)crypto_hash_sha256_update(&s->sha, bytes, len); /* Always 0. */
    s->len += len;
    return 0;
}

int staged_finish(struct staged *s, char ret[SHA256_HEX + 1], struct err *err)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state copy = s->sha;
    if (seams.fsync(s->fd) < 0) return err_errno(err, errno, "writing %s to disk", s->path);
    (void)crypto_hash_sha256_final(&copy, digest); /* Always 0. */
    (void)sodium_bin2hex(ret, SHA256_HEX + 1, digest, sizeof digest);
    return 0;
}

int pull_place(struct pull_job *job, const char *from, const char *name, struct err *err)
{
    char path[PATH_MAX];
    TRY(store_path_join(path, sizeof path, job->out, name, err));
    TRY(make_parents(job, path, err));
    if (seams.rename(from, path) < 0) return err_errno(err, errno, "renaming %s", from);
    return 0;
}

void staged_close(struct staged *s)
{
    if (s->fd >= 0) (void)seams.close(s->fd); /* Synced where it matters, in staged_finish. */
    s->fd = -1;
}

int pull_verify(struct pull_job *job, const char *path, uint64_t bytes, const char *sha256,
                struct err *err)
{
    struct staged s = { .job = job, .max = bytes, .fd = -1 };
    char hex[SHA256_HEX + 1];
    struct stat st;
    s.fd = seams.open(path, O_RDONLY, 0);
    if (s.fd < 0) return err_errno(err, errno, "opening %s", path);
    (void)snprintf(s.path, sizeof s.path, "%s", path); /* For messages: a cut one will do. */
    int rc = seams.fstat(s.fd, &st) < 0 ? err_errno(err, errno, "reading %s", path) : 0;
    if (rc == 0 && (uint64_t)st.st_size != bytes)
        rc = err_set(err, ERR_CHECKSUM, "%s has %lld bytes and should have %" PRIu64, path,
                     (long long)st.st_size, bytes);
    if (rc == 0) rc = rehash(&s, err);
    if (rc == 0) rc = staged_finish(&s, hex, err);
    if (rc == 0 && strcmp(hex, sha256) != 0)
        rc = err_set(err, ERR_CHECKSUM, "%s has sha256 %s and should have %s", path, hex, sha256);
    staged_close(&s);
    return rc;
}

int pull_check_space(const char *folder, uint64_t bytes, struct err *err)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) < 0)
        return err_errno(err, errno, "asking for the space in %s", folder);
    uint64_t available = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (available >= bytes) return 0;
    return err_set(
        err, ERR_NO_SPACE,
        "the disk is too full: %.1f MB are needed in %s and %.1f MB are free; delete "
        "something (tiro rm NAME removes a model) or name another folder with --data DIR",
        (double)bytes / 1e6, folder, (double)available / 1e6);
}
