#include "api/response_ids.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

enum { HASH_BYTES = 24, KEY_BYTES = 12 };

void response_id(char ret[RESPONSE_ID_MAX], const char *prefix, struct slice of,
                 enum response_id_use use, uint64_t number)
{
    unsigned char hash[HASH_BYTES], tail[KEY_BYTES];
    char hex[2 * HASH_BYTES + 1];
    crypto_generichash_state state;
    for (int i = 0; i < 4; i++) tail[i] = (unsigned char)((unsigned)use >> 8 * i);
    for (int i = 0; i < 8; i++) tail[4 + i] = (unsigned char)(number >> 8 * i);
    int rc = crypto_generichash_init(&state, NULL, 0, sizeof hash);
    rc |= crypto_generichash_update(&state, (const unsigned char *)of.ptr, of.len);
    rc |= crypto_generichash_update(&state, tail, sizeof tail);
    rc |= crypto_generichash_final(&state, hash, sizeof hash);
    assert(rc == 0); /* The sizes are libsodium's own. */
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    (void)snprintf(ret, RESPONSE_ID_MAX, "%.15s%s", prefix, hex);
}
