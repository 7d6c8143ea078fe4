/* prompt_files - the files that a prompt shows to its model: `input_file` parts of items and `file`
 * parts of messages. Their texts, read by decode workers (api/extract.h), stand in the prompt:
 *
 *     <file name="notes.md">
 *     ...
 *     </file>
 *
 *     prompt_files_init(&files, arena, err)
 *     prompt_files_collect(&files, items, "input", err)     which there are
 *     prompt_files_find(&files, db, owner, err)             on the store's thread
 *     prompt_files_read(&reading, service, &files, done, user, err)
 *     ... done gets the texts: a JSON object that the request keeps as PROMPT_FILES_MEMBER, so that
 *         its prompt stays the same whatever becomes of the files ...
 *     prompt_files_text(&text, texts, part, arena, err)
 *
 * A file that an earlier item showed and that has been deleted since is shown as that; one that
 * the request itself names and that is not there is an error.
 */
#ifndef TIRO_API_PROMPT_FILES_H
#define TIRO_API_PROMPT_FILES_H

#include "api/service.h"
#include "base/arena.h"
#include "store/blob.h"
#include "store/owner.h"

#include <jansson.h>

enum {
    PROMPT_FILES_MAX = 32,           /* of one prompt, those of earlier items included */
    PROMPT_FILES_TEXT_MAX = 2 << 20, /* bytes of their texts, together */
    PROMPT_FILE_NAME_MAX = 512,
};

#define PROMPT_FILES_MEMBER "tiro_file_texts"

struct prompt_file {
    char key[2 * 16 + 1]; /* of what the part says */
    char param[ERR_PARAM_MAX];
    struct slice id;              /* of a file that was uploaded; ptr NULL: */
    struct slice bytes, filename; /* what came with the request */
    char sha256[BLOB_NAME_SIZE];
    bool earlier; /* an item before the request's own */
    bool gone;
};

struct prompt_files {
    struct prompt_file *items; /* PROMPT_FILES_MAX */
    size_t n;
    struct arena *arena;
};

struct prompt_reading;

/* What a part says of its file; ptr NULL: not said. */
struct prompt_file_part {
    struct slice id, filename, data;
};

/* The rules between the members of such a part, which stands at `path` ("input[0].content[1]"). */
int prompt_file_check(const json_t *part, const char *path, struct err *err) MUST_USE;

/* Whether any item or message has such a part. */
bool prompt_files_any(const json_t *items);
int prompt_files_init(struct prompt_files *ret, struct arena *arena, struct err *err) MUST_USE;
/* Adds those of `items` at `path`; NULL: items that came before. -ERR_LIMIT: too many. */
int prompt_files_collect(struct prompt_files *files, const json_t *items, const char *path,
                         struct err *err) MUST_USE;
/* -ERR_NOT_FOUND with the part's place. */
int prompt_files_find(struct prompt_files *files, struct db *db, const struct principal *owner,
                      struct err *err) MUST_USE;
/* `files` lives until `done` or prompt_reading_cancel. `done` comes later, from the loop; the
 * reading is gone then, and so are `texts` when it returns. */
int prompt_files_read(struct prompt_reading **ret, struct service *service,
                      const struct prompt_files *files,
                      void (*done)(void *user, json_t *texts, int rc, const struct err *err),
                      void *user, struct err *err) MUST_USE;
void prompt_reading_cancel(struct prompt_reading *reading); /* NULL is fine */
/* What stands in the prompt for the part, in the arena. */
int prompt_files_text(struct slice *ret, const json_t *texts, const struct prompt_file_part *part,
                      struct arena *arena, struct err *err) MUST_USE;

#endif
