/* PDF of A5 pages: title, contents, and each chapter on a page of its own.
 *
 * The pages are made twice from one story: the first time nothing is drawn, and the pages on which
 * chapters begin come out; the second time the contents and the outline know them. Text is set a
 * paragraph at a time, so memory does not grow with the book. All lengths are points. The entries
 * of the contents are no links: cairo 1.16 forgets to write the first, and the file is damaged.
 */
#include "press/language.h"
#include "press/pango.h"
#include "press/press.h"
#include "press/text.h"

#include <math.h>
#include <stdio.h>

#define FAMILIES "Linux Libertine O,Libertinus Serif,Noto Serif,DejaVu Serif,serif"

static const double PAGE_WIDTH = 419.53, PAGE_HEIGHT = 595.28; /* A5 */
static const double SIDE = 54, TOP = 62, BOTTOM = 68, MEASURE = 419.53 - 2 * 54;
static const double HEAD_Y = 40, FOOT_Y = 595.28 - 38; /* baselines */
static const double SIZE = 11, LEADING = 15, ASCENT = 11, INDENT = 14;
static const double TITLE_SIZE = 26, TITLE_Y = 190;
static const double HEADING_SIZE = 17, HEADING_SPACE = 64, HEADING_AFTER = 28, CONTENTS_SPACE = 20;
static const double SMALL_SIZE = 9.5, NUMBER_WIDTH = 36;

enum { LINES_MAX = 200000, ATTRIBUTES_SIZE = 64 };

struct line {
    PangoLayoutLine *line; /* its layout's */
    double x, ascent, descent;
};

/* Lines that are not on a page yet, of one paragraph; and the layouts that they belong to. */
struct block {
    struct buf text;    /* of the line that is being gathered */
    struct buf lines;   /* struct line */
    struct buf layouts; /* PangoLayout * */
    PangoAttrList *attributes;
};

struct setter {
    const struct press_book *book;
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoContext *context;
    PangoFontDescription *font;
    struct arena arena;
    struct block block;
    bool draws;
    bool failed; /* a paragraph had more lines than there may be, or there was no memory */
    int page;    /* from 1 */
    bool fresh;  /* nothing is on it yet */
    double y;
    struct slice head;  /* of the pages that follow */
    int *chapter_pages; /* known when it draws */
};

/* ---- Lines ---- */

enum place { PLACE_START, PLACE_CENTER, PLACE_JUSTIFIED };

struct setting {
    double size, width, indent;
    enum place place;
    bool italic, one_line;
};

/* Of the book's lines; those that run the other way get the other side from pango. */
static PangoAlignment start_side(const struct press_book *book)
{
    return book->language->right_to_left ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT;
}

static PangoLayout *new_layout(struct setter *s, struct slice text, const struct setting *how)
{
    PangoLayout *layout = lib.pango_layout_new(s->context);
    lib.pango_font_description_set_absolute_size(s->font, how->size * PANGO_SCALE);
    lib.pango_font_description_set_style(s->font,
                                         how->italic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
    lib.pango_layout_set_font_description(layout, s->font); /* A copy. */
    lib.pango_layout_set_width(layout, (int)(how->width * PANGO_SCALE));
    lib.pango_layout_set_indent(layout, (int)(how->indent * PANGO_SCALE));
    lib.pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    if (how->one_line) lib.pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    lib.pango_layout_set_alignment(layout, how->place == PLACE_CENTER ? PANGO_ALIGN_CENTER
                                                                      : start_side(s->book));
    if (how->place == PLACE_JUSTIFIED) lib.pango_layout_set_justify(layout, TRUE);
    lib.pango_layout_set_text(layout, text.ptr, (int)text.len);
    return layout;
}

/* The layout's lines join those that wait; it lives until they are on a page. */
static void add_layout(struct setter *s, PangoLayout *layout)
{
    PangoLayoutIter *iter = lib.pango_layout_get_iter(layout);
    do {
        PangoRectangle box;
        lib.pango_layout_iter_get_line_extents(iter, NULL, &box);
        double baseline = (double)lib.pango_layout_iter_get_baseline(iter);
        struct line line = {
            .line = lib.pango_layout_iter_get_line_readonly(iter),
            .x = (double)box.x / PANGO_SCALE,
            .ascent = (baseline - box.y) / PANGO_SCALE,
            .descent = (box.y + box.height - baseline) / PANGO_SCALE,
        };
        buf_add(&s->block.lines, &line, sizeof line);
    } while (lib.pango_layout_iter_next_line(iter));
    lib.pango_layout_iter_free(iter);
    buf_add(&s->block.layouts, &layout, sizeof(PangoLayout *));
    if (s->block.lines.failed || s->block.layouts.failed) s->failed = true;
}

static void forget_lines(struct setter *s)
{
    struct block *b = &s->block;
    PangoLayout *layout;
    for (size_t at = 0; at < b->layouts.len; at += sizeof(PangoLayout *)) {
        memcpy(&layout, b->layouts.ptr + at, sizeof(PangoLayout *));
        lib.g_object_unref(layout);
    }
    buf_reset(&b->layouts);
    buf_reset(&b->lines);
}

static bool first_line(const struct setter *s, struct line *ret)
{
    if (s->block.lines.len < sizeof *ret) return false;
    memcpy(ret, s->block.lines.ptr, sizeof *ret);
    return true;
}

static void show_line(struct setter *s, const struct line *line, double x, double baseline)
{
    if (!s->draws) return;
    lib.cairo_move_to(s->cr, x + line->x, baseline);
    lib.pango_cairo_show_layout_line(s->cr, line->line);
}

/* One line of furniture, at a baseline. */
static void show_small(struct setter *s, struct slice text, double baseline, bool italic)
{
    struct setting how = { .size = SMALL_SIZE,
                           .width = MEASURE,
                           .place = PLACE_CENTER,
                           .italic = italic,
                           .one_line = true };
    struct line line;
    struct block waiting = s->block; /* A page may begin in the middle of a paragraph. */
    if (!s->draws || !text.len) return;
    buf_init(&s->block.lines, LINES_MAX * sizeof line);
    buf_init(&s->block.layouts, sizeof(PangoLayout *));
    add_layout(s, new_layout(s, text, &how));
    if (first_line(s, &line)) show_line(s, &line, SIDE, baseline);
    forget_lines(s);
    buf_release(&s->block.lines);
    buf_release(&s->block.layouts);
    s->block = waiting;
}

/* ---- Pages ---- */

/* `plain`: without a head, as where something begins. */
static void begin_page(struct setter *s, bool plain)
{
    char number[16];
    if (s->draws && s->page > 0) lib.cairo_show_page(s->cr);
    s->page++;
    s->y = TOP;
    s->fresh = true;
    if (s->page == 1) return;
    (void)snprintf(number, sizeof number, "%d", s->page); /* Fits. */
    show_small(s, slice_of(number), FOOT_Y, false);
    if (!plain) show_small(s, s->page % 2 ? s->head : s->book->title, HEAD_Y, true);
}

static double height_of(const struct line *line)
{
    return fmax(LEADING, fmax(ASCENT, line->ascent) + line->descent);
}

static size_t count_fitting(const struct setter *s, const struct line *lines, size_t n)
{
    double y = s->y;
    for (size_t i = 0; i < n; i++) {
        y += height_of(&lines[i]);
        if (y > PAGE_HEIGHT - BOTTOM + 0.01) return i;
    }
    return n;
}

/* How many go on this page: neither the first line of a paragraph is left alone on one, nor the
 * last, unless it has no other. */
static size_t count_placed(const struct setter *s, const struct line *lines, size_t at, size_t n)
{
    size_t left = n - at, k = count_fitting(s, lines + at, left);
    if (k < left) {
        if (left - k == 1 && k > 0) k--;
        if (k == 1 && at == 0) k = 0;
    }
    return k == 0 && s->fresh ? 1 : k;
}

static void place_block(struct setter *s)
{
    const struct line *lines = (const struct line *)(const void *)s->block.lines.ptr;
    size_t n = s->block.lines.len / sizeof *lines;
    for (size_t at = 0; at < n;) {
        size_t k = count_placed(s, lines, at, n);
        for (size_t end = at + k; at < end; at++) {
            show_line(s, &lines[at], SIDE, s->y + fmax(ASCENT, lines[at].ascent));
            s->y += height_of(&lines[at]);
            s->fresh = false;
        }
        if (at < n) begin_page(s, false);
    }
    forget_lines(s);
}

/* ---- A chapter's text ---- */

static void add_attribute(struct setter *s, PangoAttribute *attribute, size_t from)
{
    attribute->start_index = (guint)from;
    attribute->end_index = (guint)s->block.text.len;
    lib.pango_attr_list_insert(s->block.attributes, attribute);
}

static void add_run(struct setter *s, const struct press_run *run)
{
    const struct buf *text = &s->block.text;
    size_t from = text->len;
    /* The space in front is set likewise: one that ends a line is left out of its width only within
     * letters of one kind. */
    if (from > 0 && text->ptr[from - 1] == ' ') from--;
    buf_add_slice(&s->block.text, run->text);
    if (run->style & PRESS_EMPHASIS)
        add_attribute(s, lib.pango_attr_style_new(PANGO_STYLE_ITALIC), from);
    if (run->style & PRESS_STRONG)
        add_attribute(s, lib.pango_attr_weight_new(PANGO_WEIGHT_BOLD), from);
}

/* What has been gathered becomes lines. */
static void end_line(struct setter *s, double indent)
{
    struct setting how = {
        .size = SIZE, .width = MEASURE, .indent = indent, .place = PLACE_JUSTIFIED
    };
    PangoLayout *layout = new_layout(s, buf_slice(&s->block.text), &how);
    lib.pango_layout_set_attributes(layout, s->block.attributes);
    lib.pango_attr_list_unref(s->block.attributes);
    s->block.attributes = lib.pango_attr_list_new();
    buf_reset(&s->block.text);
    add_layout(s, layout);
}

static void set_paragraph(struct setter *s, const struct press_paragraph *p, double indent)
{
    for (size_t i = 0; i < p->n_runs; i++) {
        if (p->runs[i].kind == PRESS_TEXT) add_run(s, &p->runs[i]);
        if (p->runs[i].kind != PRESS_LINE_END) continue;
        end_line(s, indent);
        indent = 0;
    }
    end_line(s, indent);
    place_block(s);
}

/* With room for two lines behind it. */
static void set_break(struct setter *s)
{
    struct setting how = { .size = SIZE, .width = MEASURE, .place = PLACE_CENTER };
    if (s->y + 4 * LEADING > PAGE_HEIGHT - BOTTOM) begin_page(s, false);
    if (!s->fresh) s->y += LEADING / 2;
    add_layout(s, new_layout(s, SLICE("* * *"), &how));
    place_block(s);
    s->y += LEADING / 2;
}

static int set_scene(struct setter *s, struct slice scene, struct err *err)
{
    struct press_text text;
    struct press_paragraph p;
    bool first = true;
    press_text_begin(&text, scene, &s->arena);
    for (; press_text_next(&text, &p); first = p.is_break) {
        if (p.is_break)
            set_break(s);
        else
            set_paragraph(s, &p, first ? 0 : INDENT);
    }
    return press_text_check(&text, err);
}

static void set_heading(struct setter *s, struct slice title, double size, double before)
{
    struct setting how = { .size = size, .width = MEASURE, .place = PLACE_CENTER };
    s->y += before;
    add_layout(s, new_layout(s, title, &how));
    place_block(s);
    s->y += HEADING_AFTER;
}

static int set_chapter(struct setter *s, size_t i, struct err *err)
{
    const struct press_chapter *chapter = &s->book->chapters[i];
    s->head = chapter->title;
    begin_page(s, true);
    s->chapter_pages[i] = s->page;
    set_heading(s, chapter->title, HEADING_SIZE, HEADING_SPACE);
    for (size_t k = 0; k < chapter->n_scenes; k++) {
        if (k > 0) set_break(s);
        TRY(set_scene(s, chapter->scenes[k], err));
    }
    return 0;
}

/* ---- What stands before ---- */

static void set_title_page(struct setter *s)
{
    struct setting how = { .size = TITLE_SIZE, .width = MEASURE, .place = PLACE_CENTER };
    begin_page(s, true);
    s->y = TITLE_Y;
    add_layout(s, new_layout(s, s->book->title, &how));
    place_block(s);
}

/* The page's number, at the far end of an entry's last line. */
static void show_number(struct setter *s, int page, double baseline)
{
    char number[16];
    struct setting how = { .size = SIZE, .width = NUMBER_WIDTH };
    bool left = s->book->language->right_to_left;
    struct line line;
    (void)snprintf(number, sizeof number, "%d", page); /* Fits. */
    PangoLayout *layout = new_layout(s, slice_of(number), &how);
    lib.pango_layout_set_alignment(layout, left ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT);
    add_layout(s, layout);
    if (first_line(s, &line))
        show_line(s, &line, left ? SIDE : SIDE + MEASURE - NUMBER_WIDTH, baseline);
    forget_lines(s);
}

static void set_entry(struct setter *s, size_t i)
{
    struct setting how = { .size = SIZE, .width = MEASURE - NUMBER_WIDTH - 12 };
    struct slice title = s->book->chapters[i].title;
    bool right_to_left = s->book->language->right_to_left;
    double start = right_to_left ? SIDE + NUMBER_WIDTH + 12 : SIDE, baseline = s->y + ASCENT;
    PangoLayout *layout = new_layout(s, title, &how);
    /* All begin on one side, in whichever direction they run. */
    if (press_text_runs_right_to_left(title) != right_to_left)
        lib.pango_layout_set_alignment(layout,
                                       right_to_left ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT);
    add_layout(s, layout);
    const struct line *lines = (const struct line *)(const void *)s->block.lines.ptr;
    size_t n = s->block.lines.len / sizeof *lines;
    if (count_fitting(s, lines, n) < n && !s->fresh) begin_page(s, false);
    for (size_t k = 0; k < n; k++) {
        baseline = s->y + fmax(ASCENT, lines[k].ascent);
        show_line(s, &lines[k], start, baseline);
        s->y += height_of(&lines[k]);
    }
    forget_lines(s);
    show_number(s, s->chapter_pages[i], baseline);
    s->y += LEADING / 3;
    s->fresh = false;
}

static void set_contents(struct setter *s)
{
    struct slice heading = slice_of(s->book->language->contents);
    s->head = heading;
    begin_page(s, true);
    set_heading(s, heading, HEADING_SIZE, heading.len ? CONTENTS_SPACE : 0);
    for (size_t i = 0; i < s->book->n_chapters; i++) set_entry(s, i);
}

static int set_book(struct setter *s, bool draws, struct err *err)
{
    s->draws = draws;
    s->page = 0;
    set_title_page(s);
    set_contents(s);
    for (size_t i = 0; i < s->book->n_chapters; i++) TRY(set_chapter(s, i, err));
    if (draws) lib.cairo_show_page(s->cr);
    return 0;
}

/* ---- The file ---- */

/* What fails stays in the buf: cairo 1.16 asserts that writing does not. */
static cairo_status_t add_bytes(void *closure, const unsigned char *bytes, unsigned int len)
{
    struct buf *out = closure;
    buf_add(out, bytes, len);
    return CAIRO_STATUS_SUCCESS;
}

static void add_outline(struct setter *s)
{
    char to[ATTRIBUTES_SIZE];
    for (size_t i = 0; i < s->book->n_chapters; i++) {
        (void)snprintf(to, sizeof to, "page=%d pos=[0 0]", s->chapter_pages[i]); /* Fits. */
        (void)lib.cairo_pdf_surface_add_outline(s->surface, CAIRO_PDF_OUTLINE_ROOT,
                                                s->book->chapters[i].title.ptr, to,
                                                (cairo_pdf_outline_flags_t)0);
    }
}

static void add_metadata(struct setter *s)
{
    char modified[PRESS_TIME_SIZE];
    press_time(modified, s->book->modified);
    lib.cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_TITLE, s->book->title.ptr);
    lib.cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATOR, "Tiro");
    lib.cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_CREATE_DATE, modified);
    lib.cairo_pdf_surface_set_metadata(s->surface, CAIRO_PDF_METADATA_MOD_DATE, modified);
}

static void open_setter(struct setter *s, struct buf *out, const struct press_book *book)
{
    *s = (struct setter){ .book = book };
    arena_init(&s->arena, PRESS_ARENA_MAX);
    s->chapter_pages = ARENA_NEWS(&s->arena, book->n_chapters + 1, int);
    buf_init(&s->block.text, PRESS_ARENA_MAX);
    buf_init(&s->block.lines, LINES_MAX * sizeof(struct line));
    buf_init(&s->block.layouts, LINES_MAX * sizeof(PangoLayout *));
    s->block.attributes = lib.pango_attr_list_new();
    s->surface = lib.cairo_pdf_surface_create_for_stream(add_bytes, out, PAGE_WIDTH, PAGE_HEIGHT);
    s->cr = lib.cairo_create(s->surface);
    s->context = lib.pango_cairo_create_context(s->cr);
    s->font = lib.pango_font_description_from_string(FAMILIES);
    lib.pango_context_set_round_glyph_positions(s->context, FALSE);
    lib.pango_context_set_language(s->context, lib.pango_language_from_string(book->language->tag));
    lib.pango_context_set_base_dir(s->context, book->language->right_to_left ? PANGO_DIRECTION_RTL
                                                                             : PANGO_DIRECTION_LTR);
}

/* The surface is finished: what went wrong on the way is known. */
static int close_setter(struct setter *s, struct err *err)
{
    lib.cairo_surface_finish(s->surface);
    cairo_status_t status = lib.cairo_status(s->cr);
    if (!status) status = lib.cairo_surface_status(s->surface);
    forget_lines(s);
    lib.pango_attr_list_unref(s->block.attributes);
    lib.pango_font_description_free(s->font);
    lib.g_object_unref(s->context);
    lib.cairo_destroy(s->cr);
    lib.cairo_surface_destroy(s->surface);
    buf_release(&s->block.layouts);
    buf_release(&s->block.lines);
    buf_release(&s->block.text);
    arena_release(&s->arena);
    if (status == CAIRO_STATUS_SUCCESS) return 0;
    if (status == CAIRO_STATUS_NO_MEMORY)
        return err_set(err, ERR_NO_MEMORY, "there is no memory for the pages");
    return err_set(err, ERR_LIMIT, "the pages: %s", lib.cairo_status_to_string(status));
}

static int write_pdf(struct buf *out, const struct press_book *book, struct err *err)
{
    struct setter s;
    open_setter(&s, out, book);
    int rc = arena_check(&s.arena, "the book", err);
    if (rc == 0) rc = set_book(&s, false, err);
    if (rc == 0) {
        add_metadata(&s);
        add_outline(&s);
        rc = set_book(&s, true, err);
    }
    if (rc == 0 && s.failed)
        rc = err_set(err, ERR_LIMIT, "a paragraph has more than %d lines", LINES_MAX);
    int closed = close_setter(&s, rc == 0 ? err : NULL);
    if (rc == 0) rc = closed;
    return rc < 0 ? rc : buf_check(out, "the file", err);
}

/* Which fonts there are, and they themselves. */
static const char *const readable[] = {
    "/etc/fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/var/cache/fontconfig",
    NULL,
};

const struct press_format press_format_pdf = {
    .name = "pdf",
    .prepare = pango_load,
    .readable = readable,
    .write = write_pdf,
};
