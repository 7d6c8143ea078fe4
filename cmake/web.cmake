# The chat page: web/ bundled by esbuild, gzipped and linked into the program as src/gateway/assets.h
# declares. Without it (-DTIRO_WEB=OFF: sanitizers, fuzzing) the server has its plain built-in page.
# TIRO_PYTHON=OFF leaves out the Python that runs in the browser, 6 MB of the program.
option(TIRO_WEB "Build the chat page into the program (needs Node.js 18 and npm)" ON)
option(TIRO_PYTHON "Give the chat page a Python that runs in the browser (6 MB)" ON)

set(web_assets ${CMAKE_BINARY_DIR}/web_assets.c)
if(TIRO_WEB)
    enable_language(ASM)
    find_program(NODE node REQUIRED)
    find_program(NPM npm REQUIRED)
    set(web_dir ${CMAKE_SOURCE_DIR}/web)
    set(web_bytes ${CMAKE_BINARY_DIR}/web_bytes.S)
    file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_dir}/src/*)
    add_custom_command(
        OUTPUT ${web_dir}/node_modules/.package-lock.json
        COMMAND ${NPM} ci --loglevel=error --no-audit --no-fund
        DEPENDS ${web_dir}/package.json ${web_dir}/package-lock.json
        WORKING_DIRECTORY ${web_dir}
        COMMENT "Getting the page's libraries"
        VERBATIM)
    add_custom_command(
        OUTPUT ${web_assets} ${web_bytes}
        COMMAND ${NODE} build.mjs --c ${CMAKE_BINARY_DIR} $<$<NOT:$<BOOL:${TIRO_PYTHON}>>:--no-python>
        DEPENDS ${web_sources} ${web_dir}/build.mjs ${web_dir}/node_modules/.package-lock.json
        WORKING_DIRECTORY ${web_dir}
        COMMENT "Bundling the page"
        COMMAND_EXPAND_LISTS
        VERBATIM)
    # Where .incbin finds them.
    set_source_files_properties(${web_bytes} PROPERTIES INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR})
else()
    file(CONFIGURE OUTPUT ${web_assets} CONTENT
"/* Built without the page (TIRO_WEB=OFF). */
#include \"gateway/assets.h\"

const struct asset assets[] = { { .path = NULL } };
const size_t assets_len = 0;
")
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/src/gateway/assets.h)
    target_sources(tiro_gateway PRIVATE ${web_assets} ${web_bytes})
endif()
