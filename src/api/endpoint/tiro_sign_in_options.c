/* POST /v1/tiro/sign_in/options: what a browser needs to sign in with a passkey. */
#include "api/people.h"

#include "api/reply.h"

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    unsigned char challenge[PASSKEY_CHALLENGE_BYTES];
    struct passkey_site site;
    struct buf out;
    struct json_writer w;
    TRY(people_keep_caller(call, err));
    TRY(people_site(&site, call, err));
    if (!people_may_try(call, &attempts_of_address, call->caller.address)) return 0;
    people_challenge(call->service->people, challenge, SLICE(""));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "challenge");
    json_slice(&w,
               passkey_text((struct slice){ (char *)challenge, sizeof challenge }, call->arena));
    json_key(&w, "site");
    json_slice(&w, site.rp_id);
    json_object_end(&w);
    call->ops->header(call, "Cache-Control", "no-store");
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static const struct field response[] = {
    ANSWER("challenge", STRING, .help = "base64url; good once, for five minutes."),
    ANSWER("site", STRING, .help = "The host name whose passkeys are good here."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_sign_in_options = {
    .method = "POST",
    .path = "/v1/tiro/sign_in/options",
    .open = true,
    .handle = handle,
    .name = "SignInOptions",
    .tag = "People",
    .summary = "What a browser needs to sign in with a passkey.",
    .response = response,
};
