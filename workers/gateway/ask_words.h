/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_words - what a caller is told of a code or of an event of a timeline
 * The fleet's own texts are for its people: they name tables, commands, stock and partners' words. A caller gets a
 * sentence written for him, or the code alone.
 */
#ifndef TRIBUTARY_GATEWAY_ASK_WORDS_H
#define TRIBUTARY_GATEWAY_ASK_WORDS_H

#include "base/str.h"

/* words_of - the sentence of a code; empty when there is none */
struct str words_of(struct str code);

/* words_event_is_open - the event's own text names nothing but the order's content: invoice.issued, changed ... */
bool words_event_is_open(struct str event);

#endif
