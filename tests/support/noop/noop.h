/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noop - the smallest worker there is, for tests of the skeleton
 * It writes down the number of each order it sees. What else it does, the number says:
 *   slow…    its statement takes 8 s
 *   retry…   the first attempt is put off
 *   held…    the business says no
 *   crash…   the process dies, without a word
 *   poison…  its row breaks a constraint, and with it the transaction of the whole batch
 */
#ifndef TRIBUTARY_NOOP_H
#define TRIBUTARY_NOOP_H

#include "worker/worker.h"

enum outcome noop_handle(struct batch *batch, struct why *why);

#endif
