/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor/auditor.h"

#include <stddef.h>

#define AT(member) offsetof(struct auditor_config, member)

static const struct param auditor_params[] = {
    {"AUDIT_EVERY_MS", PARAM_INT, AT(every_ms), "10000", 100, 3600000, "ms", "from the end of a round to the next"},
    {"AUDIT_CHANGED_MAX", PARAM_INT, AT(changed_max), "20000", 100, 1000000, "rows",
     "most lines of the timeline, and a tenth of it documents, that a round reads to see what changed"},
    {"AUDIT_SLICE", PARAM_INT, AT(slice), "500", 1, 10000, "orders",
     "how many of the old orders, and documents and items, a round checks again"},
    {"AUDIT_GRACE_S", PARAM_INT, AT(grace_s), "900", 1, 604800, "s",
     "what is younger may be under way; what is older and has no message under way is put back on its way"},
    {"AUDIT_LAG_S", PARAM_INT, AT(lag_s), "30", 0, 3600, "s",
     "how far behind the clock the newest changes are read: what the clocks of the fleet may differ"},
    {"AUDIT_PUT_BACK_MAX", PARAM_INT, AT(put_back_max), "200", 0, 10000, "messages",
     "most messages that a round puts back on their way; 0: none, they are only told"},
};

static const struct worker auditor_worker = {
    .name = "auditor",
    .summary = "checks the books, names what breaks them, puts what was lost back on its way",
    .params = auditor_params,
    .params_count = COUNT_OF(auditor_params),
    .config_size = sizeof(struct auditor_config),
    .tick = auditor_tick,
    .open = auditor_open,
    .close = auditor_close,
};

int
main(int argc, char **argv)
{
	return worker_main(&auditor_worker, argc, argv);
}
