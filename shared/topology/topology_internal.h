/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topology_internal - between the files of this folder
 */
#ifndef TRIBUTARY_TOPOLOGY_TOPOLOGY_INTERNAL_H
#define TRIBUTARY_TOPOLOGY_TOPOLOGY_INTERNAL_H

#include "base/arena.h"
#include "topology/topology.h"
#include "yaml/yaml_file.h"

/* What topology_load() gives out is its first member; the arena holds all the rest. */
struct topology_held {
	struct topology topology;
	struct arena *arena;
};

/* topology_check - what the entries say about each other: every name is known, every queue read, every event heard */
void topology_check(const struct topology *t, struct yaml_file *file);

#endif
