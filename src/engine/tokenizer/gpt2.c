/* GPT-2: '(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * Published as the pre-tokeniser ByteLevel in tokenizer.json. */
#include "engine/tokenizer_family.h"
#include "engine/tokenizer_split.h"

static size_t word_end(const uint8_t *classes, const char *s, size_t len, size_t at)
{
    return text_gpt2(&(struct text){ classes, s, len, 0 }, at);
}

static const char *const pre[] = { "gpt-2", "gpt2", NULL };
static const char *const architectures[] = { "gpt2", NULL };

const struct tokenizer_family tokenizer_family_gpt2 = {
    .name = "gpt2",
    .algorithm = ALGORITHM_BPE,
    .ggml_model = "gpt2",
    .ggml_pre = pre,
    .architectures = architectures,
    .word_end = word_end,
};
