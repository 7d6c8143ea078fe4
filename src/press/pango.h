/* pango - the libraries that set text: pango, cairo and what they bring along.
 *
 *     TRY(pango_load(err));
 *     lib.cairo_show_page(cr);
 *
 * They are loaded by the one process that makes a PDF, before its walls stand, and by no other:
 * linked, thirty libraries would be in the memory of every worker, and a machine without them
 * could not start the server. Types come from their headers, so calls are checked.
 */
#ifndef TIRO_PRESS_PANGO_H
#define TIRO_PRESS_PANGO_H

#include "base/err.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#define PANGO_FUNCTIONS(X)                      \
    X(cairo_create)                             \
    X(cairo_destroy)                            \
    X(cairo_move_to)                            \
    X(cairo_pdf_surface_add_outline)            \
    X(cairo_pdf_surface_create_for_stream)      \
    X(cairo_pdf_surface_set_metadata)           \
    X(cairo_show_page)                          \
    X(cairo_status)                             \
    X(cairo_status_to_string)                   \
    X(cairo_surface_destroy)                    \
    X(cairo_surface_finish)                     \
    X(cairo_surface_status)                     \
    X(g_object_unref)                           \
    X(pango_attr_list_insert)                   \
    X(pango_attr_list_new)                      \
    X(pango_attr_list_unref)                    \
    X(pango_attr_style_new)                     \
    X(pango_attr_weight_new)                    \
    X(pango_cairo_create_context)               \
    X(pango_cairo_show_layout_line)             \
    X(pango_context_set_base_dir)               \
    X(pango_context_set_language)               \
    X(pango_context_set_round_glyph_positions)  \
    X(pango_font_description_free)              \
    X(pango_font_description_from_string)       \
    X(pango_font_description_set_absolute_size) \
    X(pango_font_description_set_style)         \
    X(pango_language_from_string)               \
    X(pango_layout_get_iter)                    \
    X(pango_layout_get_line_count)              \
    X(pango_layout_iter_free)                   \
    X(pango_layout_iter_get_baseline)           \
    X(pango_layout_iter_get_line_extents)       \
    X(pango_layout_iter_get_line_readonly)      \
    X(pango_layout_iter_next_line)              \
    X(pango_layout_new)                         \
    X(pango_layout_set_alignment)               \
    X(pango_layout_set_attributes)              \
    X(pango_layout_set_ellipsize)               \
    X(pango_layout_set_font_description)        \
    X(pango_layout_set_indent)                  \
    X(pango_layout_set_justify)                 \
    X(pango_layout_set_text)                    \
    X(pango_layout_set_width)                   \
    X(pango_layout_set_wrap)

struct pango_library {
#define X(name) __typeof__(name) *name;
    PANGO_FUNCTIONS(X)
#undef X
};

extern struct pango_library lib;

/* Once for the process. -ERR_UNSUPPORTED_FORMAT: not installed. */
int pango_load(struct err *err) MUST_USE;

#endif
