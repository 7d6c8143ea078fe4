/* layout - the version of what pack kernels make (drawn in ref/pack_ref.c).
 *
 * Packed weights are kept on disk from one start to the next. Whoever changes the bytes that
 * packing gives for any type raises this number; files with another one are made anew.
 * tests/unit/engine/test_packed.c fails while that is forgotten.
 */
#ifndef TIRO_KERNELS_LAYOUT_H
#define TIRO_KERNELS_LAYOUT_H

enum { KERNEL_LAYOUT = 1 };

#endif
