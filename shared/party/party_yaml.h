/* SPDX-License-Identifier: Apache-2.0 */
/*
 * party_yaml - one party.yaml to one struct party
 */
#ifndef TRIBUTARY_PARTY_PARTY_YAML_H
#define TRIBUTARY_PARTY_PARTY_YAML_H

#include "base/arena.h"
#include "party/party.h"

/*
 * party_yaml_read - read and check one file
 * path    of the file
 * folder  the folder's name, which the party must carry
 * arena   the texts of `party` are from it
 * party   written when the result is 0
 * Returns the number of problems, each one line on `errors`.
 */
size_t party_yaml_read(const char *path, const char *folder, struct arena *arena, FILE *errors, struct party *party);

#endif
