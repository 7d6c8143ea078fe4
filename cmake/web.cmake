# The chat page, built by tools/web.sh into web/dist and linked into the program (src/gateway/assets).
