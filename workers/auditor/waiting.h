/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - what waits for a person, told as figures each round, so that somebody is reminded of it
 */
#ifndef TRIBUTARY_AUDITOR_WAITING_H
#define TRIBUTARY_AUDITOR_WAITING_H

#include "worker/worker.h"

/*
 * waiting_tell - tributary_auditor_waiting{what}          how many are open, at most WAITING_COUNTED_MAX are counted
 *                tributary_auditor_waiting_seconds{what}  the age of the oldest
 * what  exceptions; exceptions_urgent: of these those of orders whose goods are on their way meanwhile; dead_letters
 */
enum outcome waiting_tell(struct batch *batch, struct why *why) MUST_CHECK;

#endif
