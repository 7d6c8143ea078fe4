#include "api/server_tool.h"

const struct server_tool *server_tool_of_type(struct slice type)
{
    for (size_t i = 0; i < server_tool_registry_len; i++)
        if (slice_is(type, server_tool_registry[i]->type)) return server_tool_registry[i];
    return NULL;
}

const struct server_tool *server_tool_of_item(struct slice item_type)
{
    for (size_t i = 0; i < server_tool_registry_len; i++)
        if (slice_is(item_type, server_tool_registry[i]->item_type)) return server_tool_registry[i];
    return NULL;
}
