#include "engine/format_folder.h"

#include "base/seam.h"
#include "engine/format.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

int format_join(char *out, size_t size, const char *folder, const char *name, struct err *err)
{
    int n = snprintf(out, size, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_LIMIT, "the path of %s in its folder is longer than %zu bytes",
                       name, size - 1);
    return 0;
}

bool format_exists(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    return format_join(path, sizeof path, folder, name, NULL) == 0 && stat(path, &st) == 0 &&
           S_ISREG(st.st_mode);
}

static int map_fd(struct checkpoint *c, struct slice *ret, int fd, const char *path,
                  struct err *err)
{
    struct stat st;
    if (seams.fstat(fd, &st) < 0) return err_errno(err, errno, "reading %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s is not a regular file", path);
    if (st.st_size == 0) return err_set(err, ERR_FORMAT, "%s is empty", path);
    size_t size = (size_t)st.st_size;
    void *ptr = seams.map_file(fd, size);
    if (!ptr) return err_errno(err, errno, "mapping the %zu bytes of %s", size, path);
    TRY(checkpoint_add_mapping(c, ptr, size, true, err));
    c->maps[c->n_maps - 1].mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    *ret = (struct slice){ ptr, size };
    return 0;
}

int format_map(struct checkpoint *c, struct slice *ret, const char *path, struct err *err)
{
    int fd = seams.open(path, O_RDONLY | O_NONBLOCK, 0); /* A FIFO must not make us wait. */
    if (fd < 0) return err_errno(err, errno, "opening %s", path);
    int rc = map_fd(c, ret, fd, path, err);
    (void)seams.close(fd); /* Nothing was written. */
    return rc;
}

int format_json_failed(int rc, const char *name, struct err *err)
{
    if (rc == -ERR_NO_MEMORY) return rc;
    return err_set(err, ERR_FORMAT, "%s: %s", name, err ? err->text : "malformed JSON");
}

int format_read_json(json_t **ret, const char *folder, const char *name, struct err *err)
{
    char path[PATH_MAX];
    char *text;
    size_t len;
    json_t *root;
    if (!format_exists(folder, name)) {
        *ret = NULL;
        return 0;
    }
    TRY(format_join(path, sizeof path, folder, name, err));
    TRY(file_read_all(&text, &len, path, FORMAT_JSON_LEN_MAX, err));
    int rc = json_read(&root, (struct slice){ text, len }, &json_limits_file, "the text", err);
    mem_free(text);
    if (rc < 0) return format_json_failed(rc, path, err);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(err, ERR_FORMAT, "%s must hold a JSON object", path);
    }
    *ret = root;
    return 0;
}

static int read_template(struct checkpoint *c, const char *folder, struct err *err)
{
    char path[PATH_MAX];
    char *text;
    size_t len;
    if (!format_exists(folder, "chat_template.jinja")) return 0;
    TRY(format_join(path, sizeof path, folder, "chat_template.jinja", err));
    TRY(file_read_all(&text, &len, path, FORMAT_TEMPLATE_LEN_MAX, err));
    c->template_file = arena_slice(&c->arena, (struct slice){ text, len });
    mem_free(text);
    return arena_check(&c->arena, path, err);
}

int format_read_beside(struct checkpoint *c, const char *folder, struct err *err)
{
    for (int i = 0; i < CHECKPOINT_JSON_COUNT; i++)
        TRY(format_read_json(&c->json[i], folder, checkpoint_json_file((enum checkpoint_json)i),
                             err));
    return read_template(c, folder, err);
}
