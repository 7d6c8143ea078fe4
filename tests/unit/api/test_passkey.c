/* What a browser says of a passkey: the good ones of each algorithm, and each way to be wrong. */
#include "unit/api/passkey_device.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

static const struct passkey_site site = { SLICE("chat.example"), SLICE("https://chat.example") };
static struct device d;
static struct err err;

static EVP_PKEY *p256(void)
{
    return EVP_EC_gen("P-256");
}

static int setup(void **state)
{
    (void)state;
    device_open(&d, p256());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    device_close(&d);
    return 0;
}

static int read_new(struct passkey_made *made)
{
    struct passkey_sent sent = device_sends(&d);
    err = (struct err){ 0 };
    return passkey_read_new(made, &site, device_challenge(&d), &sent, &d.arena, &err);
}

static int verify(int64_t *count)
{
    struct passkey_sent sent = device_sends(&d);
    err = (struct err){ 0 };
    return passkey_verify(count, &site, device_challenge(&d), device_public_key(&d), &sent,
                          &d.arena, &err);
}

static void as_sign_in(void)
{
    d.type = "webauthn.get";
    d.flags = 1 | 4;
}

static void test_each_algorithm(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = { p256(), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_RSA_gen(2048) };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct passkey_made made;
        int64_t count = 0;
        device_close(&d);
        device_open(&d, keys[i]);
        assert_ok(read_new(&made), &err);
        assert_true(slice_eq(made.public_key, device_public_key(&d)));
        assert_true(slice_is(made.credential, "yMnKy8zNzs_Q0dLT1NXW1w"));
        assert_int_equal(made.sign_count, 7);
        as_sign_in();
        d.count = 0x80000001;
        assert_ok(verify(&count), &err);
        assert_int_equal(count, 0x80000001);
    }
}

static void wrong_new(const char *says)
{
    struct passkey_made made;
    assert_fails(read_new(&made), ERR_INVALID_VALUE, &err, says);
}

static void test_wrong_new_ones(void **state)
{
    (void)state;
    d.type = "webauthn.get";
    wrong_new("another type");
    d.type = "webauthn.create";
    d.origin = "https://evil.example";
    wrong_new("another address");
    d.origin = "https://chat.example";
    d.cross = true;
    wrong_new("frame");
    d.cross = false;
    d.rp_id = "example";
    wrong_new("another site");
    d.rp_id = "chat.example";
    d.flags = 1 | 64;
    wrong_new("checked");
    d.flags = 4 | 64;
    wrong_new("checked");
    d.flags = 1 | 4;
    wrong_new("no new key");
    d.flags = 1 | 4 | 64;
    d.id_len = 0;
    wrong_new("length");
    d.id_len = PASSKEY_ID_MAX + 1;
    wrong_new("length");
    d.id_len = PASSKEY_ID_MAX;
    struct passkey_made made;
    assert_ok(read_new(&made), &err);
}

static void test_wrong_keys(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = { EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"), EVP_RSA_gen(1024),
                         EVP_PKEY_Q_keygen(NULL, NULL, "X25519") };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct passkey_sent sent = device_sends(&d);
        struct device other;
        struct passkey_made made;
        device_open(&other, keys[i]);
        sent.public_key = passkey_text(device_public_key(&other), &other.arena);
        assert_fails(passkey_read_new(&made, &site, device_challenge(&d), &sent, &d.arena, &err),
                     ERR_INVALID_VALUE, &err, "P-256");
        device_close(&other);
    }
    struct passkey_sent sent = device_sends(&d);
    struct passkey_made made;
    struct slice der = device_public_key(&d);
    sent.public_key = passkey_text((struct slice){ der.ptr, der.len + 1 },
                                   &d.arena); /* And more. */
    assert_fails(passkey_read_new(&made, &site, device_challenge(&d), &sent, &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "P-256");
    sent.public_key = passkey_text((struct slice){ der.ptr, der.len - 1 }, &d.arena);
    assert_fails(passkey_read_new(&made, &site, device_challenge(&d), &sent, &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "P-256");
}

/* Each byte of what is signed, and of the signature, counts. */
static void test_every_bit_counts(void **state)
{
    (void)state;
    as_sign_in();
    struct slice client = device_client_data(&d), data = device_data(&d);
    struct slice signature = device_sign(&d, data, client);
    for (size_t i = 0; i < data.len + signature.len; i++) {
        char *byte = (char *)(uintptr_t)(i < data.len ? data.ptr + i
                                                      : signature.ptr + i - data.len);
        struct arena_mark mark = arena_mark(&d.arena);
        *byte ^= 8;
        struct passkey_sent sent = { .client_data = passkey_text(client, &d.arena),
                                     .authenticator_data = passkey_text(data, &d.arena),
                                     .signature = passkey_text(signature, &d.arena) };
        int64_t count;
        int rc = passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                                &d.arena, &err);
        if (rc != -ERR_INVALID_VALUE) fail_msg("byte %zu does not count", i);
        *byte ^= 8;
        arena_reset_to(&d.arena, mark);
    }
}

static void test_challenges(void **state)
{
    (void)state;
    int64_t count;
    as_sign_in();
    struct passkey_sent sent = device_sends(&d);
    d.challenge[31] ^= 1;
    assert_fails(passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                                &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "another challenge");
    assert_fails(
        passkey_verify(&count, &site, SLICE(""), device_public_key(&d), &sent, &d.arena, &err),
        ERR_INVALID_VALUE, &err, "another challenge");
}

static void test_cut_and_not_base64(void **state)
{
    (void)state;
    int64_t count;
    as_sign_in();
    struct slice data = device_data(&d);
    for (size_t n = 0; n < data.len; n++) {
        struct passkey_sent sent = device_sends(&d);
        sent.authenticator_data = passkey_text((struct slice){ data.ptr, n }, &d.arena);
        if (passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                           &d.arena, &err) != -ERR_INVALID_VALUE)
            fail_msg("%zu bytes are taken", n);
    }
    struct passkey_sent sent = device_sends(&d);
    sent.client_data = SLICE("not base64!");
    assert_fails(passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                                &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "base64url");
    sent.client_data = SLICE("bm90IEpT\xce\x8d");
    assert_fails(passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                                &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "base64url");
    sent.client_data = SLICE("bm90IEpTT04");
    assert_fails(passkey_verify(&count, &site, device_challenge(&d), device_public_key(&d), &sent,
                                &d.arena, &err),
                 ERR_INVALID_VALUE, &err, "not JSON");
}

static void test_sites(void **state)
{
    (void)state;
    static const struct {
        struct passkey_site site;
        bool can;
    } rows[] = {
        { { SLICE("chat.example"), SLICE("https://chat.example") }, true },
        { { SLICE("localhost"), SLICE("http://localhost:8080") }, true },
        { { SLICE("chat.example"), SLICE("http://chat.example") }, false },
        { { SLICE("192.0.2.1"), SLICE("https://192.0.2.1") }, false },
        { { SLICE("[2001:db8::a]"), SLICE("https://[2001:db8::a]") }, false },
        { { SLICE(""), SLICE("https://") }, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(passkey_site_can(&rows[i].site), rows[i].can);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_algorithm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_new_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_bit_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_challenges, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_and_not_base64, setup, teardown),
        cmocka_unit_test(test_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
