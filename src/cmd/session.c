#include "cmd/session.h"

#include "base/json.h"
#include "base/seam.h"
#include "base/utf8.h"
#include "store/library.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The API's default (temperature 1, every token possible) lets small models wander. */
static const double TEMPERATURE_DEFAULT = 0.4, MIN_P_DEFAULT = 0.05;

enum { REQUEST_MAX = 16 << 20, ANSWER_LIST_MAX = 1 << 20, NOTICED_AFTER_PAUSES = 50 };

extern char **environ;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

void interrupts_hold(void)
{
    struct sigaction action = { .sa_handler = on_interrupt }; /* No SA_RESTART: reads return. */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL); /* Cannot fail for SIGINT. */
}

static const int download_signals[] = { SIGINT, SIGTERM, SIGHUP };
enum { N_DOWNLOAD_SIGNALS = sizeof download_signals / sizeof *download_signals };

/* What is ignored stays so (nohup). */
static void set_download_signals(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler }, now;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < N_DOWNLOAD_SIGNALS; i++)
        if (sigaction(download_signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            (void)sigaction(download_signals[i], &action, NULL); /* Cannot fail for these. */
}

void interrupts_hold_for_download(void)
{
    set_download_signals(on_interrupt);
}

void interrupts_release(void)
{
    set_download_signals(SIG_DFL);
}

bool interrupts_seen(void)
{
    return interrupted != 0;
}

void interrupts_clear(void)
{
    interrupted = 0;
}

/* Reads the one line with the URL that a starting server prints when it accepts. */
static int wait_for_url(int fd, struct err *err)
{
    char line[CLIENT_URL_MAX];
    size_t len = 0;
    while (len < sizeof line) {
        ssize_t n = read(fd, line + len, 1);
        if (n < 0 && errno == EINTR && !interrupts_seen()) continue;
        if (n <= 0) return err_set(err, ERR_NOT_READY, "the server did not start; see above");
        if (line[len++] == '\n') return 0;
    }
    return err_set(err, ERR_PROTOCOL, "the server's first line is no URL");
}

static int start_server(pid_t *ret, const struct store_paths *paths, struct err *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) return err_errno(err, errno, "starting a server");
    const char *const argv[] = { "tiro",      "serve",       "--port", "0", "--data",
                                 paths->data, "--log-level", "warn",   NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions) || posix_spawnattr_init(&attributes) ||
             posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO) ||
             /* Its own process group: Ctrl-C is for us. */
             posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    if (rc == 0)
        rc = posix_spawn(ret, "/proc/self/exe", &actions, &attributes,
                         (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    (void)close(fds[1]);
    if (rc != 0) {
        (void)close(fds[0]);
        return err_errno(err, rc, "starting a server");
    }
    rc = wait_for_url(fds[0], err);
    (void)close(fds[0]);
    return rc;
}

static void end_server(pid_t pid)
{
    if (pid <= 0) return;
    (void)kill(pid, SIGTERM); /* Ours, and not yet waited for. */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

int session_open(struct session *ret, const struct store_paths *paths, struct err *err)
{
    struct session s = { .paths = paths };
    int rc = client_open(&s.client, paths->data, err);
    if (rc == -ERR_NOT_FOUND) {
        fprintf(stderr, "No server runs on %s; starting one for this session.\n", paths->data);
        rc = start_server(&s.own_server, paths, err);
        if (rc == 0) rc = client_open(&s.client, paths->data, err);
    }
    if (rc < 0) {
        end_server(s.own_server);
        return rc;
    }
    *ret = s;
    return 0;
}

void session_close(struct session *s)
{
    client_close(s->client);
    end_server(s->own_server);
    *s = (struct session){ 0 };
}

static const char *string_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

/* What a model can do is unknown (null) until it was loaded once. */
static bool can_chat(const json_t *model)
{
    const json_t *can = json_object_get(json_object_get(model, "tiro"), "capabilities");
    if (!json_is_array(can)) return true;
    for (size_t i = 0; i < json_array_size(can); i++) {
        const char *name = json_string_value(json_array_get(can, i));
        if (name && strcmp(name, "chat") == 0) return true;
    }
    return false;
}

/* Chooses from the answer of GET /v1/models. */
static int choose(char *ret, size_t size, const json_t *models, const char *wanted, struct err *err)
{
    char names[256] = "";
    const char *first = NULL, *preferred = NULL;
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *m = json_array_get(models, i);
        const char *id = string_of(m, "id");
        if (!can_chat(m) && wanted && strcmp(id, wanted) == 0)
            return err_set(err, ERR_UNSUPPORTED_VALUE,
                           "the model '%s' makes embeddings and cannot "
                           "chat",
                           wanted);
        if (!can_chat(m)) continue;
        size_t used = strlen(names);
        (void)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", id);
        if (!first) first = id;
        if (json_is_true(json_object_get(json_object_get(m, "tiro"), "default"))) preferred = id;
        if (wanted && strcmp(id, wanted) == 0) preferred = first = id;
    }
    const char *chosen = wanted ? wanted : preferred && preferred[0] ? preferred : first;
    bool known = chosen && (!wanted || (first && strcmp(first, wanted) == 0) ||
                            (preferred && strcmp(preferred, wanted) == 0));
    if (!known && (!wanted || !names[0]))
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "the server has no chat model yet; get one with 'tiro pull smollm2-135m', "
                       "or see 'tiro list'");
    if (!known)
        return err_set(err, ERR_MODEL_NOT_FOUND, "the server has no chat model '%s'; it has: %s",
                       wanted, names);
    (void)snprintf(ret, size, "%s", chosen);
    return 0;
}

static int ask_for_model(struct session *s, char *ret, size_t size, const char *wanted,
                         struct err *err)
{
    struct buf body;
    int status;
    buf_init(&body, ANSWER_LIST_MAX);
    json_t *root = NULL;
    int rc = client_json(s->client, &status, &body, "GET", "/v1/models", (struct slice){ 0 }, err);
    if (rc == 0 && status != 200) rc = client_error(status, buf_slice(&body), err);
    if (rc == 0) rc = json_read(&root, buf_slice(&body), &json_limits_request, "the models", err);
    if (rc == 0) rc = choose(ret, size, json_object_get(root, "data"), wanted, err);
    json_decref(root);
    buf_release(&body);
    return rc;
}

/* A server notices within seconds what has just been pulled or copied in. */
int session_model(struct session *s, char *ret, size_t size, const char *wanted, struct err *err)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    struct library_model here;
    struct err gone;
    int rc = ask_for_model(s, ret, size, wanted, err);
    for (int i = 0; rc == -ERR_MODEL_NOT_FOUND && wanted && i < NOTICED_AFTER_PAUSES; i++) {
        if (interrupts_seen() || library_find(&here, s->paths, wanted, &gone) < 0) break;
        (void)nanosleep(&pause, NULL);
        rc = ask_for_model(s, ret, size, wanted, err);
    }
    return rc;
}

static void write_request(struct buf *out, const struct session_chat *chat)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "model");
    json_str(&w, chat->model);
    json_key(&w, "stream");
    json_bool(&w, true);
    if (chat->max_tokens > 0) {
        json_key(&w, "max_completion_tokens");
        json_int(&w, chat->max_tokens);
    }
    json_key(&w, "temperature");
    json_double(&w, chat->temperature >= 0 ? chat->temperature : TEMPERATURE_DEFAULT);
    json_key(&w, "min_p");
    json_double(&w, MIN_P_DEFAULT);
    if (chat->seed >= 0) {
        json_key(&w, "seed");
        json_int(&w, chat->seed);
    }
    json_key(&w, "messages");
    json_array_begin(&w);
    for (size_t i = 0; i < chat->n_messages; i++) {
        json_object_begin(&w);
        json_key(&w, "role");
        json_str(&w, chat->messages[i].role);
        json_key(&w, "content");
        json_str(&w, chat->messages[i].content);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
}

/* To a terminal go no control characters but newline and tab: a model must not drive it. */
static void print_safely(struct slice text)
{
    bool terminal = isatty(STDOUT_FILENO);
    for (size_t i = 0; i < text.len;) {
        uint32_t c = 0;
        size_t n = utf8_decode(&c, text.ptr + i, text.len - i);
        if (n == 0) n = 1;
        bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
        if (!terminal || !control) fwrite(text.ptr + i, 1, n, stdout);
        i += n;
    }
    fflush(stdout);
}

static bool on_data(void *ctx, struct slice data)
{
    struct session_chat *chat = ctx;
    json_t *chunk;
    if (slice_is(data, "[DONE]")) return true;
    if (json_read(&chunk, data, &json_limits_request, "an event", NULL) < 0) return true;
    const json_t *choice = json_array_get(json_object_get(chunk, "choices"), 0);
    const json_t *content = json_object_get(json_object_get(choice, "delta"), "content");
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    if (json_is_string(content)) {
        struct slice text = { json_string_value(content), json_string_length(content) };
        buf_add_slice(chat->answer, text);
        print_safely(text);
    }
    if (finish) (void)snprintf(chat->finish, sizeof chat->finish, "%s", finish);
    json_decref(chunk);
    return true;
}

static bool stop(void *ctx)
{
    (void)ctx;
    return interrupts_seen();
}

int session_chat(struct session *s, struct session_chat *chat, struct err *err)
{
    struct buf request;
    buf_init(&request, REQUEST_MAX);
    write_request(&request, chat);
    chat->finish[0] = '\0';
    int rc = buf_check(&request, "the conversation", err);
    struct client_events events = { .on_data = on_data, .stop = stop, .ctx = chat };
    if (rc == 0)
        rc = client_stream(s->client, "/v1/chat/completions", buf_slice(&request), &events, err);
    buf_release(&request);
    return rc;
}
