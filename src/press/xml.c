#include "press/xml.h"

void xml_text(struct buf *out, struct slice text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *as;
        switch (text.ptr[i]) {
        case '&': as = "&amp;"; break;
        case '<': as = "&lt;"; break;
        case '>': as = "&gt;"; break;
        case '"': as = "&quot;"; break;
        default: continue;
        }
        buf_add(out, text.ptr + from, i - from);
        buf_add_str(out, as);
        from = i + 1;
    }
    buf_add(out, text.ptr + from, text.len - from);
}

void xml_element(struct buf *out, const char *open, const char *close, struct slice text)
{
    buf_add_str(out, open);
    xml_text(out, text);
    buf_add_str(out, close);
    buf_add_char(out, '\n');
}
