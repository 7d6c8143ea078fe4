#include "api/passkey.h"

#include "base/json.h"
#include "base/reader.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sodium.h>

enum {
    RP_HASH_BYTES = 32,
    FLAG_PRESENT = 1,
    FLAG_VERIFIED = 4,
    FLAG_ATTESTED = 64,
    AAGUID_BYTES = 16,
    P256_BITS = 256,
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 4096,
};

static int bad(struct err *err, const char *field, const char *why)
{
    return err_param(err, ERR_INVALID_VALUE, field, "The passkey's %s is not right: %s.", field,
                     why);
}

/* ---- Base64 ---- */

struct slice passkey_bytes(struct slice text, struct arena *arena)
{
    size_t len, most = text.len / 4 * 3 + 3;
    const char *end;
    unsigned char *out = text.len <= PASSKEY_TEXT_MAX ? arena_alloc(arena, most) : NULL;
    if (!out || !slice_is_ascii(text) ||
        sodium_base642bin(out, most, text.ptr ? text.ptr : "", text.len, NULL, &len, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return (struct slice){ 0 };
    if (text.len && end != text.ptr + text.len) return (struct slice){ 0 };
    return (struct slice){ (char *)out, len };
}

struct slice passkey_text(struct slice bytes, struct arena *arena)
{
    size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(arena, size);
    if (!out) return (struct slice){ 0 };
    (void)sodium_bin2base64(out, size, (const unsigned char *)bytes.ptr, bytes.len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* It has the room. */
    return (struct slice){ out, size - 1 };
}

/* ---- The client's data: JSON ---- */

static struct slice member(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(root, name);
    if (!json_is_string(value)) return (struct slice){ 0 };
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

static int check_members(const json_t *root, const struct passkey_site *site, const char *type,
                         struct slice challenge, struct arena *arena, struct err *err)
{
    static const char field[] = "client_data";
    struct slice sent = passkey_bytes(member(root, "challenge"), arena);
    if (!slice_is(member(root, "type"), type)) return bad(err, field, "it is of another type");
    if (challenge.len != PASSKEY_CHALLENGE_BYTES || sent.len != challenge.len ||
        sodium_memcmp(sent.ptr, challenge.ptr, sent.len) != 0)
        return bad(err, field, "it answers another challenge, or one that is too old");
    if (!slice_eq(member(root, "origin"), site->origin))
        return bad(err, field, "it was made for another address than this page's");
    if (json_is_true(json_object_get(root, "crossOrigin")))
        return bad(err, field, "it was made in a frame of another page");
    return 0;
}

static int check_client_data(const struct passkey_site *site, const char *type,
                             struct slice challenge, struct slice text, struct arena *arena,
                             struct err *err)
{
    json_t *root;
    struct err why = { 0 };
    if (json_read(&root, text, &json_limits_request, "client_data", &why) < 0)
        return bad(err, "client_data", "it is not JSON");
    int rc = check_members(root, site, type, challenge, arena, err);
    json_decref(root);
    return rc;
}

/* ---- The authenticator's data: fixed places ---- */

struct authenticator {
    uint8_t flags;
    int64_t sign_count;
    struct slice credential; /* of one with FLAG_ATTESTED */
};

static uint32_t big_endian(struct slice bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) value = value << 8 | (unsigned char)bytes.ptr[i];
    return value;
}

static int read_authenticator(struct authenticator *ret, const struct passkey_site *site,
                              struct slice data, struct err *err)
{
    static const char field[] = "authenticator_data";
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct reader r;
    struct slice rp, count, skipped, len;
    reader_init(&r, data.ptr, data.len, field);
    if (reader_bytes(&r, &rp, RP_HASH_BYTES, field, NULL) < 0 ||
        reader_u8(&r, &ret->flags, field, NULL) < 0 || reader_bytes(&r, &count, 4, field, NULL) < 0)
        return bad(err, field, "it is cut short");
    (void)crypto_hash_sha256(hash, (const unsigned char *)site->rp_id.ptr,
                             site->rp_id.len); /* Always 0. */
    if (memcmp(hash, rp.ptr, sizeof hash) != 0) return bad(err, field, "it is of another site");
    if (!(ret->flags & FLAG_PRESENT) || !(ret->flags & FLAG_VERIFIED))
        return bad(err, field, "the device has not checked who uses it");
    ret->sign_count = big_endian(count);
    if (!(ret->flags & FLAG_ATTESTED)) return 0;
    if (reader_bytes(&r, &skipped, AAGUID_BYTES, field, NULL) < 0 ||
        reader_bytes(&r, &len, 2, field, NULL) < 0 ||
        reader_bytes(&r, &ret->credential, big_endian(len), field, NULL) < 0)
        return bad(err, field, "it is cut short");
    if (ret->credential.len == 0 || ret->credential.len > PASSKEY_ID_MAX)
        return bad(err, field, "its id has no length that an id has");
    return 0;
}

/* ---- Keys and signatures ---- */

static bool key_is_known(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return true;
    case EVP_PKEY_EC: {
        char name[32];
        size_t len;
        return EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1 &&
               strcmp(name, "prime256v1") == 0 && bits == P256_BITS;
    }
    case EVP_PKEY_RSA: return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    default: return false;
    }
}

/* NULL: not one of ours, or more than a key. */
static EVP_PKEY *read_key(struct slice der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    EVP_PKEY *key = der.len > 0 && der.len <= PASSKEY_TEXT_MAX
                        ? d2i_PUBKEY(NULL, &at, (long)der.len)
                        : NULL;
    if (key && at == (const unsigned char *)der.ptr + der.len && key_is_known(key)) return key;
    EVP_PKEY_free(key); /* NULL is fine. */
    return NULL;
}

static bool signature_is_good(EVP_PKEY *key, struct slice signature, struct slice text)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
                EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
                                 (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

/* What is signed: the authenticator's data, and the hash of the client's. */
static struct slice signed_text(struct slice authenticator, struct slice client,
                                struct arena *arena)
{
    size_t len = authenticator.len + crypto_hash_sha256_BYTES;
    char *out = arena_alloc(arena, len);
    if (!out) return (struct slice){ 0 };
    memcpy(out, authenticator.ptr, authenticator.len);
    (void)crypto_hash_sha256((unsigned char *)out + authenticator.len,
                             (const unsigned char *)client.ptr, client.len); /* Always 0. */
    return (struct slice){ out, len };
}

/* ---- A new one, and one that signs in ---- */

bool passkey_site_can(const struct passkey_site *site)
{
    struct slice host = site->rp_id;
    bool letters = false;
    for (size_t i = 0; i < host.len; i++)
        letters = letters || ((host.ptr[i] | 32) >= 'a' && (host.ptr[i] | 32) <= 'z');
    if (!letters || host.ptr[0] == '[') return false; /* An address. */
    return slice_starts(site->origin, SLICE("https://")) || slice_is(host, "localhost");
}

static int read_parts(struct slice *ret_client, struct slice *ret_authenticator,
                      const struct passkey_sent *sent, struct arena *arena, struct err *err)
{
    *ret_client = passkey_bytes(sent->client_data, arena);
    *ret_authenticator = passkey_bytes(sent->authenticator_data, arena);
    TRY(arena_check(arena, "the passkey", err));
    if (ret_client->len == 0) return bad(err, "client_data", "it is not base64url");
    if (ret_authenticator->len == 0) return bad(err, "authenticator_data", "it is not base64url");
    return 0;
}

int passkey_read_new(struct passkey_made *ret, const struct passkey_site *site,
                     struct slice challenge, const struct passkey_sent *sent, struct arena *arena,
                     struct err *err)
{
    struct slice client, data;
    struct authenticator a = { 0 };
    TRY(read_parts(&client, &data, sent, arena, err));
    TRY(check_client_data(site, "webauthn.create", challenge, client, arena, err));
    TRY(read_authenticator(&a, site, data, err));
    if (!a.credential.ptr) return bad(err, "authenticator_data", "it names no new key");
    struct slice der = passkey_bytes(sent->public_key, arena);
    EVP_PKEY *key = read_key(der);
    if (!key) return bad(err, "public_key", "only P-256, Ed25519 and RSA keys are taken");
    EVP_PKEY_free(key);
    ret->credential = passkey_text(a.credential, arena);
    ret->public_key = der;
    ret->sign_count = a.sign_count;
    return arena_check(arena, "the passkey", err);
}

int passkey_verify(int64_t *ret_sign_count, const struct passkey_site *site, struct slice challenge,
                   struct slice public_key, const struct passkey_sent *sent, struct arena *arena,
                   struct err *err)
{
    struct slice client, data;
    struct authenticator a = { 0 };
    TRY(read_parts(&client, &data, sent, arena, err));
    TRY(check_client_data(site, "webauthn.get", challenge, client, arena, err));
    TRY(read_authenticator(&a, site, data, err));
    struct slice signature = passkey_bytes(sent->signature, arena);
    struct slice text = signed_text(data, client, arena);
    TRY(arena_check(arena, "the passkey", err));
    EVP_PKEY *key = read_key(public_key);
    if (!key) return bad(err, "public_key", "only P-256, Ed25519 and RSA keys are taken");
    bool good = signature.len > 0 && signature_is_good(key, signature, text);
    EVP_PKEY_free(key);
    if (!good) return bad(err, "signature", "it is not of this key");
    *ret_sign_count = a.sign_count;
    return 0;
}
