/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - walk over msgpack bytes before they are unpacked
 * The library allocates what a header announces: five bytes can ask for gigabytes. Here every announced count must fit
 * the bytes that are left. Format: github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef TRIBUTARY_CONTRACT_SCAN_H
#define TRIBUTARY_CONTRACT_SCAN_H

#include "base/outcome.h"

#define SCAN_DEPTH_MAX 16
#define SCAN_NODES_MAX 400000

/*
 * msgpack_scan - one value and nothing behind it, at most SCAN_DEPTH_MAX deep and SCAN_NODES_MAX values
 * OUTCOME_DEAD  code: msgpack-invalid
 */
enum outcome msgpack_scan(struct str bytes, struct why *why) MUST_CHECK;

#endif
