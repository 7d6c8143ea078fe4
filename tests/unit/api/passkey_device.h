/* passkey_device - a browser and its device, made of OpenSSL: what a page would send. */
#ifndef TIRO_TESTS_PASSKEY_DEVICE_H
#define TIRO_TESTS_PASSKEY_DEVICE_H

#include "unit/test.h"

#include "api/passkey.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>

enum { DEVICE_MAX = 4096 };

struct device {
    EVP_PKEY *key;
    struct arena arena;
    const char *rp_id, *origin, *type;
    unsigned char challenge[PASSKEY_CHALLENGE_BYTES];
    unsigned char flags;
    uint32_t count;
    size_t id_len; /* of the credential; 0: none is told */
    bool cross;
};

static inline void device_open(struct device *d, EVP_PKEY *key)
{
    *d = (struct device){ .key = key,
                          .rp_id = "chat.example",
                          .origin = "https://chat.example",
                          .type = "webauthn.create",
                          .flags = 1 | 4 | 64,
                          .count = 7,
                          .id_len = 16 };
    for (size_t i = 0; i < sizeof d->challenge; i++) d->challenge[i] = (unsigned char)(i * 7);
    arena_init(&d->arena, 1 << 20);
}

static inline void device_close(struct device *d)
{
    EVP_PKEY_free(d->key);
    arena_release(&d->arena);
}

static inline struct slice device_challenge(struct device *d)
{
    return (struct slice){ (char *)d->challenge, sizeof d->challenge };
}

static inline struct slice device_client_data(struct device *d)
{
    return slice_of(arena_printf(&d->arena,
                                 "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\","
                                 "\"crossOrigin\":%s}",
                                 d->type, passkey_text(device_challenge(d), &d->arena).ptr,
                                 d->origin, d->cross ? "true" : "false"));
}

static inline struct slice device_data(struct device *d)
{
    unsigned char *out = arena_alloc(&d->arena, DEVICE_MAX);
    size_t n = 32;
    (void)crypto_hash_sha256(out, (const unsigned char *)d->rp_id, strlen(d->rp_id));
    out[n++] = d->flags;
    for (int i = 3; i >= 0; i--) out[n++] = (unsigned char)(d->count >> (8 * i));
    if (d->flags & 64) {
        n += 16;
        out[n++] = (unsigned char)(d->id_len >> 8);
        out[n++] = (unsigned char)d->id_len;
        for (size_t i = 0; i < d->id_len; i++) out[n++] = (unsigned char)(200 + i);
    }
    return (struct slice){ (char *)out, n };
}

static inline struct slice device_public_key(struct device *d)
{
    unsigned char *der = arena_alloc(&d->arena, DEVICE_MAX), *at = der;
    int n = i2d_PUBKEY(d->key, &at);
    assert_true(n > 0);
    return (struct slice){ (char *)der, (size_t)n };
}

static inline struct slice device_sign(struct device *d, struct slice data, struct slice client)
{
    unsigned char text[DEVICE_MAX], *out = arena_alloc(&d->arena, DEVICE_MAX);
    size_t len = DEVICE_MAX;
    memcpy(text, data.ptr, data.len);
    (void)crypto_hash_sha256(text + data.len, (const unsigned char *)client.ptr, client.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_PKEY_get_base_id(d->key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, d->key), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &len, text, data.len + 32), 1);
    EVP_MD_CTX_free(ctx);
    return (struct slice){ (char *)out, len };
}

/* All of it as base64url. */
static inline struct passkey_sent device_sends(struct device *d)
{
    struct slice client = device_client_data(d), data = device_data(d);
    return (struct passkey_sent){
        .client_data = passkey_text(client, &d->arena),
        .authenticator_data = passkey_text(data, &d->arena),
        .public_key = passkey_text(device_public_key(d), &d->arena),
        .signature = passkey_text(device_sign(d, data, client), &d->arena),
    };
}

#endif
