/* Any bytes as a text: its words are well formed, no longer than they may be, and found again in
 * themselves. */
#include "base/utf8.h"
#include "index/words.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words w, again;
    struct slice text = { (const char *)data, size }, word, other;
    size_t n = 0;
    words_init(&w, text);
    while (words_next(&w, &word)) {
        if (word.len == 0 || word.len > WORD_BYTES_MAX || !utf8_valid(word.ptr, word.len)) abort();
        if (++n > size) abort(); /* Each takes a byte at least. */
        words_init(&again, word);
        if (words_next(&again, &other) && other.len > WORD_BYTES_MAX) abort();
    }
    return 0;
}
