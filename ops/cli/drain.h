/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain - the commands of `tributary dead-letters` beside those that exceptions have, too (kept.h)
 */
#ifndef TRIBUTARY_CLI_DRAIN_H
#define TRIBUTARY_CLI_DRAIN_H

/* drain.c: what is there, and what people note about it */
int drain_groups_command(int argc, char **argv);
int drain_search_command(int argc, char **argv);
int drain_show_command(int argc, char **argv);
int drain_assign_command(int argc, char **argv);
int drain_note_command(int argc, char **argv);
int drain_lock_command(int argc, char **argv);
int drain_unlock_command(int argc, char **argv);

/* drain_plan.c, drain_apply.c: replays of many, foreseen */
int drain_plan_command(int argc, char **argv);
int drain_apply_command(int argc, char **argv);

/* drain_edit.c */
int drain_edit_command(int argc, char **argv);

#endif
