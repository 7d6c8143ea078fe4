/* utf8 - strict UTF-8 (RFC 3629: no overlongs, no surrogates, nothing above U+10FFFF). */
#ifndef TIRO_BASE_UTF8_H
#define TIRO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_BYTES_MAX = 4 };
#define UTF8_REPLACEMENT 0xFFFDu

/* Decodes one code point at s (len > 0). Returns its bytes, 1..4, or 0 if malformed or cut. */
size_t utf8_decode(uint32_t *ret_codepoint, const char *s, size_t len);
/* Encodes into out[4]; returns the bytes written. `codepoint` must be a scalar value. */
size_t utf8_encode(char *out, uint32_t codepoint);
bool utf8_valid(const char *s, size_t len);
/* Length of the longest prefix of s that does not end inside a character; malformed bytes that can
 * never become a character count as complete. Used to hold back half a character of a stream. */
size_t utf8_complete_len(const char *s, size_t len);
/* Bytes at s that form one maximal ill-formed subpart (Unicode 15, 3.9, "U+FFFD substitution of
 * maximal subparts"); call only where utf8_decode returned 0. At least 1. */
size_t utf8_bad_len(const char *s, size_t len);
/* Copies with ill-formed parts replaced by U+FFFD, cut at a character; always NUL-terminated.
 * Returns the bytes written without the NUL. `size` > 0. */
size_t utf8_sanitize(char *out, size_t size, const char *s, size_t len);

#endif
