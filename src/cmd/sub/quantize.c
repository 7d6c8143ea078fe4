/* tiro quantize - a model's weights in fewer bits, as a new GGUF file. */
#include "base/buf.h"
#include "base/json.h"
#include "base/pool.h"
#include "base/seam.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/subcommand.h"
#include "engine/format.h"
#include "engine/quantise.h"
#include "store/library.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { REDRAW_MS = 100, JSON_MAX = 1 << 16 };

static const struct option_row options[] = {
    { "type", "TYPE", "Q8_0 (8.5 bits a weight) or Q4_0 (4.5 bits); required", 't' },
    { "output-type", "TYPE", "of the head: Q8_0, Q4_0, F16, or keep for what IN has (default Q8_0)",
      0 },
    { "threads", "N", "threads (default: one a core)", 0 },
    { "force", NULL, "replace OUT when it is there", 'f' },
    { "data", "DIR", "the data folder (default: $TIRO_DATA, else ~/.local/share/tiro)", 0 },
    { "json", NULL, "print the result as one JSON object", 0 },
    { 0 },
};

struct work {
    struct progress bar;
    uint64_t start_ns, drawn_ns;
};

static bool on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct work *w = ctx;
    uint64_t now = now_ns();
    if (now - w->drawn_ns >= REDRAW_MS * 1000000ull || done == total) {
        double seconds = (double)(now - w->start_ns) / 1e9 + 1e-9, rate = (double)done / seconds;
        progress_bytes(&w->bar, "writing", done, total, rate, (double)(total - done) / (rate + 1));
        w->drawn_ns = now;
    }
    return !interrupts_seen();
}

/* --- what was asked --------------------------------------------------------------------------- */

static int take_type(struct quantise_options *o, const struct args *args, struct err *err)
{
    const char *type = args_get(args, "type"), *head = args_get(args, "output-type");
    if (!type)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "say which type: --type Q8_0 (nearly lossless) or --type Q4_0 (half of it)");
    if (!dtype_from_name(&o->type, type) || !quantise_type_ok(o->type))
        return err_set(err, ERR_UNSUPPORTED_VALUE, "--type is '%s'; it must be Q8_0 or Q4_0", type);
    o->head = QUANTISE_HEAD_DEFAULT;
    if (!head) return 0;
    o->head = QUANTISE_HEAD_KEEP;
    if (slice_is(slice_of(head), "keep")) return 0;
    o->head = QUANTISE_HEAD_TYPE;
    if (dtype_from_name(&o->head_type, head) &&
        (quantise_type_ok(o->head_type) || o->head_type == DTYPE_F16))
        return 0;
    return err_set(err, ERR_UNSUPPORTED_VALUE,
                   "--output-type is '%s'; it must be Q8_0, Q4_0, F16 or keep", head);
}

static bool same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* OUT may be new, or a file that --force replaces; never IN, under whatever name. */
static int check_out(const char *in, const char *out, bool force, struct err *err)
{
    struct stat from, to;
    char part[PATH_MAX];
    if (stat(in, &from) < 0) return err_errno(err, errno, "opening %s", in);
    int n = snprintf(part, sizeof part, "%s.part", out);
    if (n < 0 || (size_t)n >= sizeof part)
        return err_set(err, ERR_LIMIT, "the path %s is too long", out);
    if (same_file(&from, out))
        return err_set(err, ERR_INVALID_VALUE, "IN and OUT are the same file; name another OUT");
    if (same_file(&from, part))
        return err_set(err, ERR_INVALID_VALUE,
                       "IN is %s, which is written on the way to OUT; "
                       "name another OUT",
                       part);
    if (stat(out, &to) < 0) {
        if (errno == ENOENT) return 0;
        return err_errno(err, errno, "looking for %s", out);
    }
    if (S_ISDIR(to.st_mode))
        return err_set(err, ERR_INVALID_VALUE, "%s is a folder; name the file to write", out);
    if (!S_ISREG(to.st_mode)) return err_set(err, ERR_INVALID_VALUE, "%s is no regular file", out);
    if (force) return 0;
    return err_set(err, ERR_EXISTS, "%s is there already; --force replaces it", out);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void print_json(const struct quantise_result *r, const struct quantise_options *o,
                       const char *in, const char *out, double seconds)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, JSON_MAX);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    json_key(&w, "in"), json_str(&w, in);
    json_key(&w, "out"), json_str(&w, out);
    json_key(&w, "type"), json_str(&w, dtype_info(o->type)->name);
    json_key(&w, "output_type");
    json_str(&w, r->head_type == DTYPE_I32 ? NULL : dtype_info(r->head_type)->name);
    json_key(&w, "bytes_in"), json_uint(&w, r->bytes_in);
    json_key(&w, "bytes_out"), json_uint(&w, r->bytes_out);
    json_key(&w, "weights_converted"), json_uint(&w, r->n_weights);
    json_key(&w, "tensors_converted"), json_uint(&w, r->n_converted);
    json_key(&w, "tensors_copied"), json_uint(&w, r->n_copied);
    json_key(&w, "tensors_kept"), json_uint(&w, r->n_kept);
    json_key(&w, "relative_error"), json_double(&w, r->error);
    json_key(&w, "seconds"), json_double(&w, seconds);
    json_object_end(&w);
    puts(buf_str(&b));
    buf_release(&b);
}

static void print_text(const struct quantise_result *r, const struct quantise_options *o,
                       const char *out, double seconds)
{
    char from[24], to[24], took[24];
    printf("%s: %s, from %s to %s in %s\n", out, dtype_info(o->type)->name,
           bytes_text(from, r->bytes_in), bytes_text(to, r->bytes_out),
           seconds_text(took, seconds));
    printf("%zu matrices converted (%.2f %% relative error), %zu copied, %zu other tensors kept",
           r->n_converted, 100 * r->error, r->n_copied, r->n_kept);
    printf(r->head_type == DTYPE_I32 ? "\n" : "; head %s\n",
           r->head_type == DTYPE_I32 ? "" : dtype_info(r->head_type)->name);
}

static int quantize(const struct args *args, const char *in, const char *out, struct err *err)
{
    struct quantise_options o = { 0 };
    struct quantise_result r;
    struct checkpoint *c;
    struct work work = { .start_ns = now_ns() };
    int64_t threads = 0;
    const char *text = args_get(args, "threads");
    TRY(take_type(&o, args, err));
    if (text &&
        (!slice_to_i64(&threads, slice_of(text)) || threads < 1 || threads > POOL_THREADS_MAX))
        return err_set(err, ERR_INVALID_VALUE, "--threads is '%s'; it must be from 1 to %d", text,
                       POOL_THREADS_MAX);
    TRY(check_out(in, out, args_has(args, "force"), err));
    TRY(checkpoint_open(&c, in, err));
    int rc = pool_open(&o.pool, (int)threads, err);
    if (rc == 0) {
        o.progress = on_progress;
        o.ctx = &work;
        progress_begin(&work.bar, out);
        interrupts_hold();
        rc = quantise_model(&r, c, out, &o, err);
        progress_end(&work.bar, NULL);
    }
    pool_close(o.pool);
    checkpoint_close(c);
    if (rc < 0) return rc;
    double seconds = (double)(now_ns() - work.start_ns) / 1e9;
    if (r.was_quantised)
        fprintf(stderr,
                "note: %s holds %s weights: what they lost stays lost; quantise from F16, "
                "BF16 or F32 where you have it\n",
                in, dtype_info(r.was_type)->name);
    if (args_has(args, "json"))
        print_json(&r, &o, in, out, seconds);
    else
        print_text(&r, &o, out, seconds);
    return 0;
}

static int run(const struct args *args)
{
    struct err err = { 0 };
    struct store_paths paths;
    char in[PATH_MAX];
    if (args->n_words != 2) {
        (void)err_set(&err, ERR_MISSING_PARAMETER,
                      "name the model to read and the file to write: tiro quantize IN OUT --type "
                      "Q8_0");
        (void)fail(&err);
        return EXIT_USAGE;
    }
    int rc = store_paths_init(&paths, args_get(args, "data"), &err);
    if (rc == 0) rc = library_resolve(in, sizeof in, &paths, args->words[0], &err);
    if (rc == 0) rc = quantize(args, in, args->words[1], &err);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_quantize = {
    .name = "quantize",
    .summary = "write a model with its weights in fewer bits",
    .usage = "quantize IN OUT --type Q8_0|Q4_0 [--output-type TYPE] [--threads N] [--force] "
             "[--json]",
    .help =
        "Reads the model IN (a name of tiro list or a GGUF file) and writes the file OUT with\n"
        "its matrices in --type:\n\n"
        "  Q8_0   8.5 bits a weight: answers as good as F16 in practice, half its size\n"
        "  Q4_0   4.5 bits a weight: a quarter of F16, at some loss that small models feel most\n\n"
        "Converted are the linear layers, the token embeddings and the head. Norms, biases,\n"
        "position tables and rows that are no multiple of 32 values stay as they are. The head\n"
        "(output.weight, or the token embeddings where the model uses them twice) takes Q8_0 even\n"
        "under Q4_0, since every token passes it; --output-type overrules that. All metadata is\n"
        "kept. Rounding is ggml's own, to the bit.\n\n"
        "OUT appears when it is complete and on disk; until then the work is in OUT.part, which\n"
        "an error or Ctrl-C removes. Memory stays at some megabytes whatever the model's size.\n"
        "Weights that are quantised already can be converted again, but what they lost is gone:\n"
        "take F16, BF16 or F32 where there is a choice.\n\n"
        "  tiro quantize model-f16.gguf ~/.local/share/tiro/models/model-q8.gguf --type Q8_0\n"
        "  tiro quantize model-f16.gguf small.gguf --type Q4_0 --output-type keep",
    .options = options,
    .takes_words = true,
    .run = run,
};
