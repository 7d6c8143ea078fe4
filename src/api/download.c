#include "api/download.h"

#include "base/buf.h"
#include "base/utf8.h"

static bool is_letter_or_digit(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Of no file's name: what systems or shells of some kind do not allow, and what changes the order
 * in which a name is shown. */
static bool is_left_out(uint32_t c)
{
    if (c < 0x80) return c < 0x20 || c == 0x7F || strchr("/\\:*?\"<>|", (int)c);
    return (c >= 0x80 && c < 0xA0) || c == 0x061C || c == 0x200B || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c & 0xFFFE) == 0xFFFE;
}

/* `ret` has room for DOWNLOAD_NAME_MAX bytes. */
static size_t plain_name(char *ret, struct slice title)
{
    size_t n = 0;
    for (size_t at = 0; at < title.len;) {
        uint32_t c;
        size_t len = utf8_decode(&c, title.ptr + at, title.len - at);
        if (len == 0 || is_left_out(c)) {
            at += len ? len : 1;
            continue;
        }
        if (n + len > DOWNLOAD_NAME_MAX) break;
        bool leading = n == 0 && (c == '.' || c == ' ');
        if (!leading) memcpy(ret + n, title.ptr + at, len);
        if (!leading) n += len;
        at += len;
    }
    while (n > 0 && (ret[n - 1] == '.' || ret[n - 1] == ' ')) n--;
    return n;
}

void download_write(struct buf *out, struct slice title, const char *extension)
{
    char name[DOWNLOAD_NAME_MAX] = "book";
    size_t n = plain_name(name, title);
    bool ascii = true;
    if (n == 0) n = strlen("book");
    buf_add_str(out, "attachment; filename=\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        bool fine = c >= 0x20 && c < 0x7F && c != '%';
        if (!fine) ascii = false;
        if (fine)
            buf_add_char(out, name[i]);
        else if ((c & 0xC0) != 0x80) /* Once for each character. */
            buf_add_char(out, '_');
    }
    buf_printf(out, ".%s\"", extension);
    if (ascii) return;
    buf_add_str(out, "; filename*=UTF-8''");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (is_letter_or_digit(c) || c == '-' || c == '_' || c == '.')
            buf_add_char(out, name[i]);
        else
            buf_printf(out, "%%%02X", c);
    }
    buf_printf(out, ".%s", extension);
}

void download_header(struct call *call, struct slice title, const char *extension)
{
    struct buf value;
    buf_init(&value, DOWNLOAD_HEADER_MAX);
    download_write(&value, title, extension);
    call->ops->header(call, "Content-Disposition", value.failed ? "attachment" : buf_str(&value));
    buf_release(&value);
}
