/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME      tributary topology - what RabbitMQ must hold
 * SYNOPSIS  tributary topology describe | workers | definitions | apply | check
 * READS     topology/topology.yaml, topology/parties; apply and check also a running broker's management interface
 * WRITES    apply: exchanges, queues, bindings, policies, with --secrets users and permissions. It deletes nothing.
 */
#include "commands.h"
#include "compare.h"
#include "definitions.h"
#include "dispatch.h"
#include "management.h"
#include "options.h"
#include "password.h"
#include "table.h"

#include "formats/json.h"
#include "topology/plan.h"

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX_BYTES ((size_t)64 << 20)
#define ARENA_MAX_BYTES ((size_t)512 << 20)
#define DELAY_MAX_MS INT64_C(604800000)
#define NAMES_BYTES 4096
