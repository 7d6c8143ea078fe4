# Compiler and linker flags for all layers.
add_compile_options(
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef
    -Wvla -Wwrite-strings -Wimplicit-fallthrough -Wno-missing-field-initializers
    -fno-common -fstack-protector-strong -ffunction-sections -fdata-sections)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wlogical-op -Wduplicated-cond)
endif()
if(TIRO_WERROR)
    add_compile_options(-Werror)
endif()
add_compile_definitions(_GNU_SOURCE TIRO_VERSION="${PROJECT_VERSION}")
# Results must not depend on the compiler's mood: no contraction unless a kernel asks for fma.
add_compile_options(-ffp-contract=off)
if(TIRO_SANITIZE)
    add_compile_options(-fsanitize=${TIRO_SANITIZE} -fno-omit-frame-pointer -O1)
    add_link_options(-fsanitize=${TIRO_SANITIZE})
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-maybe-uninitialized) # gcc's own false alarms with sanitizers
    endif()
    if(TIRO_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
else()
    add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
if(TIRO_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now)

# The last word of a kernel's file name selects its instruction set: gemm_q4_avx2.c.
set(TIRO_ISA_avx2 -mavx2 -mfma -mf16c -mbmi2)
set(TIRO_ISA_avxvnni -mavx2 -mfma -mf16c -mbmi2 -mavxvnni)
set(TIRO_ISA_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c -mbmi2)
set(TIRO_ISA_vnni512 ${TIRO_ISA_avx512} -mavx512vnni -mavx512vbmi)
set(TIRO_ISA_bf16512 ${TIRO_ISA_avx512} -mavx512bf16)
set(TIRO_KERNEL_FLAGS -O3 -falign-loops=64 -falign-functions=64 -fno-math-errno -fno-trapping-math)
