/* A worker that packs, in a child process, and workers that map what it made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "unit/worker/tiny_models.h"
#include "unit/worker/worker_client.h"

static char model[] = "/tmp/tiro-pack-model-XXXXXX";
static char folder[] = "/tmp/tiro-pack-XXXXXX";
static char packed[64];

static int set_up(void **state)
{
    (void)state;
    make_model(model, "llama/gqa", tiny_tokenizer_json, "{\"eos_token\":\"<|endoftext|>\"}");
    if (!mkdtemp(folder)) return -1;
    snprintf(packed, sizeof packed, "%s/it.packed", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_model(model);
    unlink(packed);
    return rmdir(folder); /* Nothing else was left there. */
}

/* What the worker says behind its hello; `load` has all but the path. Its text stays until the next
 * call. */
static struct message_any answer_to(struct worker_client *c, const char *kind, struct msg_load load)
{
    worker_client_open(c, kind);
    struct message_any any = worker_client_next(c);
    assert_int_equal(any.kind, MSG_HELLO);
    load.path = slice_of(model);
    load.n_threads = 1;
    load.kv_bytes = 1 << 20;
    load.log_level = SLICE("off");
    worker_client_send(c, MSG_LOAD, &load);
    do any = worker_client_next(c);
    while (any.kind == MSG_PROGRESS);
    return any;
}

static bool load_is_mapped(const char *path)
{
    struct worker_client c;
    struct message_any any = answer_to(&c, "text", (struct msg_load){ .packed = slice_of(path) });
    assert_int_equal(any.kind, MSG_READY);
    bool mapped = ((struct msg_ready *)any.body)->weights_mapped;
    worker_client_send(&c, MSG_QUIT, &(struct msg_quit){ .grace_ms = 1000 });
    assert_int_equal(worker_client_close(&c), 0);
    return mapped;
}

static void pack_fails(struct msg_load load, const char *part)
{
    struct worker_client c;
    char text[512];
    struct message_any any = answer_to(&c, "pack", load);
    assert_int_equal(any.kind, MSG_ERROR);
    const struct msg_error *m = any.body;
    snprintf(text, sizeof text, "%.*s", SLICE_FMT(m->text));
    if (!strstr(text, part)) fail_msg("'%s' does not say '%s'", text, part);
    assert_int_equal(worker_client_close(&c), 1);
}

static void test_pack_and_map(void **state)
{
    struct worker_client c;
    struct stat st;
    (void)state;
    assert_false(load_is_mapped(packed)); /* It is not there. */
    struct message_any any = answer_to(&c, "pack", (struct msg_load){ .packed = slice_of(packed) });
    assert_int_equal(any.kind, MSG_ARTEFACT);
    assert_int_equal(stat(packed, &st), 0);
    assert_int_equal(((struct msg_artefact *)any.body)->bytes, st.st_size);
    assert_int_equal(worker_client_next(&c).kind, 0); /* And ends. */
    assert_int_equal(worker_client_close(&c), 0);
    assert_true(load_is_mapped(packed));
    assert_int_equal(truncate(packed, st.st_size - 1), 0);
    assert_false(load_is_mapped(packed));
}

static void test_pack_refuses(void **state)
{
    struct stat st;
    (void)state;
    pack_fails((struct msg_load){ .packed = slice_of(packed) }, "creating"); /* It is there. */
    pack_fails((struct msg_load){ .packed = SLICE("") }, "no path of packed weights");
    assert_int_equal(stat(packed, &st), 0);
    assert_int_equal(unlink(packed), 0);
    pack_fails((struct msg_load){ .packed = SLICE("/tmp/tiro-nowhere/it") }, "creating");
    pack_fails((struct msg_load){ .packed = slice_of(packed),
                                  .packed_bytes_max = (uint64_t)st.st_size / 2 },
               "writing");
    assert_int_equal(stat(packed, &st), 0); /* For the gateway to take away. */
    assert_int_equal(unlink(packed), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack_and_map),
        cmocka_unit_test(test_pack_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
