/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders - what became of the orders
 */
#ifndef TRIBUTARY_CLI_ORDERS_H
#define TRIBUTARY_CLI_ORDERS_H

/* orders_command - the latest orders, filtered; order_command - one order with its lines, shipments and timeline.
 * Return 0, 1 (no such order, or no database) or 2 (usage). */
int orders_command(int argc, char **argv);
int order_command(int argc, char **argv);

#endif
