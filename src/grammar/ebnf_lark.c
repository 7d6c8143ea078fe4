/* Lark's directives: %import of common terminals; the others are refused by name. */
#include "grammar/ebnf_reader.h"
#include "grammar/regex.h"

/* What `%import common.NAME` stands for. */
static const struct {
    const char *name, *pattern;
} common[] = {
    { "CNAME", "[A-Za-z_][A-Za-z0-9_]*" },
    { "CPP_COMMENT", "\\/\\/[^\\n]*" },
    { "CR", "\\r" },
    { "C_COMMENT", "\\/\\*(?:[^*]|\\*+[^*\\/])*\\*+\\/" },
    { "DECIMAL", "[0-9]+\\.[0-9]*|\\.[0-9]+" },
    { "DIGIT", "[0-9]" },
    { "ESCAPED_STRING", "\"(?:[^\"\\\\\\n]|\\\\[^\\n])*\"" },
    { "FLOAT", "[0-9]+[eE][-+]?[0-9]+|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?" },
    { "HEXDIGIT", "[0-9A-Fa-f]" },
    { "INT", "[0-9]+" },
    { "LCASE_LETTER", "[a-z]" },
    { "LETTER", "[A-Za-z]" },
    { "LF", "\\n" },
    { "NEWLINE", "(?:\\r?\\n)+" },
    { "NUMBER", "(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?" },
    { "PYTHON_COMMENT", "#[^\\n]*" },
    { "SH_COMMENT", "#[^\\n]*" },
    { "SIGNED_FLOAT",
      "[-+]?(?:[0-9]+[eE][-+]?[0-9]+|(?:[0-9]+\\.[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?)" },
    { "SIGNED_INT", "[-+]?[0-9]+" },
    { "SIGNED_NUMBER", "[-+]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][-+]?[0-9]+)?" },
    { "SQL_COMMENT", "--[^\\n]*" },
    { "UCASE_LETTER", "[A-Z]" },
    { "WORD", "[A-Za-z]+" },
    { "WS", "[ \\t\\f\\r\\n]+" },
    { "WS_INLINE", "[ \\t]+" },
};

static int import_one(struct ebnf *e, struct slice name, struct slice as, size_t at)
{
    int32_t rule;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (!slice_is(name, common[i].name)) continue;
        TRY(ebnf_find_rule(e, &rule, as));
        TRY(ebnf_define(e, rule, at));
        int32_t node = regex_write(e->b, slice_of(common[i].pattern),
                                   &(struct regex_options){ .whole = true, .json = e->json },
                                   e->err);
        if (node < 0) return node;
        grammar_rule_set(e->b, e->rules.at[rule].rule, node);
        return 0;
    }
    return ebnf_bad(e, at, "there is no common.%.*s here; define the terminal in the grammar",
                    (int)(name.len < 60 ? name.len : 60), name.ptr);
}

/* The name at e->at, of which there must be one. */
static int wanted_name(struct ebnf *e, struct slice *ret)
{
    ebnf_skip_blanks(e);
    *ret = ebnf_name(e);
    if (ret->len > 0) return 0;
    return ebnf_bad(e, e->at, "expected a name, found %s",
                    ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
}

/* "(A, B)" */
static int import_list(struct ebnf *e)
{
    do {
        struct slice name;
        e->at++;
        TRY(wanted_name(e, &name));
        TRY(import_one(e, name, name, e->at - name.len));
        ebnf_skip_blanks(e);
    } while (ebnf_starts(e, ","));
    if (!ebnf_starts(e, ")"))
        return ebnf_bad(e, e->at, "expected ',' or ')', found %s",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    e->at++;
    return 0;
}

static int read_import(struct ebnf *e)
{
    struct slice from, name, as;
    size_t at = e->at;
    TRY(wanted_name(e, &from));
    if (!slice_is(from, "common"))
        return ebnf_bad(e, at, "only common terminals can be imported: %%import common.INT");
    ebnf_skip_blanks(e);
    if (ebnf_starts(e, "(")) return import_list(e);
    if (!ebnf_starts(e, "."))
        return ebnf_bad(e, e->at, "expected '.' and a terminal's name, found %s",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    at = ++e->at;
    TRY(wanted_name(e, &name));
    as = name;
    ebnf_skip_blanks(e);
    if (ebnf_starts(e, "->")) {
        e->at += 2;
        TRY(wanted_name(e, &as));
    }
    return import_one(e, name, as, at);
}

int ebnf_directive(struct ebnf *e)
{
    size_t from = e->at++;
    struct slice name;
    TRY(wanted_name(e, &name));
    if (slice_is(name, "ignore"))
        return ebnf_bad(e, from,
                        "%%ignore is not supported: an answer holds every character that "
                        "is written, so say where white space may stand");
    if (!slice_is(name, "import"))
        return ebnf_bad(e, from, "the directive %%%.*s is not supported; %%import common.NAME is",
                        (int)(name.len < 60 ? name.len : 60), name.ptr);
    TRY(read_import(e));
    ebnf_skip_blanks(e);
    if (e->at == e->text.len || ebnf_starts(e, "\n")) return 0;
    return ebnf_bad(e, e->at, "expected the end of the line, found %s",
                    ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
}
