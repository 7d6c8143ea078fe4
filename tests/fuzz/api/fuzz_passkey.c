/* Whatever a browser may send as a passkey: the parts stand behind each other with a line end
 * between. Nothing without the private key becomes a session. */
#include "api/passkey.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_MAX = 1 << 20 };

/* A P-256 key whose private part nobody has. */
static const char public_key[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9ZJgLQ5LWN8EtlQ2u648YOfGmEgOCRh3BN2mLajs9O_"
    "zReklPVQ5ur9ups6MjlgTQM6CUkcbBn_Ir0-UZoYi3w";

static struct slice next(struct slice *rest)
{
    size_t end = slice_find(*rest, SLICE("\n"));
    struct slice part = { rest->ptr, end };
    size_t step = end < rest->len ? end + 1 : end;
    *rest = (struct slice){ rest->ptr + step, rest->len - step };
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct passkey_site site = { SLICE("chat.example"),
                                              SLICE("https://chat.example") };
    struct slice rest = { (const char *)data, size };
    struct passkey_sent sent = { .client_data = next(&rest), .authenticator_data = next(&rest) };
    struct passkey_made made = { .sign_count = -1 };
    struct arena arena;
    struct err err = { 0 };
    int64_t count;
    sent.public_key = sent.signature = next(&rest);
    arena_init(&arena, ARENA_MAX);
    struct slice challenge = passkey_bytes(next(&rest), &arena);
    if (passkey_read_new(&made, &site, challenge, &sent, &arena, &err) == 0) {
        if (made.credential.len == 0 || made.public_key.len == 0 || made.sign_count < 0) abort();
    } else if (!err.text[0]) {
        abort();
    }
    struct slice key = passkey_bytes(slice_of(public_key), &arena);
    if (passkey_verify(&count, &site, challenge, key, &sent, &arena, &err) == 0) abort();
    arena_release(&arena);
    return 0;
}
