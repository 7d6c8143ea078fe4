/* model_forward_dump - runs a model on token ids and writes what it computes, for the tools that
 * compare with other implementations (tools/verify_model.py).
 *
 *     model_forward_dump MODEL OUT [--compute f32|auto] [--kv-type TYPE] [--threads N]
 *         [--chunk N] [--window N] [--isa MASK] < ids
 *
 * stdin: token ids, whitespace between. A causal model takes windows of --window ids (512), each
 * from an empty cache in chunks of --chunk rows, and OUT gets the logits of every id as raw f32. An
 * embedder takes each line as one text and OUT gets a vector per line. */
#include "base/pool.h"
#include "engine/format.h"
#include "models/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDS_MAX = 1 << 20, WINDOW_MAX = 4096 };

struct args {
    const char *model, *out;
    int threads, chunk, window;
    uint32_t isa;
    enum model_compute compute;
    enum model_kv kv;
};

static int32_t ids[IDS_MAX], line_of[IDS_MAX];
static int n_ids;

static void die(const char *what)
{
    fprintf(stderr, "model_forward_dump: %s\n", what);
    exit(1);
}

static struct args parse(int argc, char **argv)
{
    struct args a = { .threads = 1, .chunk = 128, .window = 512 };
    if (argc < 3) die("usage: MODEL OUT [--compute f32|auto] [--threads N] [--chunk N] ...");
    a.model = argv[1];
    a.out = argv[2];
    for (int i = 3; i + 1 < argc; i += 2) {
        int n = (int)strtol(argv[i + 1], NULL, 0);
        if (strcmp(argv[i], "--compute") == 0)
            a.compute = strcmp(argv[i + 1], "f32") == 0 ? MODEL_COMPUTE_F32 : MODEL_COMPUTE_AUTO;
        else if (strcmp(argv[i], "--kv-type") == 0 &&
                 model_kv_from_name(&a.kv, slice_of(argv[i + 1])))
            continue;
        else if (strcmp(argv[i], "--threads") == 0)
            a.threads = n;
        else if (strcmp(argv[i], "--chunk") == 0)
            a.chunk = n;
        else if (strcmp(argv[i], "--window") == 0)
            a.window = n;
        else if (strcmp(argv[i], "--isa") == 0)
            a.isa = (uint32_t)n;
        else
            die("unknown option");
    }
    if (a.window < 1 || a.window > WINDOW_MAX || a.chunk < 1) die("window or chunk out of range");
    return a;
}

static void read_ids(void)
{
    int c, line = 0;
    while ((c = getchar()) != EOF) {
        if (c == '\n') line++;
        if (c < '0' || c > '9') continue;
        long id = 0;
        for (; c >= '0' && c <= '9' && id < INT32_MAX / 10; c = getchar()) id = id * 10 + c - '0';
        if (n_ids == IDS_MAX) die("too many ids");
        line_of[n_ids] = line;
        ids[n_ids++] = (int32_t)id;
        if (c == '\n') line++;
    }
    if (n_ids == 0) die("no ids");
}

static void check(int result, const struct err *err)
{
    if (result < 0) die(err->text);
}

static void forward_window(struct model *m, struct kv_store *kv, const struct args *a, int from,
                           int n, float *out)
{
    static int32_t positions[WINDOW_MAX], rows[WINDOW_MAX], blocks[WINDOW_MAX / KV_BLOCK_LEN + 1];
    size_t width = (size_t)model_facts(m)->n_out_width;
    struct err err = { 0 };
    for (int i = 0; i < WINDOW_MAX / KV_BLOCK_LEN + 1; i++) blocks[i] = i;
    for (int done = 0; done < n; done += a->chunk) {
        int len = n - done < a->chunk ? n - done : a->chunk;
        for (int i = 0; i < len; i++) {
            positions[i] = done + i;
            rows[i] = i;
        }
        struct batch_seq seq = { .n_rows = len,
                                 .kv_len = done,
                                 .blocks = blocks,
                                 .n_blocks = (done + len + KV_BLOCK_LEN - 1) / KV_BLOCK_LEN };
        struct batch b = { .n_rows = len,
                           .n_seqs = 1,
                           .n_out = len,
                           .tokens = ids + from + done,
                           .positions = positions,
                           .seqs = &seq,
                           .out_rows = rows };
        check(model_forward(m, &b, kv, out + (size_t)done * width, &err), &err);
    }
}

static void run_causal(struct model *m, const struct args *a, FILE *f)
{
    const struct model_facts *facts = model_facts(m);
    struct kv_store kv;
    struct err err = { 0 };
    check(kv_store_init(&kv, &facts->kv, facts->kv_dtype, a->window / KV_BLOCK_LEN + 1, &err),
          &err);
    float *out = malloc((size_t)a->window * (size_t)facts->n_out_width * sizeof *out);
    if (!out) die("no memory");
    for (int from = 0; from < n_ids; from += a->window) {
        int n = n_ids - from < a->window ? n_ids - from : a->window;
        forward_window(m, &kv, a, from, n, out);
        if (fwrite(out, (size_t)facts->n_out_width * sizeof *out, (size_t)n, f) != (size_t)n)
            die("cannot write");
    }
    free(out);
    kv_store_release(&kv);
}

static void run_embedder(struct model *m, FILE *f)
{
    static int32_t positions[WINDOW_MAX];
    size_t width = (size_t)model_facts(m)->n_out_width;
    float *out = malloc(width * sizeof *out);
    if (!out) die("no memory");
    for (int i = 0; i < WINDOW_MAX; i++) positions[i] = i;
    for (int from = 0, n; from < n_ids; from += n) {
        for (n = 0; from + n < n_ids && line_of[from + n] == line_of[from];) n++;
        if (n > WINDOW_MAX) die("a text is too long");
        struct err err = { 0 };
        struct batch_seq seq = { .n_rows = n };
        struct batch b = {
            .n_rows = n, .n_seqs = 1, .tokens = ids + from, .positions = positions, .seqs = &seq
        };
        check(model_forward(m, &b, NULL, out, &err), &err);
        if (fwrite(out, width * sizeof *out, 1, f) != 1) die("cannot write");
    }
    free(out);
}

int main(int argc, char **argv)
{
    struct args a = parse(argc, argv);
    struct err err = { 0 };
    struct checkpoint *c;
    struct pool *pool;
    struct model *m;
    struct timespec t0, t1;
    read_ids();
    check(checkpoint_open(&c, a.model, &err), &err);
    check(pool_open(&pool, a.threads, &err), &err);
    struct model_options o = { .compute = a.compute,
                               .kv = a.kv,
                               .pool = pool,
                               .n_rows_max = a.chunk,
                               .n_out_max = a.chunk,
                               .isa_mask = a.isa };
    check(model_open(&m, c, &o, &err), &err);
    FILE *f = fopen(a.out, "wb");
    if (!f) die("cannot open the output");
    (void)clock_gettime(CLOCK_MONOTONIC, &t0);
    if (model_facts(m)->kind == MODEL_CAUSAL)
        run_causal(m, &a, f);
    else
        run_embedder(m, f);
    (void)clock_gettime(CLOCK_MONOTONIC, &t1);
    if (fclose(f) != 0) die("cannot write");
    double s = (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec);
    fprintf(stderr, "%d ids in %.3f s: %.1f per second\n", n_ids, s, n_ids / s);
    model_close(m);
    pool_close(pool);
    checkpoint_close(c);
    return 0;
}
