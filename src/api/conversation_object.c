#include "api/conversation_object.h"

#include "api/metadata.h"
#include "api/reply.h"

void conversation_object_answer(struct call *call, const struct conversation_row *row)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_slice(&w, row->id);
    json_key(&w, "object");
    json_str(&w, "conversation");
    json_key(&w, "created_at");
    json_int(&w, row->created_at);
    json_key(&w, "metadata");
    json_raw(&w, row->metadata);
    json_object_end(&w);
    call_json(call, &out);
    buf_release(&out);
}

const struct field conversation_answer[] = {
    ANSWER("id", STRING, .help = "conv_..."),
    ANSWER("object", STRING, .help = "conversation"),
    ANSWER("created_at", INT, .help = "Seconds since 1970."),
    ANSWER("metadata", JSON, .schema = metadata_schema, .help = "Your labels."),
    FIELDS_END,
};
