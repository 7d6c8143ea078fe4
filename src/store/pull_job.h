/* pull_job - what the parts of a pull share: progress, notes, and the file that grows.
 * Private to store/pull*.c.
 */
#ifndef TIRO_STORE_PULL_JOB_H
#define TIRO_STORE_PULL_JOB_H

#include "base/err.h"
#include "store/catalogue.h"
#include "store/pull.h"

#include <sodium.h>

enum { SHA256_HEX = 2 * crypto_hash_sha256_BYTES, PULL_SOURCE_MAX = 256 };

struct pull_job {
    const struct pull_options *o;
    char name[LIBRARY_NAME_MAX + 1];
    char source[PULL_SOURCE_MAX];
    char staging[PATH_MAX]; /* <models>/.pull-NAME, locked */
    char out[PATH_MAX];     /* staging/out: becomes the model */
    int lock_fd;
    uint64_t total; /* of all files; 0: not known */
    uint64_t base;  /* bytes of the files finished before the current one */
    enum pull_phase phase;
    /* The rate is a mean over the last seconds, so that it follows a changing line. */
    uint64_t told_ns, rate_ns, rate_done;
    double bytes_per_s;
};

/* Tells progress, at most every 200 ms within a phase; -ERR_CANCELLED when the caller wants out.
 * `done` counts the current file's bytes. */
int pull_tell(struct pull_job *job, enum pull_phase phase, uint64_t done, struct err *err) MUST_USE;
void pull_note(struct pull_job *job, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A file that grows in staging while its sha256 is computed. */
struct staged {
    struct pull_job *job;
    char path[PATH_MAX]; /* Its final name in staging, or what stands there while it grows. */
    int fd;
    uint64_t len;
    uint64_t max; /* More bytes are refused; UINT64_MAX: not known */
    crypto_hash_sha256_state sha;
};

/* Opens or creates it (and the folders above, below staging) and reads what is there already. */
int staged_open(struct staged *ret, struct pull_job *job, const char *path, uint64_t max,
                struct err *err) MUST_USE;
/* Keeps the first `len` bytes. */
int staged_cut(struct staged *s, uint64_t len, struct err *err) MUST_USE;
/* A sink: ctx is a struct staged. */
int staged_write(void *ctx, const void *bytes, size_t len, struct err *err) MUST_USE;
/* Syncs it to disk, and its sha256 into ret. It stays open. */
int staged_finish(struct staged *s, char ret[SHA256_HEX + 1], struct err *err) MUST_USE;
void staged_close(struct staged *s);
/* Moves a finished file to out/NAME, whose folders are made. `name` is a checked relative path. */
int pull_place(struct pull_job *job, const char *from, const char *name, struct err *err) MUST_USE;

/* Downloads url to the end of `out`, going on where it stops. `trusted`: what comes is checked
 * against a known sha256, so a resume needs no validator. `expected`: its size, 0 if not known. */
int pull_http(struct pull_job *job, const char *url, struct staged *out, uint64_t expected,
              bool trusted, struct err *err) MUST_USE;
/* The hub's address of a file. */
int pull_hub_url(char *out, size_t size, const char *repository, const char *revision,
                 const char *file, struct err *err) MUST_USE;
/* Host of a URL, for messages. */
void pull_host(char *out, size_t size, const char *url);

/* The wheel of package==version into `folder` (emptied first); its path into ret. `done` and
 * `bytes` are for progress: what is there of the file, and what this piece will add. */
int pull_package(char *ret, size_t size, struct pull_job *job, const char *folder,
                 const struct catalogue_piece *piece, uint64_t done, struct err *err) MUST_USE;

/* Fetches every file of a catalogue model into job->out, verified. */
int pull_catalogue_source(struct pull_job *job, const struct catalogue_model *model,
                          const struct catalogue_source *source, struct err *err) MUST_USE;
/* Opens and locks the staging folder of `name`. Release also after a failure. */
int pull_job_init(struct pull_job *job, const struct pull_options *o, const char *name,
                  struct err *err) MUST_USE;
void pull_job_release(struct pull_job *job);
/* Puts out/ENTRY, or with `folder` all of out, into the library as ENTRY. */
int pull_install(struct pull_job *job, const char *entry, bool folder, struct err *err) MUST_USE;
/* Fills what all results have, and removes the staging folder. */
int pull_finish(struct pull_job *job, struct pull_result *r, const char *entry,
                struct err *err) MUST_USE;
/* A whole repository: asks the hub what it holds. A folder of safetensors is pulled; of GGUF files
 * one is chosen and only named in ret_file ("" otherwise). */
int pull_repository(struct pull_result *r, char *ret_file, size_t size,
                    const struct pull_options *o, const char *repository, struct err *err) MUST_USE;
/* Where the hub lists a repository. */
int pull_hub_list_url(char *out, size_t size, const char *repository, struct err *err) MUST_USE;
/* Whether `path` has exactly these bytes. */
int pull_verify(struct pull_job *job, const char *path, uint64_t bytes, const char *sha256,
                struct err *err) MUST_USE;
/* ERR_NO_SPACE, plainly, unless the file system of `folder` has room for `bytes` more. */
int pull_check_space(const char *folder, uint64_t bytes, struct err *err) MUST_USE;

#endif
