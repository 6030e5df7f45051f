/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror - load what the ERP exports into the mirror's tables
 * All files or nothing, in one transaction. A file is the whole truth about its table: what it does not name goes
 * (prices, aliases, units, accounts, tax rates), becomes inactive (items, customers, warehouses) or has none on hand
 * (stock). A file that is not there leaves its table alone.
 */
#ifndef TRIBUTARY_CLI_MIRROR_H
#define TRIBUTARY_CLI_MIRROR_H

/* mirror_command - argv[0] is "mirror"; returns 0, 1 (nothing was loaded, said why on stderr) or 2 (usage) */
int mirror_command(int argc, char **argv);

#endif
