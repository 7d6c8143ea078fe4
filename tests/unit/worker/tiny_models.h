/* tiny_models - golden weights with a tiny tokenizer beside them, in a folder a worker can load. */
#ifndef TIRO_TESTS_TINY_MODELS_H
#define TIRO_TESTS_TINY_MODELS_H

#include "base/seam.h"
#include "unit/engine/tiny_tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void put_file(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[512];
    struct err err = { 0 };
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (file_replace(path, bytes, len, 0600, &err) < 0) fail_msg("%s", err.text);
}

static inline void copy_file(const char *to_dir, const char *from_dir, const char *name)
{
    char path[512], *bytes;
    size_t len;
    struct err err = { 0 };
    snprintf(path, sizeof path, TIRO_SOURCE_DIR "/tests/golden/%s/%s", from_dir, name);
    if (file_read_all(&bytes, &len, path, 64 << 20, &err) < 0) fail_msg("%s", err.text);
    put_file(to_dir, name, bytes, len);
    mem_free(bytes);
}

/* WordPiece over single letters. */
static inline void letters_json(struct buf *b)
{
    buf_add_str(b, "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true},"
                   "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":"
                   "{\"type\":\"BertProcessing\",\"cls\":[\"[CLS]\",2],\"sep\":[\"[SEP]\",3]},"
                   "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"vocab\":{"
                   "\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3");
    for (int i = 0; i < 26; i++)
        buf_printf(b, ",\"%c\":%d,\"##%c\":%d", 'a' + i, 4 + i, 'a' + i, 30 + i);
    buf_add_str(b, "}}}");
}

static inline void make_model(char *dir, const char *golden, void (*tokenizer_json)(struct buf *b),
                              const char *config)
{
    struct buf json;
    assert_non_null(mkdtemp(dir));
    copy_file(dir, golden, "config.json");
    copy_file(dir, golden, "model.safetensors");
    buf_init(&json, 1 << 20);
    tokenizer_json(&json);
    put_file(dir, "tokenizer.json", json.ptr, json.len);
    put_file(dir, "tokenizer_config.json", config, strlen(config));
    buf_release(&json);
}

static inline void remove_model(const char *dir)
{
    static const char *const names[] = { "config.json", "model.safetensors", "tokenizer.json",
                                         "tokenizer_config.json" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

#endif
