#include "api/vector_object.h"

#include "api/runner.h"
#include "api/vector_files.h"
#include "api/vector_job.h"
#include "api/vector_values.h"
#include "base/json.h"

enum { DAYS_MAX = 365, DAY = 24 * 60 * 60 };

static const char *const statuses[] = { "in_progress", "completed", "failed", "cancelled", NULL };

/* ---- Requests ---- */

static const char *const anchors[] = { "last_active_at", NULL };

const struct field vector_expiry_fields[] = {
    FIELD_ENUM(struct vector_expiry_req, anchor, .required = true, .names = anchors,
               .help = "last_active_at: the time counts from the last use."),
    FIELD_INT(struct vector_expiry_req, days, .required = true, .range = { 1, DAYS_MAX },
              .help = "How many days later it expires."),
    FIELDS_END,
};

static const struct field static_fields[] = {
    FIELD_INT(struct vector_static_req, max_chunk_size_tokens, .required = true,
              .range = { CHUNK_TOKENS_MIN, CHUNK_TOKENS_MAX },
              .help = "The most tokens of a chunk, as the embedding model counts them."),
    FIELD_INT(struct vector_static_req, chunk_overlap_tokens, .required = true,
              .range = { 0, CHUNK_TOKENS_MAX / 2 },
              .help = "How many of them the next chunk has too; at most half."),
    FIELDS_END,
};

static const char *const chunkings[] = { "auto", "static", NULL };

const struct field vector_chunking_fields[] = {
    FIELD_ENUM(struct vector_chunking_req, type, .required = true, .names = chunkings,
               .help = "auto: 800 tokens of which 400 overlap, or as many as the embedding model "
                       "can read; static: as said."),
    { .name = "static",
      .kind = FIELD_KIND_OBJECT,
      .offset = offsetof(struct vector_chunking_req, fixed),
      .fields = static_fields,
      .size = sizeof(struct vector_static_req),
      .help = "Sizes; only with type static, and then required." },
    FIELDS_END,
};

/* The most tokens of a chunk that the model can read; 0: that is not known yet. */
static uint32_t room(struct service *service)
{
    struct err err;
    const char *id;
    if (vector_job_model(&id, service, &err) < 0) return 0;
    const struct backend_model *model = backend_find(service->backend, slice_of(id));
    return model ? model->n_ctx : 0;
}

int vector_chunking_fill(struct vector_file *ret, const struct vector_chunking_req *req,
                         const char *path, struct service *service, struct err *err)
{
    char inner[ERR_PARAM_MAX];
    ret->chunk_tokens = ret->overlap_tokens = 0;
    if (!req || (req->type.value == 0 && !req->fixed.given)) return 0;
    (void)snprintf(inner, sizeof inner, "%s.static", path); /* Cut is fine. */
    if (req->type.value == 0) return field_misplaced(inner, "auto", err);
    if (!req->fixed.given) return field_missing(inner, err);
    const struct vector_static_req *fixed = req->fixed.value;
    ret->chunk_tokens = fixed->max_chunk_size_tokens.value;
    ret->overlap_tokens = fixed->chunk_overlap_tokens.value;
    if (ret->overlap_tokens > ret->chunk_tokens / 2)
        return err_param(err, ERR_INVALID_VALUE, inner,
                         "Invalid '%s': chunk_overlap_tokens must not exceed half of "
                         "max_chunk_size_tokens: %lld is more than half of %lld.",
                         inner, (long long)ret->overlap_tokens, (long long)ret->chunk_tokens);
    uint32_t most = room(service);
    if (most && ret->chunk_tokens > most)
        return err_param(err, ERR_INTEGER_ABOVE_MAX, inner,
                         "Invalid '%s.max_chunk_size_tokens': the embedding model here reads at "
                         "most %u tokens at once, but got %lld.",
                         inner, most, (long long)ret->chunk_tokens);
    return 0;
}

const struct field vector_files_query[] = {
    FIELD_INCLUDE(struct vector_files_req, list, list_fields),
    FIELD_ENUM(struct vector_files_req, filter, .names = statuses,
               .help = "Only files in this state."),
    FIELDS_END,
};

/* ---- Objects ---- */

static void write_counts(struct json_writer *w, const struct vector_counts *counts)
{
    int64_t total = 0;
    json_key(w, "file_counts");
    json_object_begin(w);
    for (int i = 0; i < VECTOR_STATUSES; i++) {
        json_key(w, statuses[i]);
        json_int(w, counts->of[i]);
        total += counts->of[i];
    }
    json_key(w, "total");
    json_int(w, total);
    json_object_end(w);
}

static void write_head(struct json_writer *w, struct slice id, const char *object, int64_t created)
{
    json_object_begin(w);
    json_key(w, "id");
    json_slice(w, id);
    json_key(w, "object");
    json_str(w, object);
    json_key(w, "created_at");
    json_int(w, created);
}

static void write_expiry(struct json_writer *w, const struct vector_store *s)
{
    json_key(w, "expires_at");
    if (!s->expires_days) {
        json_null_value(w);
        return;
    }
    json_int(w, s->last_active_at + s->expires_days * DAY);
    json_key(w, "expires_after");
    json_object_begin(w);
    json_key(w, "anchor");
    json_str(w, anchors[0]);
    json_key(w, "days");
    json_int(w, s->expires_days);
    json_object_end(w);
}

void vector_store_write(struct json_writer *w, const struct vector_store *s)
{
    bool busy = s->counts.of[VECTOR_IN_PROGRESS] > 0;
    write_head(w, s->id, "vector_store", s->created_at);
    json_key(w, "name");
    json_slice(w, s->name);
    if (s->description.ptr) {
        json_key(w, "description");
        json_slice(w, s->description);
    }
    json_key(w, "usage_bytes");
    json_int(w, s->usage_bytes);
    write_counts(w, &s->counts);
    json_key(w, "status");
    json_str(w, s->expired ? "expired" : busy ? "in_progress" : "completed");
    write_expiry(w, s);
    json_key(w, "last_active_at");
    json_int(w, s->last_active_at);
    json_key(w, "metadata");
    json_raw(w, s->metadata);
    json_object_end(w);
}

static void write_chunking(struct json_writer *w, const struct vector_file *f)
{
    json_key(w, "chunking_strategy");
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, f->chunk_tokens ? "static" : "other");
    if (f->chunk_tokens) {
        json_key(w, "static");
        json_object_begin(w);
        json_key(w, "max_chunk_size_tokens");
        json_int(w, f->chunk_tokens);
        json_key(w, "chunk_overlap_tokens");
        json_int(w, f->overlap_tokens);
        json_object_end(w);
    }
    json_object_end(w);
}

void vector_file_write(struct json_writer *w, const struct vector_file *f,
                       const struct vector_store *store)
{
    write_head(w, f->id, "vector_store.file", f->created_at);
    json_key(w, "vector_store_id");
    json_slice(w, store->id);
    json_key(w, "usage_bytes");
    json_int(w, f->usage_bytes);
    json_key(w, "status");
    json_str(w, statuses[f->status]);
    json_key(w, "last_error");
    if (f->error_code.ptr) {
        json_object_begin(w);
        json_key(w, "code");
        json_slice(w, f->error_code);
        json_key(w, "message");
        json_slice(w, f->error_text);
        json_object_end(w);
    } else {
        json_null_value(w);
    }
    write_chunking(w, f);
    json_key(w, "attributes");
    json_raw(w, f->attributes);
    json_object_end(w);
}

static const char *batch_status(const struct vector_batch *b)
{
    const int64_t *n = b->counts.of;
    if (n[VECTOR_IN_PROGRESS] > 0) return statuses[VECTOR_IN_PROGRESS];
    if (b->cancelled) return statuses[VECTOR_CANCELLED];
    bool all_failed = n[VECTOR_FAILED] > 0 && n[VECTOR_COMPLETED] + n[VECTOR_CANCELLED] == 0;
    return statuses[all_failed ? VECTOR_FAILED : VECTOR_COMPLETED];
}

void vector_batch_write(struct json_writer *w, const struct vector_batch *b,
                        const struct vector_store *store)
{
    write_head(w, b->id, "vector_store.files_batch", b->created_at);
    json_key(w, "vector_store_id");
    json_slice(w, store->id);
    json_key(w, "status");
    json_str(w, batch_status(b));
    write_counts(w, &b->counts);
    json_object_end(w);
}

/* ---- The tables of the documents ---- */

static const char *const store_statuses[] = { "expired", "in_progress", "completed", NULL };
static const char *const store_objects[] = { "vector_store", NULL };
static const char *const file_objects[] = { "vector_store.file", NULL };
static const char *const batch_objects[] = { "vector_store.files_batch", NULL };
static const char *const list_objects[] = { "list", NULL };
static const char *const chunking_types[] = { "static", "other", NULL };
static const char *const error_codes[] = { "server_error", "unsupported_file", "invalid_file",
                                           NULL };

static const struct field counts_answer[] = {
    ANSWER("in_progress", INT, .help = "Being read, cut and embedded."),
    ANSWER("completed", INT, .help = "Can be found."),
    ANSWER("failed", INT, .help = "Cannot; their last_error says why."),
    ANSWER("cancelled", INT, .help = "Were stopped."),
    ANSWER("total", INT, .help = "All of them."),
    FIELDS_END,
};

static const struct field expiry_answer[] = {
    ANSWER("anchor", ENUM, .names = anchors, .help = "last_active_at"),
    ANSWER("days", INT, .help = "After the last use."),
    FIELDS_END,
};

const struct field vector_store_answer[] = {
    ANSWER("id", STRING, .help = "What it is called in other requests."),
    ANSWER("object", ENUM, .names = store_objects, .help = "vector_store"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("name", STRING, .help = "As it was given, or empty."),
    ANSWER_MAYBE("description", STRING, .extension = true, .help = "As it was given."),
    ANSWER("usage_bytes", INT, .help = "What its files take: texts and vectors."),
    ANSWER("file_counts", OBJECT, .fields = counts_answer, .help = "Its files by their state."),
    ANSWER("status", ENUM, .names = store_statuses,
           .help = "completed: all that is in it can be found."),
    ANSWER("expires_at", INT, .nullable = true, .help = "Unix seconds; null: never."),
    ANSWER_MAYBE("expires_after", OBJECT, .fields = expiry_answer, .help = "How that is counted."),
    ANSWER("last_active_at", INT, .help = "When it was last searched or changed; Unix seconds."),
    ANSWER("metadata", JSON, .schema = vector_metadata_schema, .help = "As it was given."),
    FIELDS_END,
};

static const struct field error_answer[] = {
    ANSWER("code", ENUM, .names = error_codes, .help = "Whose fault it is."),
    ANSWER("message", STRING, .help = "What was wrong."),
    FIELDS_END,
};

static const struct field static_answer[] = {
    ANSWER("max_chunk_size_tokens", INT, .help = "The most tokens of a chunk."),
    ANSWER("chunk_overlap_tokens", INT, .help = "How many two neighbours share."),
    FIELDS_END,
};

static const struct field chunking_answer[] = {
    ANSWER("type", ENUM, .names = chunking_types, .help = "other: it is not known yet."),
    ANSWER_MAYBE("static", OBJECT, .fields = static_answer, .help = "The sizes."),
    FIELDS_END,
};

const struct field vector_file_answer[] = {
    ANSWER("id", STRING, .help = "Of the file."),
    ANSWER("object", ENUM, .names = file_objects, .help = "vector_store.file"),
    ANSWER("created_at", INT, .help = "When it was attached; Unix seconds."),
    ANSWER("vector_store_id", STRING, .help = "Whose it is."),
    ANSWER("usage_bytes", INT, .help = "What its chunks take: texts and vectors."),
    ANSWER("status", ENUM, .names = statuses, .help = "completed: it can be found."),
    ANSWER("last_error", OBJECT, .nullable = true, .fields = error_answer,
           .help = "Why it failed."),
    ANSWER("chunking_strategy", OBJECT, .fields = chunking_answer, .help = "How it is cut."),
    ANSWER("attributes", JSON, .schema = vector_attributes_schema, .help = "As they were given."),
    FIELDS_END,
};

const struct field vector_batch_answer[] = {
    ANSWER("id", STRING, .help = "What it is called in other requests."),
    ANSWER("object", ENUM, .names = batch_objects, .help = "vector_store.files_batch"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("vector_store_id", STRING, .help = "Whose it is."),
    ANSWER("status", ENUM, .names = statuses, .help = "completed: none is in progress."),
    ANSWER("file_counts", OBJECT, .fields = counts_answer, .help = "Its files by their state."),
    FIELDS_END,
};

const struct field vector_deleted_answer[] = {
    ANSWER("id", STRING, .help = "Of what was deleted."),
    ANSWER("object", STRING, .help = "vector_store.deleted or vector_store.file.deleted"),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};

#define LIST_ANSWER(of)                                                                        \
    {                                                                                          \
        ANSWER("object", ENUM, .names = list_objects, .help = "list"),                         \
            ANSWER("data", OBJECTS, .fields = (of), .help = "The page."),                      \
            ANSWER("first_id", STRING, .nullable = true, .help = "Of the page's first."),      \
            ANSWER("last_id", STRING, .nullable = true, .help = "Of its last: `after` next."), \
            ANSWER("has_more", BOOL, .help = "Whether another page follows."), FIELDS_END,     \
    }

const struct field vector_stores_answer[] = LIST_ANSWER(vector_store_answer);
const struct field vector_files_answer[] = LIST_ANSWER(vector_file_answer);
