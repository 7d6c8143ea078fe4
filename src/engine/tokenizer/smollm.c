/* SmolLM, SmolLM2, StarCoder: every digit alone, then GPT-2's regex on what lies between. A digit
 * is therefore the end of the text for that regex, and its lookahead sees it so. */
#include "engine/tokenizer_family.h"
#include "engine/tokenizer_split.h"

static size_t word_end(const uint8_t *classes, const char *s, size_t len, size_t at)
{
    uint32_t c;
    size_t n = unicode_at(&c, s, len, at);
    if (classes[c] & CLASS_NUMERIC) return at + n;
    return text_gpt2(&(struct text){ classes, s, len, CLASS_NUMERIC }, at);
}

static const char *const pre[] = { "smollm", "starcoder", NULL };

const struct tokenizer_family tokenizer_family_smollm = {
    .name = "smollm",
    .algorithm = ALGORITHM_BPE,
    .ggml_model = "gpt2",
    .ggml_pre = pre,
    .digits = true,
    .word_end = word_end,
};
