/* backend - what endpoints know of the models: a list, and a way to send them requests.
 *
 * The gateway's supervisor implements it over the worker protocol; tests implement it with a fake.
 * Messages are those of proto/bodies.h. One loop thread; nothing here blocks, and no event is
 * delivered from inside submit or cancel.
 */
#ifndef TIRO_API_BACKEND_H
#define TIRO_API_BACKEND_H

#include "api/call.h"
#include "proto/bodies.h"

enum backend_model_state {
    BACKEND_MODEL_IDLE,    /* known, its worker not running: submit starts it */
    BACKEND_MODEL_LOADING, /* submit waits in its queue */
    BACKEND_MODEL_READY,
    BACKEND_MODEL_FAILED, /* `problem` says why; submit fails with it */
};

struct backend_model {
    const char *id, *owned_by;
    const char *fingerprint; /* for system_fingerprint: "fp_" and hex of model file and build */
    int64_t created;         /* unix seconds; of the file */
    enum backend_model_state state;
    /* Below: 0 until the worker has said so once; then kept while it is idle. */
    uint32_t capabilities; /* CAP_* */
    uint32_t n_ctx, n_vocab, n_embd;
    const char *arch, *quantisation;
    uint64_t bytes, n_parameters;
    const char *sha256; /* of its weights' file, in hex; NULL: not known */
    /* As the latest answers saw it, whatever else ran; 0: none yet. */
    double prefill_tokens_per_s, decode_tokens_per_s;
    const char *problem;
    bool is_default; /* the one a new chat takes */
};

/* What comes back for one submitted request, in this order: counted; then scores (echo), tokens,
 * pieces of tool calls and one done per choice, the last with `final`; or one embedding, or one
 * encoded; or, at any point, one error. After the final done, the embedding, encoded or the error
 * the handle is gone. Pointers in messages are valid
 * during the call only. A handler may submit, cancel (any handle but its own ended one) and
 * end its own HTTP call from inside. Handlers that a request's kind never calls may be NULL. */
struct backend_events {
    void (*counted)(void *user, const struct msg_counted *m);
    void (*score)(void *user, const struct msg_score *m);
    void (*token)(void *user, const struct msg_token *m);
    void (*tool)(void *user, const struct msg_tool_delta *m);
    void (*done)(void *user, const struct msg_done *m);
    void (*encoded)(void *user, const struct msg_tokens *m); /* REQUEST_TOKENIZE */
    /* `floats` is always filled: the backend maps what came by memfd. */
    void (*embedding)(void *user, const struct msg_embedding *m);
    /* retry_after_ms: when to come again, for 429 and 503; 0: unknown. */
    void (*error)(void *user, const struct err *err, uint32_t retry_after_ms);
    /* The worker died and the request can go to a new one: true when nothing has reached the
     * client, and the endpoint has then forgotten all events so far; false: error() follows. */
    bool (*restart)(void *user);
    /* All events of one batch from the worker have been delivered: write out what they left. It
     * may be called without a cause, but not after the request has ended. May be NULL. */
    void (*flush)(void *user);
};

struct backend_handle; /* the supervisor's */

struct backend_ops {
    /* All models, sorted by id; the array is the backend's and lives until the next event. */
    size_t (*models)(struct backend *backend, const struct backend_model **ret);
    /* Queues `request` for the model `id`. The backend sets request ids and copies (encodes) the
     * message before it returns, and takes care of deadline, queue limits and age. Fails with
     * ERR_MODEL_NOT_FOUND, ERR_OVERLOADED, ERR_NOT_READY ... and then sends no events. */
    int (*submit)(struct backend *backend, struct backend_handle **ret, const char *id,
                  const struct msg_request *request, const struct backend_events *events,
                  void *user, struct err *err);
    /* Stops the request; no event for it comes after this returns. Frees the handle. */
    void (*cancel)(struct backend *backend, struct backend_handle *handle);
    /* Deletes an adapter from the disk; requests for it get an error. -ERR_MODEL_NOT_FOUND;
     * -ERR_PERMISSION for a model that is none. */
    int (*remove)(struct backend *backend, struct slice id, struct err *err);
};

struct backend {
    const struct backend_ops *ops;
};

/* The model of that id, or NULL. */
const struct backend_model *backend_find(struct backend *backend, struct slice id);

#endif
