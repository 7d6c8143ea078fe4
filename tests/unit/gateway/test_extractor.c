/* The extractor with decode workers that do what the document says:
 *
 *     gateway_test_extractor                       the tests below
 *     gateway_test_extractor worker ...            what the extractor starts
 */
#include "unit/test.h"

#include "api/press.h"
#include "base/seam.h"
#include "gateway/extractor.h"
#include "proto/decode.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The worker ---- */

static int echo(const char *text, size_t len)
{
    return file_write_all(STDOUT_FILENO, text, len, "stdout", NULL) < 0;
}

/* "say TEXT", "exit N", "kill N", "once FILE" (is killed while the file is there, and removes it),
 * "flood", "sleep", "format" */
static int worker(const char *format)
{
    static char document[1 << 16], flood[1 << 16];
    ssize_t n = read(STDIN_FILENO, document, sizeof document - 1);
    if (n < 0) return DECODE_BROKEN;
    if (strncmp(document, "say ", 4) == 0) return echo(document + 4, (size_t)n - 4);
    if (strncmp(document, "exit ", 5) == 0) return (int)strtol(document + 5, NULL, 10);
    if (strncmp(document, "kill ", 5) == 0) {
        int number = (int)strtol(document + 5, NULL, 10);
        (void)signal(number, SIG_DFL); /* AddressSanitizer has handlers of its own. */
        (void)raise(number);
    }
    if (strncmp(document, "once ", 5) == 0) {
        if (unlink(document + 5) == 0) (void)raise(SIGKILL);
        return echo("again", 5);
    }
    if (strncmp(document, "format", 6) == 0) return echo(format, strlen(format));
    memset(flood, 'x', sizeof flood);
    while (strncmp(document, "flood", 5) == 0)
        if (echo(flood, sizeof flood)) return DECODE_BROKEN;
    for (;;) (void)pause();
}

/* ---- The tests ---- */

static char dir[] = "/tmp/tiro_extractor_XXXXXX";
static uv_loop_t loop;
static struct extractor *extractor;
static struct err err;

struct asked {
    struct extraction x; /* first */
    char text[1 << 10], why[ERR_TEXT_MAX];
    size_t len;
    int rc, n_done;
};

static void done(struct extraction *x, int rc, struct slice text, const struct err *e)
{
    struct asked *a = (struct asked *)x;
    a->n_done++;
    a->rc = rc;
    a->len = text.len;
    if (rc < 0)
        (void)snprintf(a->why, sizeof a->why, "%s", e->text);
    else
        (void)snprintf(a->text, sizeof a->text, "%.*s", SLICE_FMT(text));
}

static void ask(struct asked *a, const char *filename, struct slice document)
{
    struct blob_writer *w;
    struct blob blob;
    assert_ok(blob_open(&w, dir, &err), &err);
    assert_ok(blob_write(w, document, &err), &err);
    assert_ok(blob_finish(&blob, w, &err), &err);
    blob_let_go(&blob);
    *a = (struct asked){ .x = { .filename = slice_of(filename), .done = done } };
    memcpy(a->x.sha256, blob.sha256, sizeof blob.sha256);
    assert_ok(extractor_begin(extractor, &a->x, &err), &err);
    assert_int_equal(a->n_done, 0);
}

static void wait_for(const struct asked *a)
{
    while (!a->n_done) (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(a->n_done, 1);
}

static void expect(const char *filename, struct slice document, const char *text)
{
    struct asked a;
    ask(&a, filename, document);
    wait_for(&a);
    assert_ok(a.rc, &err);
    assert_string_equal(a.text, text);
}

static void refuse(const char *document, int code, const char *part)
{
    struct asked a;
    ask(&a, "x.pdf", slice_of(document));
    wait_for(&a);
    if (a.rc != -code || !strstr(a.why, part))
        fail_msg("'%s' gave %d '%s', not '%s'", document, a.rc, a.why, part);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir) || uv_loop_init(&loop) < 0) return -1;
    return extractor_open(&extractor, &extractor_decode, &loop, dir, NULL, &err);
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    extractor_close(extractor);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    return uv_loop_close(&loop) < 0 ? -1 : system(command);
}

static void test_text_comes_back(void **state)
{
    (void)state;
    expect("a.txt", SLICE("say hello"), "hello");
    expect("a.txt", SLICE("say "), "");
    expect("a.txt", SLICE("say caf\xc3\xa9"), "caf\xc3\xa9");
}

static void test_the_name_says_the_format(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "a.pdf", "pdf" },  { "A.PDF", "pdf" },   { "a.docx", "docx" },
        { "a.htm", "html" }, { "a.html", "html" }, { "a.md", "text" },
        { "pdf", "text" },   { "", "text" },       { "a.pdf.c", "text" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(rows[i][0], SLICE("format"), rows[i][1]);
}

static void test_ends_become_errors(void **state)
{
    (void)state;
    refuse("exit 10", ERR_INVALID_VALUE, "could not be read as pdf: it is damaged");
    refuse("exit 11", ERR_INVALID_VALUE, "This PDF is encrypted; save it without a password");
    refuse("exit 3", ERR_INVALID_VALUE, "save it without protection");
    refuse("exit 12", ERR_INVALID_VALUE, "no text in UTF-8");
    refuse("exit 13", ERR_LIMIT, "too much text");
    refuse("exit 14", ERR_LIMIT, "1024 MiB");
    refuse("exit 15", ERR_UNSUPPORTED_FORMAT, "poppler-utils");
    refuse("exit 16", ERR_INVALID_VALUE, "the process that read it failed");
    refuse("exit 99", ERR_INVALID_VALUE, "the process that read it failed");
    refuse("kill 11", ERR_INVALID_VALUE, "the process that read it failed");
    refuse("kill 24", ERR_LIMIT, "too much time");
    refuse("kill 9", ERR_LIMIT, "too much time or memory");
}

/* As when memory was short for a moment; "kill 9" above is killed twice. */
static void test_one_that_was_killed_is_read_again(void **state)
{
    (void)state;
    char document[sizeof dir + 16];
    (void)snprintf(document, sizeof document, "once %s/there", dir);
    FILE *there = fopen(document + 5, "w");
    assert_non_null(there);
    assert_int_equal(fclose(there), 0);
    expect("x", slice_of(document), "again");
}

static void test_what_is_no_text_is_refused(void **state)
{
    (void)state;
    refuse("say a\xff", ERR_INVALID_VALUE, "failed");
    refuse("say caf\xc3", ERR_INVALID_VALUE, "failed");
    struct asked a;
    ask(&a, "x", SLICE("say a\0b"));
    wait_for(&a);
    assert_int_equal(a.rc, -ERR_INVALID_VALUE);
    refuse("flood", ERR_LIMIT, "more than 32 MiB of text");
}

static void test_a_few_at_once_and_none_lost(void **state)
{
    (void)state;
    static struct asked a[20];
    for (size_t i = 0; i < 20; i++) ask(&a[i], "a", i % 3 ? SLICE("say x") : SLICE("exit 10"));
    for (size_t i = 0; i < 20; i++) {
        wait_for(&a[i]);
        assert_int_equal(a[i].rc, i % 3 ? 0 : -ERR_INVALID_VALUE);
    }
}

static void test_cancelled_ones_are_not_heard_of(void **state)
{
    (void)state;
    static struct asked a[5];
    struct asked last;
    for (size_t i = 0; i < 5; i++) ask(&a[i], "a", SLICE("sleep"));
    while (!a[1].x.process) (void)uv_run(&loop, UV_RUN_ONCE);
    assert_null(a[2].x.process); /* It waits. */
    ask(&last, "a", SLICE("say last"));
    for (size_t i = 0; i < 5; i++) extractor_cancel(extractor, &a[(i + 3) % 5].x);
    wait_for(&last);
    assert_string_equal(last.text, "last");
    for (size_t i = 0; i < 5; i++) assert_int_equal(a[i].n_done, 0);
}

static void test_bytes_that_are_not_there(void **state)
{
    (void)state;
    struct asked a = { .x = { .filename = SLICE("a"), .done = done } };
    memset(a.x.sha256, 'a', BLOB_NAME_SIZE - 1);
    assert_ok(extractor_begin(extractor, &a.x, &err), &err);
    wait_for(&a);
    assert_int_equal(a.rc, -ERR_IO);
}

/* A document of so many bytes, most of which are a hole. */
static void ask_large(struct asked *a, const char *text, off_t bytes)
{
    char path[BLOB_PATH_SIZE];
    ask(a, "a", slice_of(text));
    blob_path(path, dir, slice_of(a->x.sha256));
    assert_int_equal(truncate(path, bytes), 0);
    wait_for(a);
}

static void test_limits_on_both_sides(void **state)
{
    (void)state;
    struct asked a;
    ask_large(&a, "exit 0 of the most", EXTRACT_BYTES_MAX);
    assert_int_equal(a.rc, 0);
    ask_large(&a, "exit 0 of one more", (off_t)EXTRACT_BYTES_MAX + 1);
    assert_int_equal(a.rc, -ERR_LIMIT);
    struct extraction *many = test_calloc(EXTRACT_WAITING_MAX + 1, sizeof *many);
    for (size_t i = 0; i < EXTRACT_WAITING_MAX; i++) {
        many[i].done = done;
        assert_ok(extractor_begin(extractor, &many[i], &err), &err);
    }
    many[EXTRACT_WAITING_MAX].done = done;
    assert_fails(extractor_begin(extractor, &many[EXTRACT_WAITING_MAX], &err), ERR_OVERLOADED, &err,
                 "Too many files");
    for (size_t i = 0; i < EXTRACT_WAITING_MAX; i++) extractor_cancel(extractor, &many[i]);
    test_free(many);
}

static void test_one_runs_when_all_ends(void **state)
{
    (void)state;
    static struct asked a[3];
    for (size_t i = 0; i < 3; i++) ask(&a[i], "a", SLICE("sleep"));
    while (!a[1].x.process) (void)uv_run(&loop, UV_RUN_ONCE);
    /* tear_down ends them. */
}

/* ---- Books: bytes in, bytes out ---- */

static void press(struct asked *a, struct extractor *e, struct slice book)
{
    *a = (struct asked){ .x = { .bytes = book, .format = "epub", .done = done } };
    assert_ok(extractor_begin(e, &a->x, &err), &err);
    wait_for(a);
}

static void test_books_become_files(void **state)
{
    (void)state;
    static const struct {
        const char *book;
        int code;
        const char *part;
    } rows[] = {
        { "exit 20", ERR_INTERNAL, "'epub': the process that makes it failed" },
        { "exit 21", ERR_LIMIT, "too large" },
        { "exit 22", ERR_LIMIT, "1024 MiB" },
        { "exit 23", ERR_UNSUPPORTED_FORMAT, "libpangocairo" },
        { "exit 24", ERR_INTERNAL, "failed" },
        { "kill 11", ERR_INTERNAL, "failed" },
        { "kill 24", ERR_LIMIT, "too much time" },
        { "flood", ERR_LIMIT, "64 MiB" },
    };
    struct extractor *e;
    struct asked a;
    assert_ok(extractor_open(&e, &extractor_press, &loop, dir, NULL, &err), &err);
    press(&a, e, SLICE("say PK\0\xff"));
    assert_ok(a.rc, &err);
    assert_int_equal(a.len, 4);
    press(&a, e, SLICE("format"));
    assert_string_equal(a.text, "epub");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        press(&a, e, slice_of(rows[i].book));
        if (a.rc != -rows[i].code || !strstr(a.why, rows[i].part))
            fail_msg("'%s' gave %d '%s'", rows[i].book, a.rc, a.why);
    }
    struct extraction many[PRESS_WAITING_MAX + 1];
    for (size_t i = 0; i < PRESS_WAITING_MAX; i++) {
        many[i] = (struct extraction){ .bytes = SLICE("sleep"), .format = "epub", .done = done };
        assert_ok(extractor_begin(e, &many[i], &err), &err);
    }
    many[PRESS_WAITING_MAX] = many[0];
    assert_fails(extractor_begin(e, &many[PRESS_WAITING_MAX], &err), ERR_OVERLOADED, &err, "books");
    extractor_close(e);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (argc != 6 || strcmp(argv[1], "worker") != 0) return 1;
        if (strcmp(argv[3], "decode") != 0 && strcmp(argv[3], "press") != 0) return 1;
        return worker(argv[5]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_comes_back),
        cmocka_unit_test(test_the_name_says_the_format),
        cmocka_unit_test(test_ends_become_errors),
        cmocka_unit_test(test_one_that_was_killed_is_read_again),
        cmocka_unit_test(test_what_is_no_text_is_refused),
        cmocka_unit_test(test_a_few_at_once_and_none_lost),
        cmocka_unit_test(test_cancelled_ones_are_not_heard_of),
        cmocka_unit_test(test_bytes_that_are_not_there),
        cmocka_unit_test(test_limits_on_both_sides),
        cmocka_unit_test(test_books_become_files),
        cmocka_unit_test(test_one_runs_when_all_ends),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
