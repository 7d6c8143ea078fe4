/* search - what is near these queries in one vector store. */
#include "proto/value.h"

static const struct message_field query_fields[] = {
    MSG_FIELD(struct msg_search_query, 1, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_search_query, 2, MT_STR, vector, .max = MSG_DIMENSIONS_MAX * 4),
    MSG_FIELDS_END,
};

static const struct message_record query_record = {
    .name = "query",
    .size = sizeof(struct msg_search_query),
    .fields = query_fields,
};

static const struct message_field step_fields[] = {
    MSG_FIELD(struct msg_filter_step, 1, MT_U32, op, .max = MSG_FILTER_OPS - 1),
    MSG_FIELD(struct msg_filter_step, 2, MT_STR, key, .max = MSG_NAME_MAX),
    MSG_LIST(struct msg_filter_step, 3, MT_RECORDS, values, .max = MSG_FILTER_VALUES_MAX,
             .record = &msg_value_record),
    MSG_FIELD(struct msg_filter_step, 4, MT_U32, n_below, .max = MSG_FILTER_STEPS_MAX),
    MSG_FIELDS_END,
};

static const struct message_record step_record = {
    .name = "filter step",
    .size = sizeof(struct msg_filter_step),
    .fields = step_fields,
};

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_search, 1, MT_U64, id),
    MSG_FIELD(struct msg_search, 2, MT_U64, store),
    MSG_FIELD(struct msg_search, 3, MT_U32, dimensions, .max = MSG_DIMENSIONS_MAX),
    MSG_LIST(struct msg_search, 4, MT_RECORDS, queries, .max = MSG_SEARCH_QUERIES_MAX,
             .record = &query_record),
    MSG_LIST(struct msg_search, 5, MT_RECORDS, filter, .max = MSG_FILTER_STEPS_MAX,
             .record = &step_record),
    MSG_FIELD(struct msg_search, 6, MT_F64, vector_weight),
    MSG_FIELD(struct msg_search, 7, MT_F64, text_weight),
    MSG_FIELD(struct msg_search, 8, MT_F64, threshold),
    MSG_FIELD(struct msg_search, 9, MT_U32, n_max, .max = MSG_HITS_MAX),
    MSG_FIELDS_END,
};

const struct message message_search = {
    .kind = MSG_SEARCH,
    .version = 1,
    .record = { .name = "search", .size = sizeof(struct msg_search), .fields = fields },
};
