#include "store/catalogue.h"

#include "base/seam.h"
#include "store/catalogue_yaml.h"
#include "store/library.h"

#include <assert.h>
#include <cyaml/cyaml.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    CATALOGUE_LEN_MAX = 1 << 20,
    MODELS_MAX = 1000,
    FILES_MAX = 200,
    SOURCES_MAX = 16,
    PIECES_MAX = 1000,
    TEXT_MAX = 300,
    SHA256_LEN = 64,
};

#define TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, TEXT_MAX)
#define TEXT_OPTIONAL(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, TEXT_MAX)

static const cyaml_schema_field_t file_fields[] = {
    TEXT("path", struct catalogue_file, path),
    CYAML_FIELD_UINT("bytes", CYAML_FLAG_DEFAULT, struct catalogue_file, bytes),
    CYAML_FIELD_STRING_PTR("sha256", CYAML_FLAG_POINTER, struct catalogue_file, sha256, SHA256_LEN,
                           SHA256_LEN),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t piece_fields[] = {
    TEXT("file", struct catalogue_piece, file),
    TEXT("from", struct catalogue_piece, from),
    TEXT_OPTIONAL("package", struct catalogue_piece, package),
    TEXT_OPTIONAL("version", struct catalogue_piece, version),
    CYAML_FIELD_UINT("bytes", CYAML_FLAG_OPTIONAL, struct catalogue_piece, bytes),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t piece_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct catalogue_piece, piece_fields),
};

static const cyaml_schema_field_t source_fields[] = {
    TEXT_OPTIONAL("hub", struct catalogue_source, hub),
    TEXT_OPTIONAL("packages", struct catalogue_source, packages),
    TEXT_OPTIONAL("revision", struct catalogue_source, revision),
    CYAML_FIELD_SEQUENCE_COUNT("pieces", CYAML_FLAG_POINTER, struct catalogue_source, pieces,
                               n_pieces, &piece_schema, 1, PIECES_MAX),
    CYAML_FIELD_END,
};

static const cyaml_strval_t kinds[] = { { "chat", CATALOGUE_CHAT }, { "embed", CATALOGUE_EMBED } };

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct catalogue_file, file_fields),
};

static const cyaml_schema_value_t source_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct catalogue_source, source_fields),
};

static const cyaml_schema_field_t model_fields[] = {
    TEXT("name", struct catalogue_model, name),
    TEXT("title", struct catalogue_model, title),
    TEXT("description", struct catalogue_model, description),
    TEXT("licence", struct catalogue_model, licence),
    TEXT_OPTIONAL("draft", struct catalogue_model, draft),
    CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, struct catalogue_model, kind, kinds, 2),
    CYAML_FIELD_SEQUENCE_COUNT("files", CYAML_FLAG_POINTER, struct catalogue_model, files, n_files,
                               &file_schema, 1, FILES_MAX),
    CYAML_FIELD_SEQUENCE_COUNT("sources", CYAML_FLAG_POINTER, struct catalogue_model, sources,
                               n_sources, &source_schema, 1, SOURCES_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t model_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct catalogue_model, model_fields),
};

static const cyaml_schema_field_t catalogue_fields[] = {
    CYAML_FIELD_SEQUENCE_COUNT("models", CYAML_FLAG_POINTER, struct catalogue, models, n_models,
                               &model_schema, 0, MODELS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t catalogue_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct catalogue, catalogue_fields),
};

static void *yaml_memory(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size > 0) return mem_realloc(ptr, size);
    mem_free(ptr);
    return NULL;
}

/* The first complaint is the precise one; what follows is where it happened. */
static void keep_first(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    char *text = ctx;
    if (level < CYAML_LOG_ERROR || text[0]) return;
    (void)vsnprintf(text, TEXT_MAX, fmt, args); /* A cut text is still a text. */
    text[strcspn(text, "\n")] = '\0';
}

static cyaml_config_t yaml_config(char *text)
{
    return (cyaml_config_t){
        .log_fn = keep_first,
        .log_ctx = text,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = yaml_memory,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void catalogue_close(struct catalogue *cat)
{
    char text[TEXT_MAX] = "";
    cyaml_config_t config = yaml_config(text);
    if (cat) (void)cyaml_free(&config, &catalogue_schema, cat, 0); /* Ours, so it cannot fail. */
}

static const struct catalogue_file *file_of(const struct catalogue_model *m, const char *path)
{
    for (unsigned i = 0; i < m->n_files; i++)
        if (strcmp(m->files[i].path, path) == 0) return &m->files[i];
    return NULL;
}

/* A relative path of plain names: no "..", no empty part. */
static bool path_ok(const char *path)
{
    char part[TEXT_MAX + 1];
    while (true) {
        size_t len = strcspn(path, "/");
        memcpy(part, path, len);
        part[len] = '\0';
        if (!library_name_ok(part)) return false;
        if (!path[len]) return true;
        path += len + 1;
    }
}

static bool hex_ok(const char *s)
{
    return strspn(s, "0123456789abcdef") == SHA256_LEN && s[SHA256_LEN] == '\0';
}

static int bad(const char *what, const struct catalogue_model *m, struct err *err, const char *why,
               const char *value)
{
    return err_set(err, ERR_FORMAT, "%s: model %s: %s (%s)", what, m->name, why, value);
}

/* Package names and versions become arguments of pip, so they may not look like options. */
static bool word_ok(const char *s)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return s && s[0] != '-' && s[0] != '.' && strspn(s, plain) == strlen(s);
}

static int check_source(const char *what, const struct catalogue_model *m,
                        const struct catalogue_source *s, struct err *err)
{
    if (!s->hub == !s->packages)
        return bad(what, m, err, "a source is either `hub` or `packages`", s->hub ? s->hub : "");
    if (s->packages && strcmp(s->packages, "pip") != 0)
        return bad(what, m, err, "`packages` must be pip", s->packages);
    for (unsigned i = 0; i < s->n_pieces; i++) {
        const struct catalogue_piece *p = &s->pieces[i];
        if (!file_of(m, p->file)) return bad(what, m, err, "a piece of no file", p->file);
        for (unsigned k = 0; s->hub && k < i; k++)
            if (strcmp(s->pieces[k].file, p->file) == 0)
                return bad(what, m, err, "a hub serves whole files", p->file);
        if (s->packages && (!word_ok(p->package) || !word_ok(p->version)))
            return bad(what, m, err, "a piece needs a plain `package` and `version`", p->from);
    }
    return 0;
}

static int check_model(const char *what, const struct catalogue_model *m, struct err *err)
{
    if (!library_name_ok(m->name)) return bad(what, m, err, "not a name for a file", m->name);
    for (unsigned i = 0; i < m->n_files; i++) {
        const struct catalogue_file *f = &m->files[i];
        if (!path_ok(f->path)) return bad(what, m, err, "not a plain relative path", f->path);
        if (!hex_ok(f->sha256)) return bad(what, m, err, "not a sha256", f->sha256);
        if (f->bytes == 0 || f->bytes > INT64_MAX)
            return bad(what, m, err, "a file needs its size in bytes", f->path);
        if (file_of(m, f->path) != f) return bad(what, m, err, "a file named twice", f->path);
    }
    for (unsigned i = 0; i < m->n_sources; i++) TRY(check_source(what, m, &m->sources[i], err));
    return 0;
}

int catalogue_read(struct catalogue **ret, struct slice yaml, const char *what, struct err *err)
{
    char text[TEXT_MAX] = "";
    cyaml_config_t config = yaml_config(text);
    cyaml_data_t *data = NULL;
    if (yaml.len > CATALOGUE_LEN_MAX)
        return err_set(err, ERR_LIMIT, "%s is longer than %d bytes", what, CATALOGUE_LEN_MAX);
    cyaml_err_t failed = cyaml_load_data((const uint8_t *)yaml.ptr, yaml.len, &config,
                                         &catalogue_schema, &data, NULL);
    if (failed == CYAML_ERR_OOM) return err_set(err, ERR_NO_MEMORY, "no memory to read %s", what);
    if (failed != CYAML_OK || !data)
        return err_set(err, ERR_FORMAT, "%s: %s", what, text[0] ? text : cyaml_strerror(failed));
    struct catalogue *cat = data;
    for (unsigned i = 0; i < cat->n_models; i++) {
        int rc = check_model(what, &cat->models[i], err);
        if (rc == 0 && catalogue_find(cat, cat->models[i].name) != &cat->models[i])
            rc = bad(what, &cat->models[i], err, "the name is there twice", cat->models[i].name);
        if (rc == 0) continue;
        catalogue_close(cat);
        return rc;
    }
    *ret = cat;
    return 0;
}

const struct catalogue_model *catalogue_find(const struct catalogue *cat, const char *name)
{
    for (unsigned i = 0; i < cat->n_models; i++)
        if (strcmp(cat->models[i].name, name) == 0) return &cat->models[i];
    return NULL;
}

const struct catalogue_model *catalogue_find_sha256(const struct catalogue *cat, const char *sha256)
{
    for (unsigned i = 0; i < cat->n_models; i++) {
        const struct catalogue_model *m = &cat->models[i];
        if (!catalogue_is_folder(m) && strcmp(m->files[0].sha256, sha256) == 0) return m;
    }
    return NULL;
}

uint64_t catalogue_bytes(const struct catalogue_model *model)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < model->n_files; i++) sum += model->files[i].bytes;
    return sum;
}

bool catalogue_is_folder(const struct catalogue_model *model)
{
    return model->n_files > 1 || strchr(model->files[0].path, '/');
}

const char *catalogue_entry(const struct catalogue_model *model)
{
    return catalogue_is_folder(model) ? model->name : model->files[0].path;
}

/* The built-in catalogue: read once, never freed, the same for every thread. */
static struct catalogue *built_in;
static struct err built_in_err;
static pthread_once_t built_in_once = PTHREAD_ONCE_INIT;

static void read_built_in(void)
{
    struct slice yaml = { (const char *)catalogue_yaml, catalogue_yaml_len };
    int rc = catalogue_read(&built_in, yaml, "the built-in catalogue", &built_in_err);
    assert((rc == 0) == (built_in != NULL));
}

int catalogue_get(const struct catalogue **ret, struct err *err)
{
    (void)pthread_once(&built_in_once, read_built_in); /* Cannot fail with these arguments. */
    if (!built_in) return err_set(err, built_in_err.code, "%s", built_in_err.text);
    *ret = built_in;
    return 0;
}
