/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract_file - topology/api/openapi.yaml: what is deprecated, and the document itself for whoever asks
 */
#ifndef TRIBUTARY_GATEWAY_CONTRACT_FILE_H
#define TRIBUTARY_GATEWAY_CONTRACT_FILE_H

#include "gateway/route.h"

enum outcome contract_file_answer(struct lane_work *work, struct call **calls, size_t n, struct why *why) MUST_CHECK;

#endif
