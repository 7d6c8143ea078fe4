#include "press/press.h"

#include "base/json.h"
#include "press/language.h"
#include "press/text.h"
#include "proto/press.h"

#include <stdio.h>
#include <time.h>

enum { DEPTH_MAX = 8, NODES_MAX = 200000 };

const struct press_format *press_format_find(const char *name)
{
    for (size_t i = 0; i < press_format_registry_len; i++)
        if (strcmp(press_format_registry[i]->name, name) == 0) return press_format_registry[i];
    return NULL;
}

void press_time(char ret[PRESS_TIME_SIZE], int64_t unix_seconds)
{
    struct tm tm;
    time_t seconds = (time_t)unix_seconds;
    if (!gmtime_r(&seconds, &tm) || strftime(ret, PRESS_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(ret, PRESS_TIME_SIZE, "1970-01-01T00:00:00Z"); /* Fits. */
}

/* ---- Reading ---- */

static struct slice string_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) return (struct slice){ 0 };
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

static struct slice line_of(const json_t *object, const char *key, struct arena *arena)
{
    return press_text_clean(string_of(object, key), false, arena);
}

static int read_chapter(struct press_chapter *ret, const json_t *chapter, size_t number,
                        struct arena *arena, struct err *err)
{
    const json_t *scenes = json_object_get(chapter, "scenes");
    if (!json_is_array(scenes))
        return err_set(err, ERR_INVALID_VALUE, "the book's chapter %zu has no scenes", number);
    ret->title = line_of(chapter, "title", arena);
    if (!ret->title.len) ret->title = slice_of(arena_printf(arena, "%zu", number));
    ret->scenes = ARENA_NEWS(arena, json_array_size(scenes), struct slice);
    for (size_t i = 0; ret->scenes && i < json_array_size(scenes); i++) {
        const json_t *scene = json_array_get(scenes, i);
        if (!json_is_string(scene))
            return err_set(err, ERR_INVALID_VALUE, "a scene of chapter %zu is no text", number);
        struct slice text = { json_string_value(scene), json_string_length(scene) };
        text = press_text_clean(text, true, arena);
        if (text.len) ret->scenes[ret->n_scenes++] = text;
    }
    return 0;
}

static int read_book(struct press_book *book, const json_t *root, struct arena *arena,
                     struct err *err)
{
    const json_t *chapters = json_object_get(root, "chapters");
    size_t n = json_array_size(chapters);
    if (!json_is_array(chapters) || n > PRESS_CHAPTERS_MAX)
        return err_set(err, ERR_INVALID_VALUE, "the book has no chapters, or more than %d",
                       PRESS_CHAPTERS_MAX);
    book->id = line_of(root, "id", arena);
    book->title = line_of(root, "title", arena);
    if (!book->title.len) book->title = SLICE("Untitled");
    book->language = press_language_find(string_of(root, "language"));
    book->modified = json_integer_value(json_object_get(root, "modified"));
    book->chapters = ARENA_NEWS(arena, n, struct press_chapter);
    for (size_t i = 0; book->chapters && i < n; i++) {
        struct press_chapter *chapter = &book->chapters[book->n_chapters];
        TRY(read_chapter(chapter, json_array_get(chapters, i), i + 1, arena, err));
        if (chapter->n_scenes) book->n_chapters++;
    }
    return arena_check(arena, "the book", err);
}

int press_book_read(struct press_book *ret, struct slice json, struct arena *arena, struct err *err)
{
    const struct json_limits limits = { PRESS_BOOK_MAX, DEPTH_MAX, NODES_MAX };
    struct press_book book = { 0 };
    json_t *root;
    TRY(json_read(&root, json, &limits, "the book", err));
    int rc = read_book(&book, root, arena, err);
    json_decref(root);
    if (rc == 0) *ret = book;
    return rc;
}
