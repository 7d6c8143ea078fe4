/* format_folder - reading what lies beside a model: mapped files, JSON, text. */
#ifndef TIRO_ENGINE_FORMAT_FOLDER_H
#define TIRO_ENGINE_FORMAT_FOLDER_H

#include "models/checkpoint.h"

/* Maps a regular, non-empty file; the mapping belongs to c. */
int format_map(struct checkpoint *c, struct slice *ret, const char *path, struct err *err) MUST_USE;
/* The same of an open file, which stays the caller's. */
int format_map_fd(struct checkpoint *c, struct slice *ret, int fd, const char *path,
                  struct err *err) MUST_USE;
/* The JSON object in folder/name, or NULL when there is no such file. */
int format_read_json(json_t **ret, const char *folder, const char *name, struct err *err) MUST_USE;
/* Every file of enum checkpoint_json, and chat_template.jinja, that the folder has. */
int format_read_beside(struct checkpoint *c, const char *folder, struct err *err) MUST_USE;
/* Of json_read's failure `rc` in a model's file: prefixed with `name`, and a syntax error is the
 * file's (ERR_FORMAT), not a request's. */
int format_json_failed(int rc, const char *name, struct err *err);
/* folder/name into out; ERR_LIMIT when it does not fit. */
int format_join(char *out, size_t size, const char *folder, const char *name,
                struct err *err) MUST_USE;
bool format_exists(const char *folder, const char *name); /* as a regular file */

#endif
