/* SentencePiece's BPE, as Gemma has it: no words, no normal form, spaces are U+2581, and characters
 * that are no tokens become the bytes <0x00> to <0xFF>. */
#include "engine/tokenizer_family.h"

static const char *const pre[] = { "default", NULL };
static const char *const architectures[] = { "gemma", "gemma2", "gemma3", "llama", NULL };

const struct tokenizer_family tokenizer_family_spm = {
    .name = "spm",
    .algorithm = ALGORITHM_SPM,
    .ggml_model = "llama",
    .ggml_pre = pre,
    .architectures = architectures,
};
