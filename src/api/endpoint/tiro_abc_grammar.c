/* POST /v1/tiro/abc/grammar: what an answer is held to so that it is a tune whose bars add up. */
#include "api/endpoint.h"
#include "api/reply.h"
#include "music/abc_grammar.h"

#include <stdio.h>

enum { METRE_BYTES_MAX = 16 };

struct abc_grammar_req {
    struct field_string metre, title, rhythm;
    struct field_strings keys;
    struct field_int unit, shortest, bars_min, bars_max, parts_min, parts_max;
    struct field_bool plain, symbols, fence;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD_STRING(struct abc_grammar_req, metre, .len_min = 1, .len_max = METRE_BYTES_MAX,
                 .help = "Like 4/4, 6/8, C or C|; without it 4/4."),
    FIELD_INT(struct abc_grammar_req, unit, .range = { 1, ABC_NOTE_MAX },
              .help = "A note without a length is 1/unit, a power of two; without it, what the "
                      "standard says for this metre."),
    FIELD_INT(struct abc_grammar_req, shortest, .range = { 1, ABC_NOTE_MAX },
              .help = "The shortest note is 1/shortest: the unit, half or a quarter of it; without "
                      "it, half a unit."),
    FIELD_STRINGS(struct abc_grammar_req, keys, .len_max = 15, .item_len_max = 12,
                  .help = "Keys to choose from, like G, Em or Ador; without them, any with up to "
                          "seven accidentals."),
    FIELD_STRING(struct abc_grammar_req, title, .len_min = 1, .len_max = ABC_LINE_MAX,
                 .help = "The title; without it the model writes one. A line without % and \\."),
    FIELD_STRING(struct abc_grammar_req, rhythm, .len_min = 1, .len_max = ABC_LINE_MAX,
                 .help = "What R: says, like jig; without it the model may say something or not."),
    FIELD_INT(struct abc_grammar_req, bars_min, .range = { 1, ABC_BARS_MAX },
              .help = "The fewest bars of each part; without it 4, or bars_max when that is less."),
    FIELD_INT(struct abc_grammar_req, bars_max, .range = { 1, ABC_BARS_MAX },
              .help = "The most bars of each part; without it 16, or bars_min when that is more."),
    FIELD_INT(struct abc_grammar_req, parts_min, .range = { 1, ABC_PARTS_MAX }, .def = "1",
              .help = "The fewest parts."),
    FIELD_INT(struct abc_grammar_req, parts_max, .range = { 1, ABC_PARTS_MAX },
              .help = "The most parts; without it 4, or parts_min when that is more."),
    FIELD_BOOL(struct abc_grammar_req, plain, .def = "false",
               .help = "Notes, rests and bar lines only: no repeats, chords, tuplets, slurs, ties "
                       "or ornaments."),
    FIELD_BOOL(struct abc_grammar_req, symbols, .def = "false",
               .help = "Chord symbols (\"Am\") may stand before notes."),
    FIELD_BOOL(struct abc_grammar_req, fence, .def = "false",
               .help = "The answer is a block of code in Markdown, of the language abc."),
    FIELDS_END,
};
/* clang-format on */

static const char *text_of(struct call *call, const struct field_string *s)
{
    return s->given ? arena_strndup(call->scratch, s->value.ptr, s->value.len) : NULL;
}

static int fill_keys(const char **ret, struct call *call, const struct field_strings *keys,
                     struct err *err)
{
    struct buf list;
    struct slice text;
    buf_init(&list, 4 * ABC_KEYS_MAX);
    for (size_t i = 0; i < keys->n; i++) {
        struct slice key = keys->items[i];
        if (slice_find(key, SLICE(",")) < key.len) {
            buf_release(&list);
            return err_param(err, ERR_INVALID_VALUE, "keys",
                             "Invalid 'keys': '%.*s' is more than one key.", SLICE_FMT(key));
        }
        if (i) buf_add_char(&list, ',');
        buf_add_slice(&list, key);
    }
    TRY(field_keep_text(&text, &list, call->scratch, err));
    *ret = keys->n ? arena_strndup(call->scratch, text.ptr, text.len) : NULL;
    return arena_check(call->scratch, "the request", err);
}

static int fill(struct abc_options *ret, struct call *call, const struct abc_grammar_req *req,
                struct err *err)
{
    *ret = (struct abc_options){
        .metre = text_of(call, &req->metre),
        .title = text_of(call, &req->title),
        .rhythm = text_of(call, &req->rhythm),
        .unit = (int)req->unit.value,
        .shortest = (int)req->shortest.value,
        .bars_min = (int)req->bars_min.value,
        .bars_max = (int)req->bars_max.value,
        .parts_min = (int)req->parts_min.value,
        .parts_max = (int)req->parts_max.value,
        .plain = req->plain.value,
        .symbols = req->symbols.value,
        .fence = req->fence.value,
    };
    return fill_keys(&ret->keys, call, &req->keys, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    struct abc_options options;
    struct buf grammar, out;
    struct json_writer w;
    TRY(fill(&options, call, request, err));
    buf_init(&grammar, ABC_GRAMMAR_MAX);
    int rc = abc_grammar(&grammar, &options, err);
    /* Half of what it may have: then it is no limit that it ran into. */
    if (rc < 0 && grammar.failed && grammar.len < ABC_GRAMMAR_MAX / 2)
        rc = err_set(err, ERR_NO_MEMORY, "There is no memory for the grammar.");
    if (rc == 0) {
        buf_init(&out, REPLY_BYTES_MAX);
        json_writer_init(&w, &out);
        json_object_begin(&w);
        json_key(&w, "object");
        json_str(&w, "tiro.abc.grammar");
        json_key(&w, "grammar");
        json_slice(&w, buf_slice(&grammar));
        json_object_end(&w);
        call_json(call, &out);
        buf_release(&out);
    }
    buf_release(&grammar);
    return rc;
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.abc.grammar"),
    ANSWER("grammar", STRING,
           .help = "For structured_outputs.grammar; docs/grammar-language.md is its language."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_abc_grammar = {
    .method = "POST",
    .path = "/v1/tiro/abc/grammar",
    .fields = fields,
    .size = sizeof(struct abc_grammar_req),
    .handle = handle,
    .name = "AbcGrammar",
    .tag = "Music",
    .summary = "Writes a grammar of tunes in ABC notation whose bars add up, to hold an answer to.",
    .response = response,
};
