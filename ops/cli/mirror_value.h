/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_value - one value of an ERP's file: is it what its column says, and how does it go into a row
 */
#ifndef TRIBUTARY_CLI_MIRROR_VALUE_H
#define TRIBUTARY_CLI_MIRROR_VALUE_H

#include "mirror_tables.h"

/* mirror_value_check - NULL, or what is wrong with it, for a person */
const char *mirror_value_check(enum mirror_type type, struct str value);
/* mirror_value_put - the next parameter of the row; a value that was not checked counts as 0 or false */
void mirror_value_put(enum mirror_type type, struct str value, struct rows *rows);

#endif
