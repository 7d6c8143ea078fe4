/* Qwen2, Qwen2.5, Qwen3: NFC, and digits one by one. */
#include "engine/tokenizer_family.h"
#include "engine/tokenizer_split.h"

static size_t word_end(const uint8_t *classes, const char *s, size_t len, size_t at)
{
    struct text t = { classes, s, len, 0 };
    size_t end = text_contraction(&t, at, true), next;
    if (end == at) end = text_word(&t, at);
    if (end == at && (text_class(&t, at, &next) & CLASS_NUMBER)) end = next;
    if (end == at) end = text_punctuation(&t, at);
    if (end == at) end = text_newlines(&t, at);
    return end > at ? end : text_spaces(&t, at);
}

static const char *const pre[] = { "qwen2", NULL };
static const char *const architectures[] = { "qwen2", NULL };

const struct tokenizer_family tokenizer_family_qwen2 = {
    .name = "qwen2",
    .algorithm = ALGORITHM_BPE,
    .ggml_model = "gpt2",
    .ggml_pre = pre,
    .architectures = architectures,
    .nfc = true,
    .regex =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+"
        "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    .word_end = word_end,
};
