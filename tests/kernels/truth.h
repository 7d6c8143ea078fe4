/* truth - the references against double arithmetic, golden data and known values. */
#ifndef TIRO_TESTS_KERNELS_TRUTH_H
#define TIRO_TESTS_KERNELS_TRUTH_H

void test_dequant_golden(void **state);
void test_linear_truth(void **state);
void test_functions_truth(void **state);
void test_halves_truth(void **state);
void test_attention_truth(void **state);
void test_rows_truth(void **state);
void test_pictures_truth(void **state);
void test_dtypes(void **state);
void test_encode_golden(void **state);
void test_encode_edges(void **state);

#endif
