/* format - from a path to a checkpoint: one file format per file in engine/format/.
 *
 *     struct checkpoint *c;
 *     TRY(checkpoint_open(&c, "smollm2-135m.gguf", err));     a file, or a folder of safetensors
 *     ...
 *     checkpoint_close(c);
 *
 * Files are mapped read-only and read through base/reader: every length is compared with the bytes
 * that remain before it is used, nothing past the end is touched, and the error names the field.
 * What is not a known format is ERR_UNSUPPORTED_FORMAT and says what it looks like (a pickle, a
 * zip, GGML's older formats ...); a tensor type without kernels is refused by its name.
 *
 * To add a format see docs/how-to/add-a-model-file-format.md: write engine/format/NAME.c ending in
 *
 *     const struct format format_NAME = { .name = "NAME", .probe = probe, .open = open_bytes };
 */
#ifndef TIRO_ENGINE_FORMAT_H
#define TIRO_ENGINE_FORMAT_H

#include "models/checkpoint.h"

enum {
    FORMAT_HEAD_LEN = 16,                /* Bytes that probe may look at. */
    FORMAT_KEY_LEN_MAX = 65535,          /* The GGUF specification's own limit. */
    FORMAT_TENSOR_NAME_LEN_MAX = 1024,   /* Far above the longest in use (about 100). */
    FORMAT_STRING_LEN_MAX = 64 << 20,    /* One metadata string; templates are < 100 KB. */
    FORMAT_ALIGNMENT_MAX = 65536,        /* general.alignment: a power of two up to this. */
    FORMAT_JSON_LEN_MAX = 64 << 20,      /* tokenizer.json and the like. */
    FORMAT_HEADER_LEN_MAX = 64 << 20,    /* A safetensors header. */
    FORMAT_TEMPLATE_LEN_MAX = 1 << 20,   /* chat_template.jinja */
    FORMAT_ADAPTER_CONFIG_MAX = 1 << 20, /* adapter_config.json */
};

struct format {
    const char *name;
    /* Whether a file that begins so is of this format. `head` holds up to FORMAT_HEAD_LEN bytes. */
    bool (*probe)(struct slice head);
    /* Fills c, empty but for path and arena, from the whole file's bytes, which outlive c. */
    int (*open)(struct checkpoint *c, struct slice bytes, struct err *err);
    enum checkpoint_kind kind;
    /* Whether a folder is of this format, how to open it, and how to read what lies beside a file
     * that was opened alone; NULL: the format is one file. */
    bool (*probe_folder)(const char *path);
    int (*open_folder)(struct checkpoint *c, const char *path, struct err *err);
    int (*read_beside)(struct checkpoint *c, const char *folder, struct err *err);
};

extern const struct format *const format_registry[];
extern const size_t format_registry_len;

/* Opens a file, a folder, or the folder of an adapter (checkpoint.is_adapter). Outputs are
 * untouched on failure. Close with checkpoint_close. */
int checkpoint_open(struct checkpoint **ret, const char *path, struct err *err) MUST_USE;
/* A LoRA adapter in PEFT's layout that another process has opened: the text of adapter_config.json
 * and a descriptor of adapter_model.safetensors, which stays the caller's. */
int checkpoint_open_adapter(struct checkpoint **ret, struct slice config, int weights,
                            const char *name, struct err *err) MUST_USE;
/* As if `bytes` were the contents of a file called `name`; they must outlive the checkpoint. For
 * tests and fuzzers: files beside it are not looked for. */
int checkpoint_open_memory(struct checkpoint **ret, struct slice bytes, const char *name,
                           struct err *err) MUST_USE;

#endif
