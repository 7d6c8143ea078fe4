# The chat page: web/ bundled by esbuild, gzipped and linked into the program as src/gateway/assets.h
# declares. Without it (-DTIRO_WEB=OFF: sanitizers, fuzzing) the server has its plain built-in page.
option(TIRO_WEB "Build the chat page into the program (needs Node.js 18 and npm)" ON)

set(web_assets ${CMAKE_BINARY_DIR}/web_assets.c)
if(TIRO_WEB)
    find_program(NODE node REQUIRED)
    find_program(NPM npm REQUIRED)
    set(web_dir ${CMAKE_SOURCE_DIR}/web)
    file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_dir}/src/*)
    add_custom_command(
        OUTPUT ${web_dir}/node_modules/.package-lock.json
        COMMAND ${NPM} ci --loglevel=error --no-audit --no-fund
        DEPENDS ${web_dir}/package.json ${web_dir}/package-lock.json
        WORKING_DIRECTORY ${web_dir}
        COMMENT "Getting the page's libraries"
        VERBATIM)
    add_custom_command(
        OUTPUT ${web_assets}
        COMMAND ${NODE} build.mjs --c ${web_assets}
        DEPENDS ${web_sources} ${web_dir}/build.mjs ${web_dir}/node_modules/.package-lock.json
        WORKING_DIRECTORY ${web_dir}
        COMMENT "Bundling the page"
        VERBATIM)
else()
    file(CONFIGURE OUTPUT ${web_assets} CONTENT
"/* Built without the page (TIRO_WEB=OFF). */
#include \"gateway/assets.h\"

const struct asset assets[] = { { .path = NULL } };
const size_t assets_len = 0;
")
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/src/gateway/assets.h)
    target_sources(tiro_gateway PRIVATE ${web_assets})
endif()
