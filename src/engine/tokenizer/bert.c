/* BERT: WordPiece over words that are split at spaces and around punctuation. */
#include "engine/tokenizer_family.h"

static const char *const architectures[] = { "bert", NULL };
static const char *const pre[] = { "default", "bert-bge", "jina-v2-en", NULL };

const struct tokenizer_family tokenizer_family_bert = {
    .name = "bert",
    .algorithm = ALGORITHM_WORDPIECE,
    .ggml_model = "bert",
    .ggml_pre = pre,
    .architectures = architectures,
};
