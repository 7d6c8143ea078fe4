/* Requests and answers as data: every tests/unit/api/cases/ file is played against a fake backend,
 * and what comes out must be what the file says.
 *
 *     == name of the case
 *     POST /v1/chat/completions
 *     {"model": ...}                     the body, up to the next line that begins with < or >
 *     < submit 0 small {...}             what happened, to the letter
 *     > {"token": {"text": "Hi"}}        an event from the worker
 *     < reply 200 {...}
 *
 * To see what a new case gives, or after a change that is meant: TIRO_GOLDEN_UPDATE=1 writes the <
 * lines anew; read the difference before you keep it.
 */
#include "unit/test.h"

#include "unit/api/fake_events.h"
#include "unit/api/fake_responses.h"

#include <dirent.h>
#include <stdio.h>

enum { FILE_BYTES_MAX = 4 << 20, LINE_BYTES_MAX = 1 << 16 };

struct lines {
    struct slice rest;
};

static bool next_line(struct lines *l, struct slice *ret)
{
    if (l->rest.len == 0) return false;
    size_t end = slice_find(l->rest, SLICE("\n"));
    *ret = (struct slice){ .ptr = l->rest.ptr, .len = end };
    size_t used = end < l->rest.len ? end + 1 : end;
    l->rest.ptr += used;
    l->rest.len -= used;
    return true;
}

/* Moves the trace into `out`, each line behind "< ". */
static void take_trace(struct buf *out, struct fake *f)
{
    struct lines l = { .rest = buf_slice(&f->trace) };
    for (struct slice line; next_line(&l, &line);) {
        buf_add_str(out, "< ");
        buf_add_slice(out, line);
        buf_add_char(out, '\n');
    }
    buf_reset(&f->trace);
}

static void play_event(struct buf *out, struct fake *f, struct fake_service *service,
                       struct slice line)
{
    json_t *event = NULL;
    struct err err = { 0 };
    struct slice text = { .ptr = line.ptr + 2, .len = line.len - 2 };
    if (json_read(&event, text, &json_limits_request, "the event", &err) < 0)
        fail_msg("%s: %.*s", err.text, SLICE_FMT(line));
    buf_add_slice(out, line);
    buf_add_char(out, '\n');
    fake_event(f, event);
    fake_catch_up(service);
    json_decref(event);
    take_trace(out, f);
}

static bool begins(struct slice line, const char *mark)
{
    return slice_starts(line, slice_of(mark));
}

/* One case, from after its "==" line to the next; writes what really happens. */
static void play_case(struct buf *out, struct lines *l)
{
    struct fake f;
    struct fake_service service;
    struct slice line;
    char method[8], path[256];
    fake_init(&f);
    fake_responses_open(&service, "sqlite::memory:");
    service.service.backend = &f.backend;
    f.service = &service.service;
    assert_true(next_line(l, &line));
    buf_add_slice(out, line);
    buf_add_char(out, '\n');
    char head[300];
    (void)snprintf(head, sizeof head, "%.*s", SLICE_FMT(line));
    assert_int_equal(sscanf(head, "%7s %255s", method, path), 2);
    const char *body = l->rest.ptr;
    size_t body_len = 0;
    while (l->rest.len && !begins(l->rest, "<") && !begins(l->rest, ">") &&
           !begins(l->rest, "==") && next_line(l, &line))
        body_len = (size_t)(line.ptr + line.len - body);
    while (body_len && body[body_len - 1] == '\n') body_len--;
    buf_add(out, body, body_len);
    if (body_len) buf_add_char(out, '\n');
    fake_request(&f, method, path, (struct slice){ .ptr = body, .len = body_len });
    fake_catch_up(&service);
    take_trace(out, &f);
    while (l->rest.len && !begins(l->rest, "==")) {
        assert_true(next_line(l, &line));
        if (begins(line, ">")) play_event(out, &f, &service, line);
    }
    if (l->rest.len) buf_add_char(out, '\n');
    if (!f.over && f.call.on_close) f.call.on_close(&f.call);
    f.over = true;
    fake_responses_close(&service);
    fake_release(&f);
}

static void compare(const char *path, struct slice expected, struct slice actual)
{
    struct lines a = { .rest = expected }, b = { .rest = actual };
    for (int number = 1;; number++) {
        struct slice x = { 0 }, y = { 0 };
        bool more_a = next_line(&a, &x), more_b = next_line(&b, &y);
        if (!more_a && !more_b) return;
        if (!slice_eq(x, y))
            fail_msg("%s:%d\n  expected: %.*s\n  actual:   %.*s", path, number, SLICE_FMT(x),
                     SLICE_FMT(y));
    }
}

static uint64_t fake_wall_ns(void)
{
    return 1700000000ull * 1000000000u;
}

static void fake_random(void *buf, size_t len)
{
    memset(buf, 10, len);
}

static int play_file(const char *path)
{
    char *text;
    size_t len;
    struct buf out;
    struct err err = { 0 };
    int n_cases = 0;
    if (file_read_all(&text, &len, path, FILE_BYTES_MAX, &err) < 0) fail_msg("%s", err.text);
    struct lines l = { .rest = { .ptr = text, .len = len } };
    buf_init(&out, FILE_BYTES_MAX);
    for (struct slice line; next_line(&l, &line);) {
        buf_add_slice(&out, line);
        buf_add_char(&out, '\n');
        if (!begins(line, "==")) continue;
        play_case(&out, &l);
        n_cases++;
    }
    if (getenv("TIRO_GOLDEN_UPDATE")) {
        if (file_replace(path, out.ptr, out.len, 0644, &err) < 0) fail_msg("%s", err.text);
    } else {
        compare(path, (struct slice){ .ptr = text, .len = len }, buf_slice(&out));
    }
    buf_release(&out);
    mem_free(text);
    return n_cases;
}

static void test_cases(void **state)
{
    (void)state;
    static const char folder[] = TIRO_SOURCE_DIR "/tests/unit/api/cases";
    DIR *dir = opendir(folder);
    int n_cases = 0;
    assert_non_null(dir);
    seams.wall_ns = fake_wall_ns;
    seams.random = fake_random;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[512];
        if (!slice_ends(slice_of(entry->d_name), SLICE(".test"))) continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        n_cases += play_file(path);
    }
    closedir(dir);
    seams = seams_real;
    assert_true(n_cases >= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_data_dir_remove();
    return n_failed;
}
