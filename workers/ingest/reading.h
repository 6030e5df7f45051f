/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading - what a party's documents are read with, as a number
 * Reading is a function of the bytes, the kind, the content type, and of what the number is a digest of: this program, the
 * party's settings and mapping, and the library of mappings. So the same bytes with the same reading say the same; after any
 * change of these everything is read anew.
 */
#ifndef TRIBUTARY_INGEST_READING_H
#define TRIBUTARY_INGEST_READING_H

#include "party/party.h"

#include <stdint.h>

/*
 * readings_of - of each party, as the files in parties_dir are now
 * document_bytes  what a larger document is refused by
 * readings        one for each party, in their order; 0: a file cannot be read, and nothing is known to be the same
 */
void readings_of(const char *parties_dir, const struct party_list *parties, int64_t document_bytes, int64_t *readings);

#endif
