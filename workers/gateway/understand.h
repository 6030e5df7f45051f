/* SPDX-License-Identifier: Apache-2.0 */
/*
 * understand - what a document says, as ingest will understand it, by the same code (shared/intake)
 */
#ifndef TRIBUTARY_GATEWAY_UNDERSTAND_H
#define TRIBUTARY_GATEWAY_UNDERSTAND_H

#include "gateway/submit.h"

/*
 * submission_understand - fills document_id, and the answer of its 202
 * False when it was answered: a dry run, or a document of which nothing would be taken.
 */
bool submission_understand(struct lane_work *work, struct submission *s);

#endif
