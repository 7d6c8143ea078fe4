#include "api/abc_report.h"

#include <inttypes.h>
#include <stdio.h>

static void write_text(struct json_writer *w, const char *name, const char *text)
{
    json_key(w, name);
    json_str(w, text[0] ? text : NULL);
}

static void write_issue(struct json_writer *w, const struct abc_issue *issue)
{
    json_object_begin(w);
    json_key(w, "kind");
    json_str(w, abc_issue_kind_name(issue->kind));
    json_member_uint(w, "line", issue->line);
    json_member_uint(w, "column", issue->column);
    json_key(w, "bar");
    if (issue->bar)
        json_uint(w, issue->bar);
    else
        json_null_value(w);
    write_text(w, "voice", issue->voice);
    json_key(w, "message");
    json_slice(w, slice_of(issue->text));
    json_object_end(w);
}

static void write_tune(struct json_writer *w, const struct abc_tune *tune)
{
    char metre[24] = "";
    if (tune->beat)
        (void)snprintf(metre, sizeof metre, "%" PRIu32 "/%" PRIu32, tune->beats,
                       tune->beat); /* It fits. */
    json_object_begin(w);
    json_member_uint(w, "line", tune->line);
    write_text(w, "title", tune->title);
    write_text(w, "rhythm", tune->rhythm);
    write_text(w, "metre", metre);
    json_key(w, "unit");
    if (tune->unit)
        json_uint(w, tune->unit);
    else
        json_null_value(w);
    write_text(w, "key", tune->key);
    json_member_uint(w, "bars", tune->bars);
    json_member_uint(w, "sections", tune->sections);
    json_member_uint(w, "voices", tune->voices);
    json_object_end(w);
}

void abc_report_write(struct json_writer *w, const struct abc_report *r)
{
    uint32_t n = r->n_tunes < ABC_TUNES_MAX ? r->n_tunes : ABC_TUNES_MAX;
    json_key(w, "ok");
    json_bool(w, r->n_issues == 0);
    json_member_uint(w, "tunes", r->n_tunes);
    json_member_uint(w, "voices", r->n_voices);
    json_member_uint(w, "bars", r->n_bars);
    json_member_uint(w, "notes", r->n_notes);
    json_key(w, "headers");
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++) write_tune(w, &r->tunes[i]);
    json_array_end(w);
    json_key(w, "issues");
    json_array_begin(w);
    for (uint32_t i = 0; i < r->n_issues; i++) write_issue(w, &r->issues[i]);
    json_array_end(w);
    json_member_uint(w, "issues_left_out", r->n_left_out);
}

static void tell_issue(struct buf *out, const struct abc_issue *issue)
{
    buf_printf(out, "line %" PRIu32 ", column %" PRIu32, issue->line, issue->column);
    if (issue->voice[0]) buf_printf(out, ", voice %s", issue->voice);
    if (issue->bar) buf_printf(out, ", bar %" PRIu32, issue->bar);
    buf_printf(out, ": %s\n", issue->text);
}

void abc_report_tell(struct buf *out, const struct abc_report *r)
{
    if (r->n_issues == 0) {
        buf_printf(out, "Nothing is wrong: all %" PRIu32 " bars add up.\n", r->n_bars);
        return;
    }
    for (uint32_t i = 0; i < r->n_issues; i++) tell_issue(out, &r->issues[i]);
    if (r->n_left_out) buf_printf(out, "and %" PRIu32 " more.\n", r->n_left_out);
}

const struct field abc_issue_fields[] = {
    ANSWER("kind", STRING, .help = "header, bar, length or syntax"),
    ANSWER("line", INT, .help = "Of the text, from 1."),
    ANSWER("column", INT, .help = "In bytes, from 1."),
    ANSWER("bar", INT, .nullable = true, .help = "Of its voice, from 1."),
    ANSWER("voice", STRING, .nullable = true, .help = "Where there are several."),
    ANSWER("message", STRING,
           .help = "What is wrong and what would be right, for a person or for the model that "
                   "mends it."),
    FIELDS_END,
};

static const struct field tune_fields[] = {
    ANSWER("line", INT, .help = "Where it begins, from 1."),
    ANSWER("title", STRING, .nullable = true, .help = "Its first T:, at most 120 bytes."),
    ANSWER("rhythm", STRING, .nullable = true, .help = "Its R:, like jig."),
    ANSWER("metre", STRING, .nullable = true, .help = "As 6/8, C as 4/4; null: free."),
    ANSWER("unit", INT, .nullable = true, .help = "A note without a length is 1/unit."),
    ANSWER("key", STRING, .nullable = true, .help = "In the shortest form, like Ador."),
    ANSWER("bars", INT, .help = "Of its longest voice."),
    ANSWER("sections", INT, .help = "Of that voice: between double bars and repeats."),
    ANSWER("voices", INT, .help = "With notes."),
    FIELDS_END,
};

const struct field abc_report_fields[] = {
    ANSWER("object", STRING, .help = "tiro.abc.check"),
    ANSWER("ok", BOOL, .help = "Nothing is wrong."),
    ANSWER("tunes", INT, .help = "How many there are."),
    ANSWER("voices", INT, .help = "With notes, of all tunes together."),
    ANSWER("bars", INT, .help = "With notes or rests."),
    ANSWER("notes", INT, .help = "Those of chords counted one by one."),
    ANSWER("headers", OBJECTS, .fields = tune_fields,
           .help = "What each of the first 16 tunes says of itself."),
    ANSWER("issues", OBJECTS, .fields = abc_issue_fields, .help = "In the order of the text."),
    ANSWER("issues_left_out", INT, .help = "Those beyond the first hundred."),
    FIELDS_END,
};
