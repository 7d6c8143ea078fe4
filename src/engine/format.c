#include "engine/format.h"

#include "engine/format_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* What people try that is no model we read: known by the first bytes, refused by name. */
static const struct {
    struct slice magic;
    const char *what;
} foreign[] = {
    { { "\x80\x02", 2 }, "a Python pickle, which is code; convert it to safetensors" },
    { { "\x80\x03", 2 }, "a Python pickle, which is code; convert it to safetensors" },
    { { "\x80\x04", 2 }, "a Python pickle, which is code; convert it to safetensors" },
    { { "\x80\x05", 2 }, "a Python pickle, which is code; convert it to safetensors" },
    { { "PK\3\4", 4 },
      "a zip archive (PyTorch's .pt and .bin are zipped pickles); convert it to "
      "safetensors" },
    { { "MZ", 2 }, "a program (a llamafile?); take the GGUF file that is inside" },
    { { "\x7F"
        "ELF",
        4 },
      "a program (a llamafile?); take the GGUF file that is inside" },
    { { "#!", 2 }, "a script" },
    { { "lmgg", 4 }, "GGML's oldest format (before GGUF); convert it to GGUF" },
    { { "fmgg", 4 }, "GGML's old format GGMF (before GGUF); convert it to GGUF" },
    { { "tjgg", 4 }, "GGML's old format GGJT (before GGUF); convert it to GGUF" },
    { { "algg", 4 }, "GGML's old adapter format (before GGUF); convert it to GGUF" },
    { { "FUGG", 4 }, "a big-endian GGUF file; only little-endian ones are read" },
    { { "\x89HDF", 4 }, "an HDF5 file; convert it to safetensors" },
    { { "\x89PNG", 4 }, "a PNG picture" },
    { { "\xFF\xD8\xFF", 3 }, "a JPEG picture" },
    { { "%PDF", 4 }, "a PDF document" },
    { { "\x1F\x8B", 2 }, "a gzip archive" },
    { { "version https://", 16 }, "a Git LFS pointer, not the model itself; run git lfs pull" },
    { { "<!DOCTYPE", 9 }, "a web page, so the download went wrong" },
    { { "<!doctype", 9 }, "a web page, so the download went wrong" },
    { { "<html", 5 }, "a web page, so the download went wrong" },
};

static int refuse(const char *path, struct slice head, struct err *err)
{
    if (slice_find(head, SLICE("TFL3")) == 4)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s is a TensorFlow Lite model; only GGUF and "
                       "safetensors are read",
                       path);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (slice_starts(head, foreign[i].magic))
            return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s is %s", path, foreign[i].what);
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s is no model file that Tiro reads (GGUF, safetensors)", path);
}

static const struct format *probe_all(struct slice head)
{
    for (size_t i = 0; i < format_registry_len; i++)
        if (format_registry[i]->probe(head)) return format_registry[i];
    return NULL;
}

/* Tables and misaligned tensors may take this much beside the file: string tables 16 bytes per 8 of
 * the file, names and copies once more, and the largest value and tensor tables. */
static size_t arena_max_of(size_t file_size)
{
    size_t tables = (size_t)64 << 20, most;
    return __builtin_mul_overflow(file_size, (size_t)4, &most) ? SIZE_MAX / 2 : most + tables;
}

static int open_bytes(struct checkpoint *c, struct slice bytes, const struct format **ret,
                      struct err *err)
{
    struct slice head = { bytes.ptr, bytes.len < FORMAT_HEAD_LEN ? bytes.len : FORMAT_HEAD_LEN };
    const struct format *f = probe_all(head);
    if (!f) return refuse(c->path, head, err);
    c->kind = f->kind;
    c->format = f->name;
    c->arena.cap = arena_max_of(bytes.len);
    TRY(f->open(c, bytes, err));
    *ret = f;
    return 0;
}

static int open_file(struct checkpoint *c, const char *path, struct err *err)
{
    const struct format *f;
    struct slice bytes;
    TRY(format_map(c, &bytes, path, err));
    TRY(open_bytes(c, bytes, &f, err));
    if (!f->read_beside) return 0;
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                     slash ? path : ".");
    if (n < 0 || (size_t)n >= sizeof folder)
        return err_set(err, ERR_LIMIT, "the path %s is too long", path);
    return f->read_beside(c, slash == path ? "/" : folder, err);
}

static int open_folder(struct checkpoint *c, const char *path, struct err *err)
{
    for (size_t i = 0; i < format_registry_len; i++) {
        const struct format *f = format_registry[i];
        if (!f->probe_folder || !f->probe_folder(path)) continue;
        c->kind = f->kind;
        c->format = f->name;
        c->arena.cap = SIZE_MAX / 2; /* The files' sizes are not known yet; each bounds itself. */
        return f->open_folder(c, path, err);
    }
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s is a folder without a model (model.safetensors or "
                   "model.safetensors.index.json)",
                   path);
}

/* The first allocation, of the path, needs a cap before the file's size is known. */
enum { ARENA_START_MAX = 1 << 20 };

int checkpoint_open(struct checkpoint **ret, const char *path, struct err *err)
{
    struct checkpoint *c;
    struct stat st;
    if (strlen(path) >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "the path is longer than %d bytes", PATH_MAX - 1);
    if (stat(path, &st) < 0) return err_errno(err, errno, "opening %s", path);
    TRY(checkpoint_new(&c, CHECKPOINT_GGUF, path, ARENA_START_MAX, err));
    int rc = S_ISDIR(st.st_mode) ? open_folder(c, path, err) : open_file(c, path, err);
    if (rc < 0) {
        checkpoint_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}

static const struct json_limits adapter_limits = { .size_max = FORMAT_ADAPTER_CONFIG_MAX,
                                                   .depth_max = 16,
                                                   .nodes_max = 100000 };

static int open_adapter(struct checkpoint *c, struct slice config, int weights, struct err *err)
{
    const struct format *f;
    struct slice bytes;
    json_t **root = &c->json[CHECKPOINT_CONFIG];
    int rc = json_read(root, config, &adapter_limits, "adapter_config.json", err);
    if (rc < 0) return format_json_failed(rc, c->path, err);
    if (!json_is_object(*root))
        return err_set(err, ERR_FORMAT, "%s: adapter_config.json must hold a JSON object", c->path);
    TRY(format_map_fd(c, &bytes, weights, c->path, err));
    TRY(open_bytes(c, bytes, &f, err));
    if (c->kind == CHECKPOINT_HF) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: an adapter's weights must be safetensors",
                   c->path);
}

int checkpoint_open_adapter(struct checkpoint **ret, struct slice config, int weights,
                            const char *name, struct err *err)
{
    struct checkpoint *c;
    TRY(checkpoint_new(&c, CHECKPOINT_HF, name, ARENA_START_MAX, err));
    c->is_adapter = true;
    int rc = open_adapter(c, config, weights, err);
    if (rc < 0) {
        checkpoint_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}

int checkpoint_open_memory(struct checkpoint **ret, struct slice bytes, const char *name,
                           struct err *err)
{
    struct checkpoint *c;
    const struct format *f;
    TRY(checkpoint_new(&c, CHECKPOINT_GGUF, name, ARENA_START_MAX, err));
    int rc = bytes.len
                 ? checkpoint_add_mapping(c, (void *)(uintptr_t)bytes.ptr, bytes.len, false, err)
                 : err_set(err, ERR_FORMAT, "%s is empty", name);
    if (rc == 0) rc = open_bytes(c, bytes, &f, err);
    if (rc < 0) {
        checkpoint_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}
