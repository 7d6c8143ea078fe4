/* reader - the checked reader: the only way untrusted bytes become numbers and strings.
 *
 *     struct reader r;
 *     reader_init(&r, map, size, "model.gguf");
 *     TRY(reader_u32(&r, &magic, "magic", err));
 *     TRY(reader_count(&r, &n, 8, "number of tensors", err));   n * 8 bytes must still be there
 *
 * Every read is compared with the bytes that remain (O(1), checked u64 arithmetic) and names its
 * field and offset in the error. Little endian. Nothing is read past the end; on failure the
 * position stays where it was.
 */
#ifndef TIRO_BASE_READER_H
#define TIRO_BASE_READER_H

#include "base/err.h"
#include "base/slice.h"

struct reader {
    const unsigned char *base;
    uint64_t size, at; /* at <= size */
    const char *name;  /* Of the file or message, for errors. */
};

void reader_init(struct reader *r, const void *base, uint64_t size, const char *name);
uint64_t reader_left(const struct reader *r);
int reader_u8(struct reader *r, uint8_t *ret, const char *field, struct err *err) MUST_USE;
int reader_u16(struct reader *r, uint16_t *ret, const char *field, struct err *err) MUST_USE;
int reader_u32(struct reader *r, uint32_t *ret, const char *field, struct err *err) MUST_USE;
int reader_u64(struct reader *r, uint64_t *ret, const char *field, struct err *err) MUST_USE;
int reader_f32(struct reader *r, float *ret, const char *field, struct err *err) MUST_USE;
int reader_f64(struct reader *r, double *ret, const char *field, struct err *err) MUST_USE;
/* `len` bytes as a view into the input. */
int reader_bytes(struct reader *r, struct slice *ret, uint64_t len, const char *field,
                 struct err *err) MUST_USE;
/* A u64 count of things that take at least `least` bytes each (> 0): refused unless they fit. */
int reader_count(struct reader *r, uint64_t *ret, uint64_t least, const char *field,
                 struct err *err) MUST_USE;
/* Forward to the next multiple of `alignment` (a power of two); the padding must exist. */
int reader_align(struct reader *r, uint64_t alignment, const char *field, struct err *err) MUST_USE;
/* Fails with ERR_FORMAT, naming file, field and offset: for values that parse but make no sense. */
#define reader_bad(r, field, err, ...) err_negative(reader_bad_(r, field, err, __VA_ARGS__))
int reader_bad_(const struct reader *r, const char *field, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
