/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acknowledgement - a party's word about a document that we sent it: X12 997, 999 and TA1, EDIFACT CONTRL
 * Contract "acknowledgement", version 1. Said as document.acknowledged.
 */
#ifndef TRIBUTARY_MODEL_ACKNOWLEDGEMENT_H
#define TRIBUTARY_MODEL_ACKNOWLEDGEMENT_H

#include "contract/contract.h"

enum acknowledgement_verdict {
	ACKNOWLEDGEMENT_ACCEPTED,
	ACKNOWLEDGEMENT_WITH_ERRORS, /* accepted, but something in it was not as they like it */
	ACKNOWLEDGEMENT_REJECTED,
};

struct acknowledgement {
	struct str party;
	struct str control; /* the number of our interchange or group, digits */
	int verdict;        /* enum acknowledgement_verdict */
	struct str reason;  /* their codes and places; may be empty */
};

extern const struct contract acknowledgement_contract;
/* channel_acknowledgement_contract - as a mapping gives it: without the party */
extern const struct contract channel_acknowledgement_contract;

#endif
