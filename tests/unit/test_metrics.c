/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct metrics *m;
static struct buf out;

static void
setup(void)
{
	m = metrics_new();
	cr_assert(m);
	buf_init(&out, 1 << 20);
}

static void
teardown(void)
{
	metrics_free(m);
	buf_release(&out);
}

TestSuite(metrics, .init = setup, .fini = teardown, .timeout = 20);

Test(metrics, a_workers_own_figures_stand_together_by_name)
{
	metrics_own(m, "drift_total", "shopify", "new", 1);
	metrics_own(m, "drift_alarms", "shopify", NULL, 5);
	metrics_own(m, "drift_total", "portal", "missing", 2);
	metrics_own(m, "drift_total", "shopify", "new", 3);
	metrics_own(m, "drift_alarms", "shopify", NULL, 4);
	metrics_put(m, "ingest", &out);
	cr_expect(strstr(buf_text(&out), "# TYPE tributary_ingest_drift_total counter\n"
					 "tributary_ingest_drift_total{party=\"shopify\",what=\"new\"} 4\n"
					 "tributary_ingest_drift_total{party=\"portal\",what=\"missing\"} 2\n"
					 "# TYPE tributary_ingest_drift_alarms gauge\n"
					 "tributary_ingest_drift_alarms{party=\"shopify\"} 4\n"),
		  "%s", buf_text(&out));
}

Test(metrics, what_has_no_room_is_not_kept)
{
	char party[60];

	for (size_t i = 0; i < METRICS_OWN_MAX + 10; i++) {
		snprintf(party, sizeof party, "p%zu", i);
		metrics_own(m, "n_total", party, "new", 1);
	}
	memset(party, 'x', sizeof party - 1);
	party[sizeof party - 1] = '\0';
	metrics_own(m, "n_total", party, "new", 1);
	metrics_put(m, "w", &out);
	cr_assert(buf_is_ok(&out));
	cr_expect(strstr(buf_text(&out), "\"p511\"") && !strstr(buf_text(&out), "\"p512\"") &&
		  !strstr(buf_text(&out), "xxx"));
}
