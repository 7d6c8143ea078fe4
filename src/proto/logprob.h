/* logprob - the table of struct msg_logprob, shared by the kinds that carry it. */
#ifndef TIRO_PROTO_LOGPROB_H
#define TIRO_PROTO_LOGPROB_H

#include "proto/message.h"

extern const struct message_record msg_logprob_record;

#endif
