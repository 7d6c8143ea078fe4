/* checksum - 64 bits over any number of bytes, as fast as memory can be read.
 *
 *     uint64_t sum = checksum64(0, bytes, len);
 *     sum = checksum64(sum, more, more_len);          over both, in this order
 *
 * It notices damage, not malice: whoever can choose the bytes can make two texts of one sum. Any
 * change within one 8-byte word changes the sum. The value may lie in files: it never changes.
 */
#ifndef TIRO_BASE_CHECKSUM_H
#define TIRO_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum64(uint64_t seed, const void *bytes, size_t len);

#endif
