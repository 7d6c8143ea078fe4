/* Llama 3: as Qwen2, but without NFC, digits by threes, and a word that is a token stays whole. */
#include "engine/tokenizer_family.h"
#include "engine/tokenizer_split.h"

static size_t numbers(const struct text *t, size_t at)
{
    for (int n = 0; n < 3; n++) {
        size_t next;
        if (!(text_class(t, at, &next) & CLASS_NUMBER)) break;
        at = next;
    }
    return at;
}

static size_t word_end(const uint8_t *classes, const char *s, size_t len, size_t at)
{
    struct text t = { classes, s, len, 0 };
    size_t end = text_contraction(&t, at, true);
    if (end == at) end = text_word(&t, at);
    if (end == at) end = numbers(&t, at);
    if (end == at) end = text_punctuation(&t, at);
    if (end == at) end = text_newlines(&t, at);
    return end > at ? end : text_spaces(&t, at);
}

static const char *const pre[] = { "llama-bpe", "llama3", NULL };

const struct tokenizer_family tokenizer_family_llama3 = {
    .name = "llama3",
    .algorithm = ALGORITHM_BPE,
    .ggml_model = "gpt2",
    .ggml_pre = pre,
    .whole_words = true,
    .regex = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}"
             "\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    .word_end = word_end,
};
