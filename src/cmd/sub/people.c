/* tiro people: who may use the running server, and links to become one of them. */
#include "base/json.h"
#include "base/slice.h"
#include "cmd/people_link.h"
#include "cmd/subcommand.h"
#include "gateway/client.h"
#include "store/paths.h"

#include <stdio.h>
#include <time.h>

enum { BODY_MAX = 4 << 20, PATH_SIZE = 256, NOTE_SIZE = 512 };

static const struct option_row options[] = {
    { .name = "json", .help = "as JSON" },
    { .name = "owner", .help = "with invite: who comes by it will be an owner" },
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = NULL },
};

/* A 200's body; else the server's words. */
static int ask(struct buf *body, struct client *c, const char *method, const char *path,
               struct slice json, struct err *err)
{
    int status;
    buf_reset(body);
    TRY(client_json(c, &status, body, method, path, json, err));
    return status == 200 ? 0 : client_error(status, buf_slice(body), err);
}

/* ---- Who there is ---- */

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void print_people(const json_t *root)
{
    const json_t *rows = json_object_get(root, "data");
    printf("%-24s %-24s %-8s %-9s %s\n", "LOGIN", "NAME", "ROLE", "STATE", "SINCE");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        time_t at = (time_t)json_integer_value(json_object_get(row, "created_at"));
        struct tm tm;
        char day[16] = "";
        if (gmtime_r(&at, &tm)) (void)strftime(day, sizeof day, "%Y-%m-%d", &tm);
        printf("%-24s %-24s %-8s %-9s %s\n", member(row, "login"), member(row, "name"),
               member(row, "role"), member(row, "state"), day);
    }
    if (json_array_size(rows) == 0)
        fprintf(stderr, "Nobody can sign in yet: 'tiro people link' makes the owner's link.\n");
}

static int list(struct client *c, struct buf *body, bool as_json, struct err *err)
{
    json_t *root;
    TRY(ask(body, c, "GET", "/v1/tiro/users", (struct slice){ 0 }, err));
    if (as_json) {
        printf("%s\n", buf_str(body));
        return 0;
    }
    TRY(json_read(&root, buf_slice(body), &json_limits_request, "the people", err));
    print_people(root);
    json_decref(root);
    return 0;
}

/* ---- Links ---- */

static int make_link(struct client *c, struct buf *body, const char *path, struct slice json,
                     bool as_json, struct err *err)
{
    json_t *root;
    TRY(ask(body, c, "POST", path, json, err));
    if (as_json) {
        printf("%s\n", buf_str(body));
        return 0;
    }
    TRY(json_read(&root, buf_slice(body), &json_limits_request, "the link", err));
    people_link_print(stdout, client_server(c)->url, member(root, "path"), "");
    json_decref(root);
    return 0;
}

static int invite(struct client *c, struct buf *body, const struct args *args, struct err *err)
{
    struct buf json;
    struct json_writer w;
    buf_init(&json, NOTE_SIZE);
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_key(&w, "role");
    json_str(&w, args_has(args, "owner") ? "owner" : "member");
    if (args->n_words > 1) {
        json_key(&w, "note");
        json_str(&w, args->words[1]);
    }
    json_object_end(&w);
    int rc = buf_check(&json, "the note", err);
    if (rc == 0)
        rc = make_link(c, body, "/v1/tiro/invites", buf_slice(&json), args_has(args, "json"), err);
    buf_release(&json);
    return rc;
}

static int id_of(char ret[PATH_SIZE], const json_t *root, const char *login, struct err *err)
{
    const json_t *rows = json_object_get(root, "data");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!slice_eq_nocase(slice_of(member(row, "login")), slice_of(login))) continue;
        (void)snprintf(ret, PATH_SIZE, "/v1/tiro/users/%s/reset", member(row, "id")); /* It fits. */
        return 0;
    }
    return err_set(err, ERR_NOT_FOUND, "nobody signs in as '%s'; 'tiro people' shows who does",
                   login);
}

static int reset(struct client *c, struct buf *body, const char *login, bool as_json,
                 struct err *err)
{
    char path[PATH_SIZE];
    json_t *root;
    TRY(ask(body, c, "GET", "/v1/tiro/users", (struct slice){ 0 }, err));
    TRY(json_read(&root, buf_slice(body), &json_limits_request, "the people", err));
    int rc = id_of(path, root, login, err);
    json_decref(root);
    return rc < 0 ? rc : make_link(c, body, path, (struct slice){ 0 }, as_json, err);
}

static int act(struct client *c, struct buf *body, const struct args *args, struct err *err)
{
    const char *word = args->n_words ? args->words[0] : "";
    bool as_json = args_has(args, "json");
    struct slice none = { 0 };
    if (args->n_words == 0) return list(c, body, as_json, err);
    if (slice_is(slice_of(word), "link") && args->n_words == 1)
        return make_link(c, body, "/v1/tiro/owner_link", none, as_json, err);
    if (slice_is(slice_of(word), "invite") && args->n_words <= 2) return invite(c, body, args, err);
    if (slice_is(slice_of(word), "reset") && args->n_words == 2)
        return reset(c, body, args->words[1], as_json, err);
    return err_set(err, ERR_INVALID_VALUE,
                   "it is 'tiro people', and then nothing, link, invite [NOTE], or reset LOGIN");
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    struct client *c = NULL;
    struct buf body;
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    buf_init(&body, BODY_MAX);
    int rc = client_open(&c, paths.data, &err);
    if (rc == 0) rc = act(c, &body, args, &err);
    client_close(c);
    buf_release(&body);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_people = {
    .name = "people",
    .summary = "show who may use the server, and make links for new people",
    .usage = "people [link | invite [NOTE] [--owner] | reset LOGIN] [--json] [--data DIR]",
    .help =
        "Without a word: everybody who may sign in to the running server. With one, a link that\n"
        "is good once:\n\n"
        "  tiro people link             for the first owner, a day; the last one is void\n"
        "  tiro people invite 'for Ann' for another person, seven days\n"
        "  tiro people reset ann        for a new password of somebody who forgot theirs, a day",
    .options = options,
    .takes_words = true,
    .run = run,
};
