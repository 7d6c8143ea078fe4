/* What the workers of one document are told apart by. */
#include "gateway/extractor.h"

#include "api/press.h"
#include "proto/decode.h"
#include "proto/press.h"

const struct extractor_kind extractor_decode = {
    .name = "decode",
    .by_name = true,
    .is_text = true,
    .running_max = EXTRACT_RUNNING_MAX,
    .waiting_max = EXTRACT_WAITING_MAX,
    .bytes_max = EXTRACT_TEXT_MAX,
    .ms = EXTRACT_MS,
    .trouble = {
        [EXTRACTOR_SLOW] = "The file could not be read within two minutes.",
        [EXTRACTOR_LONG] = "The file has more than 32 MiB of text.",
        [EXTRACTOR_KILLED] = "The file took too much time or memory to be read.",
        [EXTRACTOR_LOST] = "A process to read the file",
        [EXTRACTOR_FULL] = "Too many files wait to be read; try again later.",
    },
    .end_error = extract_end_error,
    .status_broken = DECODE_BROKEN,
};

const struct extractor_kind extractor_press = {
    .name = "press",
    .running_max = PRESS_RUNNING_MAX,
    .waiting_max = PRESS_WAITING_MAX,
    .bytes_max = PRESS_BYTES_MAX,
    .ms = PRESS_MS,
    .trouble = {
        [EXTRACTOR_SLOW] = "The book could not be made a file within two minutes.",
        [EXTRACTOR_LONG] = "The book's file would be larger than 64 MiB.",
        [EXTRACTOR_KILLED] = "The book took too much time or memory to be made a file.",
        [EXTRACTOR_LOST] = "A process to make the file",
        [EXTRACTOR_FULL] = "Too many books wait to be made files; try again later.",
    },
    .end_error = press_end_error,
    .status_broken = PRESS_BROKEN,
};
