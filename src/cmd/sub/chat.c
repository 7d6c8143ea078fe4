/* tiro chat: a conversation in the terminal. */
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/session.h"
#include "cmd/subcommand.h"

#include <errno.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGES_MAX = 1000, TEXT_MAX = 1 << 20, HISTORY_LINES = 1000 };

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "model", .value = "NAME", .help = "model (default: the server's)", .letter = 'm' },
    { .name = "system", .value = "TEXT", .help = "what the model is told first" },
    { .name = NULL },
};

static const char help[] =
    "  /model [NAME]   show or change the model       /clear   forget the conversation\n"
    "  /system [TEXT]  what the model is told first   /exit    end (also Ctrl-D)\n"
    "  End a line with \\ to go on in the next, or put a longer text between lines of \"\"\".\n"
    "  Ctrl-C stops an answer.\n";

struct talk {
    struct session session;
    char model[256];
    struct session_message messages[MESSAGES_MAX]; /* contents are ours */
    size_t n;
    EditLine *editor;
    History *history;
    char history_path[PATH_MAX];
    bool continued; /* The prompt is that of a further line. */
};

static char *prompt(EditLine *editor)
{
    static char first[] = ">>> ", next[] = "... ";
    void *data = NULL;
    (void)el_get(editor, EL_CLIENTDATA, &data);
    return data && ((struct talk *)data)->continued ? next : first;
}

static void editor_open(struct talk *t, const struct store_paths *paths)
{
    HistEvent event;
    t->editor = el_init("tiro", stdin, stdout, stderr);
    t->history = history_init();
    if (!t->editor || !t->history) return; /* Lines are then read without editing. */
    (void)snprintf(t->history_path, sizeof t->history_path, "%.*s/chat_history", PATH_MAX - 16,
                   paths->data);
    (void)history(t->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(t->history, &event, H_SETUNIQUE, 1);
    (void)history(t->history, &event, H_LOAD, t->history_path); /* The first time there is none. */
    (void)el_set(t->editor, EL_CLIENTDATA, t);
    (void)el_set(t->editor, EL_PROMPT, prompt);
    (void)el_set(t->editor, EL_EDITOR, "emacs");
    (void)el_set(t->editor, EL_HIST, history, t->history);
}

static void editor_close(struct talk *t)
{
    HistEvent event;
    if (t->history) {
        (void)history(t->history, &event, H_SAVE, t->history_path); /* Losing it is no failure. */
        history_end(t->history);
    }
    if (t->editor) el_end(t->editor);
}

/* One line without its end; false at the end of input. *ret is valid until the next call. */
static bool read_line(struct talk *t, struct slice *ret)
{
    static char plain[TEXT_MAX];
    for (;;) {
        int len = 0;
        const char *line;
        if (t->editor && isatty(STDIN_FILENO)) {
            line = el_gets(t->editor, &len);
        } else {
            line = fgets(plain, sizeof plain, stdin);
            len = line ? (int)strlen(line) : 0;
        }
        if (line && len > 0) {
            *ret = slice_trim((struct slice){ line, (size_t)len });
            return true;
        }
        if (!interrupts_seen()) return false;
        interrupts_clear(); /* Ctrl-C at the prompt drops the line. */
        putchar('\n');
        clearerr(stdin);
    }
}

/* A message of one or more lines; false at the end of input. */
static bool read_message(struct talk *t, struct buf *out)
{
    struct slice line;
    bool quoted = false;
    buf_reset(out);
    t->continued = false;
    while (read_line(t, &line)) {
        bool fence = slice_is(line, "\"\"\"");
        if (fence && quoted) return true;
        bool more = quoted || fence || slice_ends(line, SLICE("\\"));
        if (!quoted && !fence && more) line.len--;
        quoted = quoted || fence;
        if (!fence) {
            if (out->len) buf_add_char(out, '\n');
            buf_add_slice(out, line);
        }
        if (!more) return true;
        t->continued = true;
    }
    return out->len > 0;
}

static void forget(struct talk *t, size_t from)
{
    for (size_t i = from; i < t->n; i++) mem_free(t->messages[i].content);
    t->n = from;
}

static bool remember(struct talk *t, const char *role, struct slice text)
{
    if (t->n == MESSAGES_MAX) {
        printf("This conversation has %d messages; /clear begins a new one.\n", MESSAGES_MAX);
        return false;
    }
    char *copy = mem_strndup(text.ptr ? text.ptr : "", text.len);
    if (!copy) {
        printf("There is no memory for this message.\n");
        return false;
    }
    t->messages[t->n++] = (struct session_message){ role, copy };
    return true;
}

static bool has_system(const struct talk *t)
{
    return t->n > 0 && slice_is(slice_of(t->messages[0].role), "system");
}

static void set_system(struct talk *t, struct slice text)
{
    if (text.len == 0) {
        printf("%s\n", has_system(t) ? t->messages[0].content : "There is no system message.");
        return;
    }
    forget(t, 0);
    if (remember(t, "system", text)) printf("Set; the conversation begins anew.\n");
}

static void set_model(struct talk *t, struct slice name)
{
    struct err err;
    char wanted[sizeof t->model];
    if (name.len) {
        (void)snprintf(wanted, sizeof wanted, "%.*s", SLICE_FMT(name));
        if (session_model(&t->session, t->model, sizeof t->model, wanted, &err) < 0)
            printf("%s\n", err.text);
    }
    printf("Talking to %s.\n", t->model);
}

/* A line that begins with '/'; false ends the program. */
static bool command(struct talk *t, struct slice line)
{
    size_t space = slice_find(line, SLICE(" "));
    struct slice word = { line.ptr, space };
    struct slice rest = slice_trim((struct slice){ line.ptr + space, line.len - space });
    if (slice_is(word, "/exit") || slice_is(word, "/quit") || slice_is(word, "/bye")) return false;
    if (slice_is(word, "/clear")) {
        forget(t, has_system(t) ? 1 : 0);
        printf("Forgotten.\n");
    } else if (slice_is(word, "/system")) {
        set_system(t, rest);
    } else if (slice_is(word, "/model")) {
        set_model(t, rest);
    } else {
        fputs(help, stdout);
    }
    return true;
}

static void answer(struct talk *t, struct slice text)
{
    struct err err;
    struct buf said;
    size_t before = t->n;
    if (!remember(t, "user", text)) return;
    buf_init(&said, TEXT_MAX);
    struct session_chat chat = { .model = t->model,
                                 .messages = t->messages,
                                 .n_messages = t->n,
                                 .temperature = -1,
                                 .seed = -1,
                                 .answer = &said };
    interrupts_clear();
    int rc = session_chat(&t->session, &chat, &err);
    if (said.len) putchar('\n');
    if (rc == -ERR_CANCELLED) printf("[stopped]\n");
    if (rc == 0 && slice_is(slice_of(chat.finish), "length"))
        printf("[cut at the longest allowed length]\n");
    if (rc < 0 && rc != -ERR_CANCELLED) printf("tiro: %s\n", err.text);
    interrupts_clear();
    /* What failed before it said anything is as if never asked. */
    if (said.len == 0 || !remember(t, "assistant", buf_slice(&said))) forget(t, before);
    putchar('\n');
    buf_release(&said);
}

static void loop(struct talk *t)
{
    HistEvent event;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    while (read_message(t, &text)) {
        struct slice line = slice_trim(buf_slice(&text));
        if (line.len == 0) continue;
        if (t->history) (void)history(t->history, &event, H_ENTER, buf_str(&text));
        if (line.ptr[0] == '/') {
            if (!command(t, line)) break;
        } else {
            answer(t, line);
        }
    }
    buf_release(&text);
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    struct talk *t = mem_calloc(1, sizeof *t);
    if (!t) return 1;
    int rc = store_paths_init(&paths, args_get(args, "data"), &err);
    if (rc == 0) rc = session_open(&t->session, &paths, &err);
    if (rc == 0) {
        rc = session_model(&t->session, t->model, sizeof t->model, args_get(args, "model"), &err);
        if (rc == 0) {
            interrupts_hold();
            editor_open(t, &paths);
            if (args_has(args, "system"))
                (void)remember(t, "system", slice_of(args_get(args, "system")));
            if (isatty(STDIN_FILENO)) printf("Talking to %s. /help lists commands.\n\n", t->model);
            loop(t);
            editor_close(t);
        }
        session_close(&t->session);
    }
    forget(t, 0);
    mem_free(t);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_chat = {
    .name = "chat",
    .summary = "talk to a model in the terminal",
    .usage = "chat [--model NAME] [--system TEXT] [--data DIR]",
    .help =
        "A conversation with line editing and history. Uses the running server of the data\n"
        "directory, or starts one that ends with the conversation. Inside:\n\n"
        "  /model [NAME]  /system [TEXT]  /clear  /exit\n\n"
        "End a line with \\ to go on in the next, or put a longer text between lines of \"\"\".\n"
        "Ctrl-C stops an answer, Ctrl-D ends.",
    .options = options,
    .run = run,
};
