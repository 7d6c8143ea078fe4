/* value - how an attribute's value goes over the wire; shared by the index's messages. */
#ifndef TIRO_PROTO_VALUE_H
#define TIRO_PROTO_VALUE_H

#include "proto/message.h"

extern const struct message_record msg_value_record;

#endif
