#include "api/batch_object.h"

static const char *const statuses[BATCH_STATUSES + 1] = {
    [BATCH_VALIDATING] = "validating",   [BATCH_FAILED] = "failed",
    [BATCH_IN_PROGRESS] = "in_progress", [BATCH_FINALIZING] = "finalizing",
    [BATCH_COMPLETED] = "completed",     [BATCH_EXPIRED] = "expired",
    [BATCH_CANCELLING] = "cancelling",   [BATCH_CANCELLED] = "cancelled",
};

const char *batch_status_name(enum batch_status status)
{
    return statuses[status];
}

/* The document does not know null for what is not there (yet). */
static void write_times(struct json_writer *w, const struct batch_row *row)
{
    static const char *const names[BATCH_STATUSES] = {
        [BATCH_VALIDATING] = "created_at",      [BATCH_FAILED] = "failed_at",
        [BATCH_IN_PROGRESS] = "in_progress_at", [BATCH_FINALIZING] = "finalizing_at",
        [BATCH_COMPLETED] = "completed_at",     [BATCH_EXPIRED] = "expired_at",
        [BATCH_CANCELLING] = "cancelling_at",   [BATCH_CANCELLED] = "cancelled_at",
    };
    for (int i = 0; i < BATCH_STATUSES; i++)
        if (row->at[i]) json_member_int(w, names[i], row->at[i]);
    json_member_int(w, "expires_at", row->expires_at);
}

static void write_errors(struct json_writer *w, const struct batch_row *row)
{
    if (!row->errors.len) return;
    json_key(w, "errors");
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "list");
    json_key(w, "data");
    json_array_begin(w);
    json_raw(w, row->errors);
    json_array_end(w);
    json_object_end(w);
}

static void write_counts(struct json_writer *w, const struct batch_row *row)
{
    bool ran = row->at[BATCH_IN_PROGRESS] != 0; /* Until then, lines were only counted. */
    json_key(w, "request_counts");
    json_object_begin(w);
    json_member_int(w, "total", ran ? row->n_total : 0);
    json_member_int(w, "completed", ran ? row->n_completed : 0);
    json_member_int(w, "failed", ran ? row->n_failed : 0);
    json_object_end(w);
}

static void write_usage(struct json_writer *w, const struct batch_row *row)
{
    json_key(w, "usage");
    json_object_begin(w);
    json_member_int(w, "input_tokens", (int64_t)row->prompt_tokens);
    json_key(w, "input_tokens_details");
    json_object_begin(w);
    json_member_int(w, "cached_tokens", (int64_t)row->cached_tokens);
    json_object_end(w);
    json_member_int(w, "output_tokens", (int64_t)row->completion_tokens);
    json_key(w, "output_tokens_details");
    json_object_begin(w);
    json_member_int(w, "reasoning_tokens", (int64_t)row->reasoning_tokens);
    json_object_end(w);
    json_member_int(w, "total_tokens", (int64_t)(row->prompt_tokens + row->completion_tokens));
    json_object_end(w);
}

void batch_object_write(struct json_writer *w, const struct batch_row *row)
{
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("batch"));
    json_member_slice(w, "endpoint", row->endpoint);
    if (row->model.len) json_member_slice(w, "model", row->model);
    write_errors(w, row);
    json_member_slice(w, "input_file_id", row->input_file_id);
    json_member_slice(w, "completion_window", SLICE("24h"));
    json_member_slice(w, "status", slice_of(statuses[row->status]));
    if (row->output_file_id.ptr) json_member_slice(w, "output_file_id", row->output_file_id);
    if (row->error_file_id.ptr) json_member_slice(w, "error_file_id", row->error_file_id);
    write_times(w, row);
    write_counts(w, row);
    write_usage(w, row);
    json_key(w, "metadata");
    json_raw(w, row->metadata);
    json_object_end(w);
}

int batch_object_text(struct slice *ret, const struct batch_row *row, struct arena *arena,
                      struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, FIELD_TEXT_MAX);
    json_writer_init(&w, &out);
    batch_object_write(&w, row);
    return field_keep_text(ret, &out, arena, err);
}

/* ---- For the documents ---- */

static const struct field error_answer[] = {
    ANSWER("code", STRING, .help = "invalid_json_line, duplicate_custom_id, url_mismatch ..."),
    ANSWER("message", STRING, .help = "What is wrong, and what would be right."),
    ANSWER("param", STRING, .nullable = true, .help = "The field."),
    ANSWER("line", INT, .nullable = true, .help = "Of the input file, from 1."),
    FIELDS_END,
};

static const struct field errors_answer[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = error_answer, .help = "The first hundred."),
    FIELDS_END,
};

static const struct field counts_answer[] = {
    ANSWER("total", INT, .help = "Lines; 0 until the file has been validated."),
    ANSWER("completed", INT, .help = "With an answer of status 200."),
    ANSWER("failed", INT, .help = "With another one, or that never ran."),
    FIELDS_END,
};

static const struct field input_details_answer[] = {
    ANSWER("cached_tokens", INT, .help = "Of these, found in the prefix cache."),
    FIELDS_END,
};

static const struct field output_details_answer[] = {
    ANSWER("reasoning_tokens", INT, .help = "Of these, thought before the answer."),
    FIELDS_END,
};

static const struct field usage_rows[] = {
    ANSWER("input_tokens", INT, .help = "Tokens read."),
    ANSWER("input_tokens_details", OBJECT, .fields = input_details_answer, .help = "Shares."),
    ANSWER("output_tokens", INT, .help = "Tokens made."),
    ANSWER("output_tokens_details", OBJECT, .fields = output_details_answer, .help = "Shares."),
    ANSWER("total_tokens", INT, .help = "The sum."),
    FIELDS_END,
};

const struct field batch_answer[] = {
    ANSWER("id", STRING, .help = "batch_ and a random word."),
    ANSWER("object", STRING, .help = "batch"),
    ANSWER("endpoint", STRING, .help = "Of all its lines."),
    ANSWER_MAYBE("model", STRING, .help = "Of all its lines."),
    ANSWER_MAYBE("errors", OBJECT, .fields = errors_answer, .help = "Why validation failed."),
    ANSWER("input_file_id", STRING, .help = "The file of requests."),
    ANSWER("completion_window", STRING, .help = "24h"),
    ANSWER("status", ENUM, .names = statuses, .help = "Where it is."),
    ANSWER_MAYBE("output_file_id", STRING, .help = "Of the answers, when it is over."),
    ANSWER_MAYBE("error_file_id", STRING, .help = "Of the lines that failed, likewise."),
    ANSWER("created_at", INT, .help = "Unix seconds, as all of these."),
    ANSWER_MAYBE("failed_at", INT, .help = "When validation failed."),
    ANSWER_MAYBE("in_progress_at", INT, .help = "When its lines began to run."),
    ANSWER_MAYBE("finalizing_at", INT, .help = "When its files began to be written."),
    ANSWER_MAYBE("completed_at", INT, .help = "When they were there."),
    ANSWER_MAYBE("expired_at", INT, .help = "Likewise, with lines that had not run in time."),
    ANSWER_MAYBE("cancelling_at", INT, .help = "When its end was asked for."),
    ANSWER_MAYBE("cancelled_at", INT, .help = "When it had ended."),
    ANSWER("expires_at", INT, .help = "When its window closes."),
    ANSWER("request_counts", OBJECT, .fields = counts_answer, .help = "Lines."),
    ANSWER("usage", OBJECT, .fields = usage_rows, .help = "Tokens of its lines so far."),
    ANSWER("metadata", JSON, .schema = "{\"type\":\"object\"}", .help = "As it was given."),
    FIELDS_END,
};
