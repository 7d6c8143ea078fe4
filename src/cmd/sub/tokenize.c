/* tiro tokenize: the tokens of a text, as a model sees them. */
#include "base/json.h"
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/subcommand.h"
#include "engine/format.h"
#include "engine/tokenizer.h"
#include "store/library.h"

#include <stdio.h>
#include <unistd.h>

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "json", .help = "print JSON: {\"ids\": [...], \"tokens\": [...]}" },
    { .name = "count", .help = "print only how many" },
    { .name = "special", .help = "recognise control tokens in the text, and add the model's own" },
    { .name = NULL },
};

static int read_text(struct buf *out, const struct args *args, struct err *err)
{
    for (int i = 1; i < args->n_words; i++) {
        if (i > 1) buf_add_char(out, ' ');
        buf_add_str(out, args->words[i]);
    }
    if (args->n_words < 2) {
        char chunk[65536];
        for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) buf_add(out, chunk, n);
    }
    return buf_check(out, "the text", err);
}

static void print_json(const struct tokenizer *t, const struct tokens *ids)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, SIZE_MAX / 4);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "ids");
    json_array_begin(&w);
    for (size_t i = 0; i < ids->len; i++) json_int(&w, ids->ids[i]);
    json_array_end(&w);
    json_key(&w, "tokens");
    json_array_begin(&w);
    for (size_t i = 0; i < ids->len; i++) json_slice(&w, tokenizer_bytes(t, ids->ids[i]));
    json_array_end(&w);
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

/* One token a line: its id, and its bytes in quotes with what is not printable escaped. */
static void print_text(const struct tokenizer *t, const struct tokens *ids)
{
    for (size_t i = 0; i < ids->len; i++) {
        struct slice bytes = tokenizer_bytes(t, ids->ids[i]);
        printf("%7d  \"", ids->ids[i]);
        for (size_t j = 0; j < bytes.len; j++) {
            unsigned char c = (unsigned char)bytes.ptr[j];
            if (c == '\n') {
                fputs("\\n", stdout);
            } else if (c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
                printf("\\x%02x", c);
            } else {
                putchar(c);
            }
        }
        puts("\"");
    }
}

static int tokenize(const char *path, const struct args *args, struct err *err)
{
    struct checkpoint *c = NULL;
    struct tokenizer *t = NULL;
    struct tokens ids;
    struct buf text;
    tokens_init(&ids, TOKENIZER_TEXT_MAX);
    buf_init(&text, TOKENIZER_TEXT_MAX);
    int rc = read_text(&text, args, err);
    if (rc == 0) rc = checkpoint_open(&c, path, err);
    if (rc == 0) rc = tokenizer_open(&t, c, err);
    struct tokenizer_options how = { .trust = args_has(args, "special") ? TRUST_ALL : TRUST_NONE,
                                     .add_special = args_has(args, "special") };
    if (rc == 0) rc = tokenizer_encode(t, &ids, buf_slice(&text), &how, err);
    if (rc == 0) {
        if (args_has(args, "count")) {
            printf("%zu\n", ids.len);
        } else if (args_has(args, "json")) {
            print_json(t, &ids);
        } else {
            print_text(t, &ids);
        }
    }
    tokenizer_close(t);
    checkpoint_close(c);
    tokens_release(&ids);
    buf_release(&text);
    return rc;
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    char path[PATH_MAX];
    if (args->n_words < 1) {
        fprintf(stderr, "usage: tiro tokenize MODEL [TEXT]; without TEXT, stdin is read\n");
        return EXIT_USAGE;
    }
    int rc = store_paths_init(&paths, args_get(args, "data"), &err);
    if (rc == 0) rc = library_resolve(path, sizeof path, &paths, args->words[0], &err);
    if (rc == 0) rc = tokenize(path, args, &err);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_tokenize = {
    .name = "tokenize",
    .summary = "show the tokens of a text",
    .usage = "tokenize MODEL|FILE [TEXT] [--count] [--json] [--special]",
    .help = "Prints the ids and pieces into which the model's tokenizer cuts TEXT, or stdin.\n\n"
            "  tiro tokenize smollm2-135m 'Hello, world'\n"
            "  tiro tokenize qwen2.5-coder-0.5b --count < main.c",
    .options = options,
    .takes_words = true,
    .run = run,
};
