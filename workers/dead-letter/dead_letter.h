/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dead_letter - keeps what was given up on
 */
#ifndef TRIBUTARY_DEAD_LETTER_H
#define TRIBUTARY_DEAD_LETTER_H

#include "worker/worker.h"

enum outcome dead_letter_handle(struct batch *batch, struct why *why);

#endif
