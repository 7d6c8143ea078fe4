#include "api/text_source.h"

#include "base/seam.h"
#include "base/utf8.h"
#include "store/blob.h"
#include "store/file_table.h"

int text_source_init(struct text_source *ret, const char *name, const struct field_string *text,
                     const struct field_string *file_id, struct arena *arena, struct err *err)
{
    if (text->given && file_id->given)
        return err_param(
            err, ERR_INVALID_VALUE, name,
            "Mutually exclusive parameters: '%s' and '%s_file_id'. Ensure you are only "
            "providing one of them.",
            name, name);
    *ret = (struct text_source){ .name = name,
                                 .text = field_keep_string(text, arena),
                                 .file_id = field_keep_string(file_id, arena) };
    return 0;
}

bool text_source_given(const struct text_source *s)
{
    return s->text.len > 0 || s->file_id.len > 0;
}

/* What is wrong with the file. */
static int refuse(const struct text_source *s, const char *what, struct err *err)
{
    char param[64];
    (void)snprintf(param, sizeof param, "%s_file_id", s->name); /* Names are short. */
    return err_param(err, ERR_INVALID_VALUE, param, "Invalid '%s': %s.", param, what);
}

static int check_size(const struct text_source *s, uint64_t bytes, struct err *err)
{
    char what[96];
    if (bytes <= TEXT_SOURCE_BYTES_MAX) return 0;
    (void)snprintf(what, sizeof what, "the file has %llu bytes. Expected at most %d",
                   (unsigned long long)bytes, TEXT_SOURCE_BYTES_MAX); /* It has the room. */
    return refuse(s, what, err);
}

int text_source_read(struct text_source *s, struct db *db, const struct principal *owner,
                     const char *data_dir, struct arena *arena, struct err *err)
{
    char path[BLOB_PATH_SIZE];
    struct file_row file;
    size_t len;
    if (s->file_id.len == 0) return 0;
    text_source_release(s);
    TRY(file_find(&file, db, owner, s->file_id, arena, err));
    TRY(check_size(s, file.bytes, err));
    blob_path(path, data_dir, file.sha256);
    TRY(file_read_all(&s->bytes, &len, path, TEXT_SOURCE_BYTES_MAX, err));
    s->text = (struct slice){ s->bytes, len };
    if (len == 0) return refuse(s, "the file is empty", err);
    if (!utf8_valid(s->bytes, len)) return refuse(s, "the file is no UTF-8 text", err);
    return 0;
}

void text_source_release(struct text_source *s)
{
    mem_free(s->bytes);
    s->bytes = NULL;
}
