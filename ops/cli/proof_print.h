/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof_print - hashes, findings and verdicts, for people and for programs
 */
#ifndef TRIBUTARY_CLI_PROOF_PRINT_H
#define TRIBUTARY_CLI_PROOF_PRINT_H

#include "proof/proof.h"

#define PROOF_HEX_BYTES (2 * PROOF_HASH_BYTES + 1)

/* proof_hex - the first n bytes in hexadecimal; out has 2 n + 1 */
const char *proof_hex(const unsigned char *bytes, size_t n, char *out);
/* proof_unhex - 64 hexadecimal digits; false when it is none */
bool proof_unhex(const char *text, unsigned char out[static PROOF_HASH_BYTES]) MUST_CHECK;
/* proof_findings_print - a line each */
void proof_findings_print(const struct proof_findings *f);
/* proof_findings_json - ["row 12 was changed (seal 3)", …] */
void proof_findings_json(const struct proof_findings *f, struct buf *out);

#endif
