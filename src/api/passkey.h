/* passkey - what a browser says of a passkey, checked (Web Authentication, level 2).
 *
 *     struct passkey_site site = { .rp_id = "chat.example", .origin = "https://chat.example" };
 *     TRY(passkey_read_new(&made, &site, challenge, &sent, &arena, err));  made.public_key is kept
 *     TRY(passkey_verify(&count, &site, challenge, public_key, &said, err));
 *
 * Keys are read and signatures verified by OpenSSL's libcrypto: ECDSA on P-256, Ed25519, RSA. No
 * attestation is asked for, so a new key comes as the browser's SubjectPublicKeyInfo: nothing would
 * vouch for the one inside of the authenticator's CBOR either (docs/decisions/0030).
 *
 * Any bytes may come in; -ERR_INVALID_VALUE says which part was wrong.
 */
#ifndef TIRO_API_PASSKEY_H
#define TIRO_API_PASSKEY_H

#include "base/arena.h"

enum {
    PASSKEY_CHALLENGE_BYTES = 32,
    PASSKEY_ID_MAX = 1023,   /* bytes of a credential id */
    PASSKEY_TEXT_MAX = 8192, /* of what a browser sends, each part as base64url */
};

struct passkey_site {
    struct slice rp_id;  /* the host name without a port */
    struct slice origin; /* "https://chat.example" */
};

/* As the browser sends it: base64url. */
struct passkey_sent {
    struct slice client_data, authenticator_data;
    struct slice public_key; /* of a new one */
    struct slice signature;  /* of one that signs in */
};

struct passkey_made {
    struct slice credential; /* base64url */
    struct slice public_key; /* DER */
    int64_t sign_count;
};

int passkey_read_new(struct passkey_made *ret, const struct passkey_site *site,
                     struct slice challenge, const struct passkey_sent *sent, struct arena *arena,
                     struct err *err) MUST_USE;
int passkey_verify(int64_t *ret_sign_count, const struct passkey_site *site, struct slice challenge,
                   struct slice public_key, const struct passkey_sent *sent, struct arena *arena,
                   struct err *err) MUST_USE;
/* Whether the site can have passkeys: a name, not an address, reached in a secure context. */
bool passkey_site_can(const struct passkey_site *site);

/* URL-safe base64 without padding; ret->ptr NULL: it is none, or no memory. */
struct slice passkey_bytes(struct slice text, struct arena *arena);
struct slice passkey_text(struct slice bytes, struct arena *arena);

#endif
