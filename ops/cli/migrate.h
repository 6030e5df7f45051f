/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate - bring the database to what migrations/NNNN_name.sql say
 * Forward only: an applied file is never changed again. Each file is applied in one transaction together with its row
 * in tributary.migrations; one run at a time holds a lock, others wait for it. The role needs CREATE on the database,
 * once, and owns what it makes.
 */
#ifndef TRIBUTARY_CLI_MIGRATE_H
#define TRIBUTARY_CLI_MIGRATE_H

/* migrate_command - argv[0] is "migrate"; returns 0, 1 (not done, said why on stderr) or 2 (usage) */
int migrate_command(int argc, char **argv);

#endif
