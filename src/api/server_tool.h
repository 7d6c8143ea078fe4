/* server_tool - a tool that the server runs itself while a response is made: a file in
 * api/server_tool/ that ends in a descriptor.
 *
 *     const struct server_tool server_tool_file_search = {
 *         .type = "file_search", .item_type = "file_search_call", .id_prefix = "fs_", ...
 *     };
 *
 * The build finds it. A request names it in `tools`; the model is offered a function, and when it
 * calls that, the response gets an item, the tool runs, what it found goes back to the model, and
 * the answer goes on within the same response:
 *
 *     response.output_item.added        the item, "in_progress"
 *     response.TYPE_call.PHASE ..       `phases`, before the tool begins
 *     response.TYPE_call.completed      after it, unless it failed
 *     response.output_item.done         the item with the members of the result
 *
 * One loop thread. A tool may be run again: when a response is made again after a restart, and,
 * with `replay`, when its events are read once more. The events of a response are the same then; of
 * what a tool finds that is true only while what it searches stays as it is.
 */
#ifndef TIRO_API_SERVER_TOOL_H
#define TIRO_API_SERVER_TOOL_H

#include "api/field.h"
#include "api/service.h"

struct server_tool_call; /* the tool's own; one being run */

struct server_tool_result {
    struct slice text;     /* what the model is told; valid UTF-8 */
    const json_t *item;    /* further members of the item: {"queries": [..], "results": [..]} */
    const json_t *sources; /* for annotate; kept until the response ends. NULL: none */
};

struct server_tool_options {
    struct service *service;
    const struct principal *principal; /* lives until done or cancel */
    const json_t *config;              /* the tool's object in the request; lives as long */
    struct slice arguments;            /* what the model wrote: JSON, valid under .parameters */
    int32_t priority;                  /* of requests to models, as in struct call */
    bool replay;       /* the events of a response that has ended are made again: change nothing */
    uint32_t n_before; /* calls of such tools in this response before this one */
    /* Exactly once, from the loop and not from inside begin, unless it is cancelled. `result` is
     * NULL when it failed; its pointers live until this returns. */
    void (*done)(void *user, const struct server_tool_result *result, const struct err *err);
    void *user;
};

struct server_tool {
    const char *type;           /* in the request's tools: "file_search" */
    const char *item_type;      /* "file_search_call" */
    const char *id_prefix;      /* of its items: "fs_" */
    const struct field *fields; /* of its object in tools, without type */
    size_t size;                /* of the struct that they fill */
    const char *const *phases;  /* "in_progress", "searching", NULL */
    const char *begun;          /* members of an item without a result yet: "\"queries\":[]" */
    /* What the model is offered. `parameters`: a JSON Schema, as text. */
    const char *name, *description, *parameters;
    /* The member of the item that a client gets only if it asks, and how it asks in `include`:
     * "results", "file_search_call.results". NULL: none. Else it is null. */
    const char *extra, *include;
    /* Beyond the table. `req` is what .fields filled, `path` its place: "tools[1]". May be NULL. */
    int (*check)(const void *req, const char *path, struct err *err);
    int (*begin)(struct server_tool_call **ret, const struct server_tool_options *options,
                 struct err *err);
    void (*cancel)(struct server_tool_call *call); /* done is not called any more */
    /* Appends to `to` what the text cites of the sources of one call, in the order of the text.
     * May be NULL. */
    int (*annotate)(json_t *to, struct slice text, const json_t *sources, struct err *err);
    /* What an item of an earlier response says: the arguments it was called with, and what the
     * model is told again. Text lies in `arena`. */
    int (*recall)(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                  struct arena *arena, struct err *err);
};

extern const struct server_tool *const server_tool_registry[];
extern const size_t server_tool_registry_len;

/* The tool of that type in `tools`, and of that type of item; or NULL. */
const struct server_tool *server_tool_of_type(struct slice type);
const struct server_tool *server_tool_of_item(struct slice item_type);

#endif
