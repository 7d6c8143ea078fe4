/* Passwords beside the loop: right and wrong, the queue and its end, and clients that leave. */
#include "unit/test.h"

#include "unit/api/fake.h"

#include "api/password.h"

#include <sodium.h>

enum { CALLS = PASSWORDS_AT_ONCE + PASSWORDS_WAITING_MAX + 1 };

static struct service_work *given[CALLS];
static size_t n_given;
static struct service service;
static struct passwords queue;
static struct fake fakes[CALLS];
static struct err err;
static int n_then;
static bool good;
static char hash[PASSWORD_TEXT_SIZE];

static int keep_work(struct service *s, struct service_work *work, struct err *e)
{
    (void)s;
    (void)e;
    given[n_given++] = work;
    return 0;
}

static const struct service_ops ops = { .work = keep_work };

/* What a thread of the pool does, and then the loop. */
static void run_one(bool really)
{
    struct service_work *work = given[0];
    memmove(given, given + 1, --n_given * sizeof *given);
    if (really) work->run(work);
    work->done(work);
}

static int then(struct call *call, const struct password_result *result, void *user, struct err *e)
{
    (void)e;
    assert_ptr_equal(user, &n_then);
    n_then++;
    good = result->good;
    (void)snprintf(hash, sizeof hash, "%.*s", SLICE_FMT(result->hash));
    call->ops->reply(call, 200, "application/json", SLICE("{}"));
    return 0;
}

static struct call *new_call(size_t i)
{
    fake_init(&fakes[i]);
    fakes[i].call = (struct call){
        .ops = &fake_call_ops, .service = &service, .arena = &fakes[i].arena, .gateway = &fakes[i]
    };
    return &fakes[i].call;
}

static int setup(void **state)
{
    (void)state;
    service = (struct service){ .ops = &ops };
    queue = (struct passwords){ 0 };
    n_given = 0;
    n_then = 0;
    return 0;
}

static bool check(const char *password, const char *against)
{
    int before = n_then;
    assert_ok(password_check(&queue, new_call(0), slice_of(password), slice_of(against), then,
                             &n_then, &err),
              &err);
    run_one(true);
    fake_release(&fakes[0]);
    assert_int_equal(n_then, before + 1);
    return good;
}

static void test_right_and_wrong(void **state)
{
    (void)state;
    char kept[PASSWORD_TEXT_SIZE];
    assert_ok(password_hash(&queue, new_call(0), SLICE("three little words"), then, &n_then, &err),
              &err);
    run_one(true);
    fake_release(&fakes[0]);
    memcpy(kept, hash, sizeof kept);
    assert_non_null(strstr(kept, "$argon2id$v=19$m=65536,t=2,p=1$"));
    assert_null(strstr(kept, "words"));
    assert_true(check("three little words", kept));
    assert_false(check("three little word", kept));
    assert_false(check("three little words ", kept));
    assert_false(check("", kept));
    /* Nobody's password is right, whatever it is. */
    assert_false(check("", ""));
    assert_false(check("three little words", ""));
}

/* Checking a password of nobody's costs what checking another costs: the same passes and memory. */
static void test_nobodys_costs_as_much(void **state)
{
    (void)state;
    assert_int_equal(crypto_pwhash_str_needs_rehash(password_nobodys,
                                                    crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                                    crypto_pwhash_MEMLIMIT_INTERACTIVE),
                     0);
}

static void test_the_queue_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLS - 1; i++)
        assert_ok(password_check(&queue, new_call(i), SLICE("p"), SLICE(""), then, &n_then, &err),
                  &err);
    assert_int_equal(n_given, PASSWORDS_AT_ONCE);
    assert_fails(
        password_check(&queue, new_call(CALLS - 1), SLICE("p"), SLICE(""), then, &n_then, &err),
        ERR_OVERLOADED, &err, "Too many people");
    fake_release(&fakes[CALLS - 1]);
    run_one(false); /* The next one's turn, and room for one more. */
    assert_int_equal(n_given, PASSWORDS_AT_ONCE);
    assert_ok(
        password_check(&queue, new_call(CALLS - 1), SLICE("p"), SLICE(""), then, &n_then, &err),
        &err);
    while (n_given) run_one(false);
    assert_int_equal(n_then, CALLS);
    assert_int_equal(queue.n_running, 0);
    assert_int_equal(queue.n_waiting, 0);
    for (size_t i = 0; i < CALLS; i++) {
        assert_true(fakes[i].over);
        fake_release(&fakes[i]);
    }
}

static void test_clients_leave(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_ok(password_check(&queue, new_call(i), SLICE("p"), SLICE(""), then, &n_then, &err),
                  &err);
    fake_release(&fakes[0]); /* One that runs, */
    fake_release(&fakes[3]); /* and one that waits. */
    while (n_given) run_one(false);
    assert_int_equal(n_then, 2);
    fake_release(&fakes[1]);
    fake_release(&fakes[2]);
}

int main(void)
{
    assert(sodium_init() >= 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_right_and_wrong, setup),
        cmocka_unit_test_setup(test_nobodys_costs_as_much, setup),
        cmocka_unit_test_setup(test_the_queue_ends, setup),
        cmocka_unit_test_setup(test_clients_leave, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
