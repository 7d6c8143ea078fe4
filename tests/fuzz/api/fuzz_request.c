/* Any bytes as the body of any endpoint, or as its query: an answer that is JSON with a known
 * status, or a request for the model, whose events then come in an order that the input chooses.
 * Nothing leaks. */
#include "base/json.h"
#include "unit/api/fake_events.h"
#include "unit/api/fake_store.h"

enum { RUNS_OF_A_STORE = 1000 }; /* Then an empty one: it lies in memory. */

/* The first byte chooses the endpoint, the second the events. */
static void play(struct fake *f, uint8_t choice)
{
    static const char *const events[] = {
        "{\"counted\":{\"prompt\":3}}",
        "{\"token\":{\"choice\":0,\"text\":\"a\",\"logprobs\":[{\"bytes\":\"a\",\"logprob\":-1}]}}",
        "{\"token\":{\"choice\":1,\"text\":\"b\"}}",
        "{\"token\":{\"reasoning\":true,\"text\":\"hm\",\"n_tokens\":1}}",
        "{\"tool\":{\"call_id\":\"call_1\",\"name\":\"f\"}}",
        "{\"tool\":{\"index\":1,\"call_id\":\"call_2\",\"name\":\"g\",\"arguments\":\"{}\"}}",
        "{\"tool\":{\"arguments\":\"{}\"}}",
        "{\"score\":{\"text\":\"p\",\"logprobs\":[{\"bytes\":\"p\",\"none\":true}]}}",
        "{\"flush\":{}}",
        "{\"restart\":{}}",
        "{\"done\":{\"choice\":0,\"prompt\":3,\"completion\":1,\"final\":true}}",
        "{\"error\":{\"code\":\"WORKER_LOST\",\"text\":\"gone\"}}",
        "{\"close\":{}}",
    };
    enum { N_EVENTS = sizeof events / sizeof *events };
    for (int i = 0; i < 20 && f->n_handles && !f->over; i++) {
        json_t *event = json_loads(events[(choice + i * 5) % N_EVENTS], 0, NULL);
        size_t h = (size_t)i % f->n_handles;
        json_t *body = json_object_iter_value(json_object_iter(event));
        json_object_set_new(body, "h", json_integer((json_int_t)h));
        bool is_close = json_object_get(event, "close") != NULL;
        if (f->handles[h].live || is_close) fake_event(f, event);
        json_decref(event);
    }
}

/* "PATH?QUERY" */
static char *with_query(const char *path, const uint8_t *data, size_t size)
{
    size_t len = strlen(path);
    char *url = mem_alloc(len + size + 2);
    if (!url) return NULL;
    memcpy(url, path, len);
    url[len] = '?';
    memcpy(url + len + 1, data, size);
    url[len + 1 + size] = '\0';
    return url;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    const struct endpoint *ep = endpoint_registry[data[0] % endpoint_registry_len];
    if (ep->body) return 0; /* Bodies in pieces have a fuzzer of their own. */
    char *url = with_query(ep->path, data + 2, ep->query ? size - 2 : 0);
    if (!url) return 0;
    struct fake *f = mem_calloc(1, sizeof *f);
    if (!f) {
        mem_free(url);
        return 0;
    }
    static struct fake_service service;
    static int runs;
    if (runs++ % RUNS_OF_A_STORE == 0) {
        if (service.service.store) fake_service_close(&service);
        fake_service_open(&service);
        service.service.data_dir = "/tmp"; /* For files without names. */
    }
    fake_init(f);
    f->service = &service.service;
    service.service.backend = &f->backend;
    fake_request(f, ep->method, url,
                 (struct slice){ .ptr = (const char *)data + 2, .len = size - 2 });
    /* An embedding request is answered by embeddings only. */
    if (slice_is(slice_of(ep->name), "Embeddings")) {
        json_t *event = json_loads("{\"embedding\":{\"prompt\":1,\"floats\":[1,2]}}", 0, NULL);
        if (f->n_handles && !f->over) fake_event(f, event);
        json_decref(event);
    } else {
        play(f, data[1]);
    }
    store_wait(service.service.store);
    assert(f->over || f->n_handles);
    fake_release(f);
    store_wait(service.service.store); /* What goes on after the client. */
    mem_free(f);
    mem_free(url);
    return 0;
}
