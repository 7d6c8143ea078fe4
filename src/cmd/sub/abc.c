/* tiro abc - checks files of music in ABC notation. */
#include "api/abc_report.h"
#include "base/seam.h"
#include "cmd/subcommand.h"

#include <stdio.h>

static int read_text(struct buf *out, const char *path, struct err *err)
{
    if (!slice_is(slice_of(path), "-")) {
        char *text;
        size_t len;
        TRY(file_read_all(&text, &len, path, ABC_TEXT_MAX, err));
        buf_add(out, text, len);
        mem_free(text);
    } else {
        char chunk[65536];
        for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) buf_add(out, chunk, n);
    }
    return buf_check(out, path, err);
}

/* One object a file and line, so that several files are still JSON Lines. */
static void print_json(const char *path, const struct abc_report *report)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, 4 * ABC_TEXT_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "file"), json_str(&w, path);
    abc_report_write(&w, report);
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

/* file:line:column: message, as compilers say it: editors know the way there. */
static void print_text(const char *path, const struct abc_report *r)
{
    for (uint32_t i = 0; i < r->n_issues; i++) {
        const struct abc_issue *issue = &r->issues[i];
        printf("%s:%u:%u: %s: ", path, issue->line, issue->column,
               abc_issue_kind_name(issue->kind));
        if (issue->voice[0]) printf("voice %s: ", issue->voice);
        if (issue->bar && issue->kind != ABC_BAR) printf("bar %u: ", issue->bar);
        puts(issue->text);
    }
    if (r->n_left_out) printf("%s: and %u more\n", path, r->n_left_out);
    if (r->n_issues == 0)
        printf("%s: %u tunes, %u bars, %u notes: nothing is wrong\n", path, r->n_tunes, r->n_bars,
               r->n_notes);
}

/* 1: something is wrong in it; below 0: it could not be checked. */
static int check(const char *path, bool json, struct err *err)
{
    struct abc_report *report = mem_calloc(1, sizeof *report);
    struct buf text;
    buf_init(&text, ABC_TEXT_MAX);
    int rc = report ? 0 : err_set(err, ERR_NO_MEMORY, "There is no memory for the check.");
    if (rc == 0) rc = read_text(&text, path, err);
    if (rc == 0) rc = abc_check(report, buf_slice(&text), err);
    if (rc == 0) {
        (json ? print_json : print_text)(path, report);
        rc = report->n_issues > 0;
    }
    buf_release(&text);
    mem_free(report);
    return rc;
}

static int run(const struct args *args)
{
    struct err err;
    int status = 0;
    if (args->n_words < 2 || !slice_is(slice_of(args->words[0]), "check")) {
        fprintf(stderr, "usage: tiro abc check FILE... [--json]\n");
        return EXIT_USAGE;
    }
    for (int i = 1; i < args->n_words; i++) {
        int rc = check(args->words[i], args_has(args, "json"), &err);
        if (rc < 0) return fail(&err);
        if (rc > 0) status = 1;
    }
    return status;
}

static const struct option_row options[] = {
    { "json", NULL, "print JSON, a line for each file", 0 },
    { 0 },
};

const struct subcommand subcommand_abc = {
    .name = "abc",
    .summary = "check music in ABC notation",
    .usage = "abc check FILE... [--json]",
    .help =
        "Says which bars of the tunes in each FILE (- is stdin) do not add up, and finds wrong\n"
        "headers, impossible lengths and repeats, slurs and tuplets that do not end, by line\n"
        "and column. The status is 1 when something is wrong. 'tiro grammar abc' writes a\n"
        "grammar under which none of it can come.\n\n"
        "  tiro abc check tunes.abc\n"
        "  tiro abc check --json jig.abc reel.abc",
    .options = options,
    .takes_words = true,
    .run = run,
};
