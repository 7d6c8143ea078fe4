/* tiro run: one question, one answer. */
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/session.h"
#include "cmd/subcommand.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROMPT_MAX = 4 << 20 };

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "system", .value = "TEXT", .help = "what the model is told first" },
    { .name = "max-tokens", .value = "N", .help = "longest answer in tokens" },
    { .name = "temperature", .value = "T", .help = "0 to 2 (default 0.4); 0: the likeliest token" },
    { .name = "seed", .value = "N", .help = "same seed and prompt, same answer" },
    { .name = NULL },
};

static int number(double *ret, const struct args *args, const char *name, double min, double max,
                  struct err *err)
{
    const char *text = args_get(args, name);
    if (!text) return 0;
    char *end;
    double value = strtod(text, &end);
    if (*text == '\0' || *end || !(value >= min && value <= max))
        return err_set(err, ERR_INVALID_VALUE, "--%s is '%s'; it must be a number from %g to %g",
                       name, text, min, max);
    *ret = value;
    return 0;
}

/* The words after the model, else all of stdin. */
static int read_prompt(struct buf *out, const struct args *args, struct err *err)
{
    for (int i = 1; i < args->n_words; i++) {
        if (i > 1) buf_add_char(out, ' ');
        buf_add_str(out, args->words[i]);
    }
    if (args->n_words < 2) {
        if (isatty(STDIN_FILENO)) fprintf(stderr, "Type the prompt and end it with Ctrl-D.\n");
        char chunk[8192];
        for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) buf_add(out, chunk, n);
    }
    if (out->len == 0 && !out->failed)
        return err_set(err, ERR_INVALID_VALUE, "there is no prompt; give one, or pipe one in");
    return buf_check(out, "the prompt", err);
}

static int answer(struct session *s, const struct args *args, struct buf *prompt, struct err *err)
{
    char model[256];
    struct buf said;
    double max_tokens = 0, temperature = -1, seed = -1;
    TRY(number(&max_tokens, args, "max-tokens", 1, 1e9, err));
    TRY(number(&temperature, args, "temperature", 0, 2, err));
    TRY(number(&seed, args, "seed", 0, 9e15, err));
    TRY(session_model(s, model, sizeof model, args->words[0], err));
    const char *system = args_get(args, "system");
    struct session_message messages[2];
    size_t n = 0;
    if (system) messages[n++] = (struct session_message){ "system", (char *)(uintptr_t)system };
    messages[n++] = (struct session_message){ "user", prompt->ptr };
    buf_init(&said, PROMPT_MAX);
    struct session_chat chat = { .model = model,
                                 .messages = messages,
                                 .n_messages = n,
                                 .max_tokens = (int64_t)max_tokens,
                                 .temperature = temperature,
                                 .seed = (int64_t)seed,
                                 .answer = &said };
    int rc = session_chat(s, &chat, err);
    if (said.len && said.ptr[said.len - 1] != '\n') putchar('\n');
    buf_release(&said);
    return rc;
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    struct session session;
    struct buf prompt;
    if (args->n_words < 1) {
        fprintf(stderr, "usage: tiro run MODEL [PROMPT]; 'tiro list' shows the models\n");
        return EXIT_USAGE;
    }
    buf_init(&prompt, PROMPT_MAX);
    int rc = store_paths_init(&paths, args_get(args, "data"), &err);
    if (rc == 0) rc = read_prompt(&prompt, args, &err);
    if (rc == 0) rc = session_open(&session, &paths, &err);
    if (rc == 0) {
        interrupts_hold();
        rc = answer(&session, args, &prompt, &err);
        session_close(&session);
    }
    buf_release(&prompt);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_run = {
    .name = "run",
    .summary = "ask a model one thing",
    .usage = "run MODEL [PROMPT] [--system TEXT] [--max-tokens N] [--temperature T] [--seed N]",
    .help =
        "Prints the model's answer to PROMPT, or to what is piped in. Uses the running server of\n"
        "the data directory, or starts one for as long as the answer takes.\n\n"
        "  tiro run smollm2-135m 'Name three rivers.'\n"
        "  git diff | tiro run qwen2.5-coder-0.5b --system 'Explain this change.'",
    .options = options,
    .takes_words = true,
    .run = run,
};
