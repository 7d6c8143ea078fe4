/* A whole repository of the hub: what is in it, and which of it makes a model. */
#include "base/json.h"
#include "base/seam.h"
#include "store/marker.h"
#include "store/pull_job.h"

#include <stdio.h>
#include <string.h>

enum { LIST_LEN_MAX = 8 << 20, URL_MAX = 2 * PATH_MAX, FILES_MAX = 300, NAMES_SHOWN = 8 };

/* What lies beside weights and is read by someone; weights are model*.safetensors. */
static const char *const wanted[] = {
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "special_tokens_map.json",
    "generation_config.json",
    "modules.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
};

/* The files chosen, with the hash each came with. */
struct chosen {
    const char *names[FILES_MAX];
    char sha256[FILES_MAX][SHA256_HEX + 1];
    size_t n;
};

static bool is_wanted(const char *name)
{
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strcmp(name, wanted[i]) == 0) return true;
    return slice_starts(slice_of(name), SLICE("model")) &&
           slice_ends(slice_of(name), SLICE(".safetensors")) && library_name_ok(name);
}

static int fetch_list(struct pull_job *job, json_t **ret, const char *repository, struct err *err)
{
    char url[URL_MAX], path[PATH_MAX];
    struct staged s;
    char *text = NULL;
    size_t len = 0;
    TRY(pull_hub_list_url(url, sizeof url, repository, err));
    pull_host(job->source, sizeof job->source, url);
    TRY(store_path_join(path, sizeof path, job->staging, "list.json", err));
    TRY(staged_open(&s, job, path, LIST_LEN_MAX, err));
    int rc = staged_cut(&s, 0, err);
    if (rc == 0) rc = pull_http(job, url, &s, 0, false, err);
    staged_close(&s);
    job->total = 0; /* It was the list's. */
    if (rc == 0) rc = file_read_all(&text, &len, path, LIST_LEN_MAX, err);
    (void)seams.unlink(path); /* It may not be there. */
    if (rc == 0)
        rc = json_read(ret, (struct slice){ text, len }, &json_limits_file, "the hub's list", err);
    mem_free(text);
    return rc;
}

/* The i-th file's name, or NULL: the list is outside data. */
static const char *name_at(const json_t *list, size_t i)
{
    return json_string_value(json_object_get(json_array_get(list, i), "rfilename"));
}

static bool mentions(const char *name, const char *word)
{
    size_t len = strlen(word);
    for (; strlen(name) >= len; name++)
        if (slice_eq_nocase((struct slice){ name, len }, slice_of(word))) return true;
    return false;
}

/* One GGUF file of several: the only one, else the usual 4-bit one, else the person's choice. */
static int choose_gguf(char *ret, size_t size, const json_t *list, const char *repository,
                       struct err *err)
{
    char names[ERR_TEXT_MAX / 2] = "";
    const char *only = NULL, *usual = NULL;
    size_t n = 0, n_usual = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = name_at(list, i);
        if (!name || !slice_ends(slice_of(name), SLICE(".gguf"))) continue;
        size_t at = strlen(names);
        if (n++ < NAMES_SHOWN)
            (void)snprintf(names + at, sizeof names - at, " %s", name); /* Cut is fine. */
        only = name;
        if (!mentions(name, "q4_k_m")) continue;
        usual = name;
        n_usual++;
    }
    const char *pick = n == 1 ? only : n_usual == 1 ? usual : NULL;
    if (n > 0 && !pick)
        return err_set(
            err, ERR_INVALID_VALUE,
            "%s has %zu GGUF files; name one: tiro pull %s/FILE, where FILE is one of%s%s",
            repository, n, repository, names, n > NAMES_SHOWN ? " ..." : "");
    int len = snprintf(ret, size, "%s", pick ? pick : "");
    if (len < 0 || (size_t)len >= size)
        return err_set(err, ERR_LIMIT, "a file name of %s is too long", repository);
    return 0;
}

static int choose_folder(struct chosen *ret, const json_t *list, const char *repository,
                         struct err *err)
{
    bool weights = false;
    ret->n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = name_at(list, i);
        if (!name || !is_wanted(name)) continue;
        if (ret->n == FILES_MAX)
            return err_set(err, ERR_LIMIT, "%s has more than %d files", repository, FILES_MAX);
        ret->names[ret->n++] = name;
        weights |= slice_ends(slice_of(name), SLICE(".safetensors"));
    }
    if (!weights)
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s has neither GGUF nor safetensors files",
                       repository);
    return 0;
}

static int fetch_file(struct pull_job *job, const char *repository, const char *name,
                      char sha256[SHA256_HEX + 1], struct err *err)
{
    char url[URL_MAX], path[PATH_MAX];
    struct staged s;
    TRY(pull_hub_url(url, sizeof url, repository, NULL, name, err));
    TRY(store_path_join(path, sizeof path, job->staging, "file.part", err));
    TRY(staged_open(&s, job, path, UINT64_MAX, err));
    int rc = staged_cut(&s, 0, err); /* It may be another file's. */
    if (rc == 0) rc = pull_http(job, url, &s, 0, false, err);
    if (rc == 0) rc = staged_finish(&s, sha256, err);
    uint64_t len = s.len;
    staged_close(&s);
    if (rc == 0) rc = pull_place(job, path, name, err);
    if (rc == 0) job->base += len;
    job->total = 0; /* Known for one file at a time. */
    return rc;
}

static int install_folder(struct pull_job *job, struct pull_result *r, const struct chosen *c,
                          struct err *err)
{
    struct marker_file files[FILES_MAX];
    if (job->o->check) TRY(job->o->check(job->o->ctx, job->out, err));
    for (size_t i = 0; i < c->n; i++) files[i] = (struct marker_file){ c->names[i], c->sha256[i] };
    TRY(pull_install(job, job->name, true, err));
    TRY(marker_write(job->o->paths->models, job->name, job->source, files, c->n, err));
    r->bytes = job->base;
    return pull_finish(job, r, job->name, err);
}

static int pull_folder(struct pull_job *job, struct pull_result *r, const json_t *list,
                       const char *repository, struct err *err)
{
    struct chosen *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "no memory to list %s", repository);
    int rc = choose_folder(c, list, repository, err);
    if (rc == 0) rc = library_remove_tree(job->out, 8, err);
    for (size_t i = 0; rc == 0 && i < c->n; i++)
        rc = fetch_file(job, repository, c->names[i], c->sha256[i], err);
    if (rc == 0) rc = install_folder(job, r, c, err);
    mem_free(c);
    return rc;
}

int pull_repository(struct pull_result *r, char *ret_file, size_t size,
                    const struct pull_options *o, const char *repository, struct err *err)
{
    struct pull_job job;
    json_t *root = NULL;
    const char *name = o->name ? o->name : strchr(repository, '/') + 1;
    int rc = pull_job_init(&job, o, name, err);
    if (rc == 0) rc = fetch_list(&job, &root, repository, err);
    if (rc == 0) {
        const json_t *list = json_object_get(root, "siblings");
        rc = choose_gguf(ret_file, size, list, repository, err);
        if (rc == 0 && !ret_file[0]) rc = pull_folder(&job, r, list, repository, err);
    }
    json_decref(root);
    pull_job_release(&job);
    return rc;
}
