/* index - a change of the index of one vector store: chunks that have come, files that have come,
 * changed or gone. */
#include "proto/value.h"

static const struct message_field chunk_fields[] = {
    MSG_FIELD(struct msg_index_chunk, 1, MT_U64, file),
    MSG_FIELD(struct msg_index_chunk, 2, MT_U32, number),
    MSG_FIELD(struct msg_index_chunk, 3, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_index_chunk, 4, MT_STR, vector, .max = MSG_DIMENSIONS_MAX * 4),
    MSG_FIELDS_END,
};

static const struct message_record chunk_record = {
    .name = "chunk",
    .size = sizeof(struct msg_index_chunk),
    .fields = chunk_fields,
};

static const struct message_field attribute_fields[] = {
    MSG_FIELD(struct msg_attribute, 1, MT_STR, key, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_attribute, 2, MT_RECORD, value, .record = &msg_value_record),
    MSG_FIELDS_END,
};

static const struct message_record attribute_record = {
    .name = "attribute",
    .size = sizeof(struct msg_attribute),
    .fields = attribute_fields,
};

static const struct message_field file_fields[] = {
    MSG_FIELD(struct msg_index_file, 1, MT_U64, file),
    MSG_FIELD(struct msg_index_file, 2, MT_BOOL, visible),
    MSG_FIELD(struct msg_index_file, 3, MT_BOOL, gone),
    MSG_LIST(struct msg_index_file, 4, MT_RECORDS, attributes, .max = MSG_ATTRIBUTES_MAX,
             .record = &attribute_record),
    MSG_FIELDS_END,
};

static const struct message_record file_record = {
    .name = "file",
    .size = sizeof(struct msg_index_file),
    .fields = file_fields,
};

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_index, 1, MT_U64, id),
    MSG_FIELD(struct msg_index, 2, MT_U64, store),
    MSG_FIELD(struct msg_index, 3, MT_BOOL, empty),
    MSG_FIELD(struct msg_index, 4, MT_U32, dimensions, .max = MSG_DIMENSIONS_MAX),
    MSG_LIST(struct msg_index, 5, MT_RECORDS, chunks, .max = MSG_INDEX_CHUNKS_MAX,
             .record = &chunk_record),
    MSG_LIST(struct msg_index, 6, MT_RECORDS, files, .max = MSG_INDEX_FILES_MAX,
             .record = &file_record),
    MSG_FIELDS_END,
};

const struct message message_index = {
    .kind = MSG_INDEX,
    .version = 1,
    .record = { .name = "index", .size = sizeof(struct msg_index), .fields = fields },
};
