/* llama_logits - what llama.cpp computes for token ids, for tools/gates.py; built against a
 * llama.cpp that lies elsewhere, and no part of Tiro:
 *
 *     cc -O2 tools/llama_logits.c -o llama_logits -I$LLAMA/include -I$LLAMA/ggml/include
 *         -L$LLAMA/build/bin -Wl,-rpath,$LLAMA/build/bin -lllama -lggml -lggml-base
 *     llama_logits MODEL OUT [--window N] [--threads N] < ids
 *
 * As model_forward_dump (tests/golden/forward_main.c): windows of ids, each from an empty cache, in
 * batches of 512; OUT gets the logits of every id as raw f32. llama.cpp keeps its defaults. */
#include <llama.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 1 << 20, BATCH = 512 };

static llama_token ids[IDS_MAX];

static void die(const char *what)
{
    fprintf(stderr, "llama_logits: %s\n", what);
    exit(1);
}

static void quiet(enum ggml_log_level level, const char *text, void *ctx)
{
    (void)ctx;
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void forward(struct llama_context *ctx, const llama_token *tokens, int n, int n_vocab,
                    FILE *out)
{
    struct llama_batch b = llama_batch_init(BATCH, 0, 1);
    llama_memory_clear(llama_get_memory(ctx), true);
    for (int done = 0; done < n; done += b.n_tokens) {
        b.n_tokens = n - done < BATCH ? n - done : BATCH;
        for (int i = 0; i < b.n_tokens; i++) {
            b.token[i] = tokens[done + i];
            b.pos[i] = done + i;
            b.n_seq_id[i] = 1;
            b.seq_id[i][0] = 0;
            b.logits[i] = 1;
        }
        if (llama_decode(ctx, b) != 0) die("llama_decode failed");
        size_t n_floats = (size_t)b.n_tokens * (size_t)n_vocab;
        if (fwrite(llama_get_logits(ctx), sizeof(float), n_floats, out) != n_floats)
            die("cannot write");
    }
    llama_batch_free(b);
}

int main(int argc, char **argv)
{
    int window = 512, threads = 1, n_ids = 0;
    if (argc < 3) die("usage: MODEL OUT [--window N] [--threads N] < ids");
    for (int i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--window") == 0)
            window = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--threads") == 0)
            threads = atoi(argv[i + 1]);
        else
            die("unknown option");
    }
    while (n_ids < IDS_MAX && scanf("%d", &ids[n_ids]) == 1) n_ids++;
    llama_log_set(quiet, NULL);
    llama_backend_init();
    struct llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (!model) die("cannot load the model");
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = (uint32_t)window;
    p.n_threads = p.n_threads_batch = threads;
    struct llama_context *ctx = llama_init_from_model(model, p);
    if (!ctx) die("cannot make a context");
    int n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));
    FILE *out = fopen(argv[2], "wb");
    if (!out) die("cannot open the output");
    for (int at = 0; at < n_ids; at += window)
        forward(ctx, ids + at, n_ids - at < window ? n_ids - at : window, n_vocab, out);
    if (fclose(out) != 0) die("cannot write");
    llama_free(ctx);
    llama_model_free(model);
    return 0;
}
