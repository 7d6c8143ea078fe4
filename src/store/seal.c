#include "store/seal.h"

#include "base/seam.h"

#include <sodium.h>
#include <stdio.h>

enum {
    PATH_MAX_LEN = 4200,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

int seal_open_key(struct seal_key *ret, const char *data_dir, struct err *err)
{
    char path[PATH_MAX_LEN];
    char *bytes;
    size_t len;
    int n = snprintf(path, sizeof path, "%s/seal.key", data_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ERR_LIMIT, "the data directory's path is too long");
    int rc = file_read_all(&bytes, &len, path, SEAL_KEY_BYTES, err);
    if (rc == -ERR_NOT_FOUND) {
        random_bytes_fill(ret->bytes, sizeof ret->bytes);
        return file_replace(path, ret->bytes, sizeof ret->bytes, 0600, err);
    }
    if (rc < 0) return rc;
    if (len == SEAL_KEY_BYTES) memcpy(ret->bytes, bytes, len);
    mem_free(bytes);
    if (len == SEAL_KEY_BYTES) return 0;
    return err_set(err, ERR_FORMAT, "%s holds %zu bytes; a key has %d", path, len, SEAL_KEY_BYTES);
}

static int too_long(struct err *err)
{
    return err_set(err, ERR_LIMIT, "the text to seal has more than %d bytes", SEAL_TEXT_MAX);
}

int seal_close(struct slice *ret, const struct seal_key *key, struct slice context,
               struct slice plain, struct arena *arena, struct err *err)
{
    if (plain.len > SEAL_TEXT_MAX) return too_long(err);
    unsigned char *raw = arena_alloc(arena, NONCE + plain.len + TAG);
    size_t size = sodium_base64_ENCODED_LEN(NONCE + plain.len + TAG, VARIANT);
    char *text = arena_alloc(arena, size);
    if (!raw || !text) return arena_check(arena, "the sealed text", err);
    random_bytes_fill(raw, NONCE);
    unsigned long long len;
    int rc = crypto_aead_xchacha20poly1305_ietf_encrypt(
        raw + NONCE, &len, (const unsigned char *)plain.ptr, plain.len,
        (const unsigned char *)context.ptr, context.len, NULL, raw, key->bytes);
    if (rc != 0) return too_long(err);                                      /* Its only reason. */
    (void)sodium_bin2base64(text, size, raw, NONCE + (size_t)len, VARIANT); /* It has room. */
    *ret = (struct slice){ text, size - 1 };
    return 0;
}

static int not_ours(struct err *err)
{
    return err_set(err, ERR_INVALID_VALUE,
                   "The encrypted content could not be verified: it was changed, or another server "
                   "or project made it.");
}

int seal_open(struct slice *ret, const struct seal_key *key, struct slice context,
              struct slice sealed, struct arena *arena, struct err *err)
{
    if (sealed.len > sodium_base64_ENCODED_LEN(NONCE + SEAL_TEXT_MAX + TAG, VARIANT))
        return not_ours(err);
    unsigned char *raw = arena_alloc(arena, sealed.len + 1);
    char *plain = arena_alloc(arena, sealed.len + 1);
    if (!raw || !plain) return arena_check(arena, "the sealed text", err);
    size_t n;
    const char *end;
    unsigned long long len;
    if (!slice_is_ascii(sealed) ||
        sodium_base642bin(raw, sealed.len, sealed.ptr, sealed.len, NULL, &n, &end, VARIANT) != 0 ||
        end != sealed.ptr + sealed.len || n < NONCE + TAG)
        return not_ours(err);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)plain, &len, NULL, raw + NONCE,
                                                   n - NONCE, (const unsigned char *)context.ptr,
                                                   context.len, raw, key->bytes) != 0)
        return not_ours(err);
    *ret = (struct slice){ plain, (size_t)len };
    return 0;
}
