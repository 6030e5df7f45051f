/* SPDX-License-Identifier: Apache-2.0 */
/* Dying on purpose, for drills that prove what a death at each step leads to (see skeleton.h). */
#include "worker/skeleton.h"

#include "base/log.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const step_names[] = {"take",   "decode",  "handle", "prepare", "call",
					 "commit", "publish", "mark",   "ack"};

void
fault_load(struct skeleton *s)
{
	char step[16];
	long countdown;
	FILE *f = s->config.fault_file[0] ? fopen(s->config.fault_file, "re") : NULL;

	if (!f)
		return;
	if (fscanf(f, "%15s %ld", step, &countdown) == 2)
		for (size_t i = 0; i < COUNT_OF(step_names); i++)
			if (strcmp(step, step_names[i]) == 0) {
				s->fault.is_set = true;
				s->fault.step = (enum step)i;
				s->fault.countdown = countdown;
			}
	fclose(f);
	/* Once only: the process that is started in this one's place must live. */
	if (unlink(s->config.fault_file) != 0)
		s->fault.is_set = false;
}

void
fault_point(struct skeleton *s, enum step step)
{
	if (!s->fault.is_set || s->fault.step != step || --s->fault.countdown > 0)
		return;
	log_line(LOG_LEVEL_WARN, "fault", "step=%s", step_names[step]);
	raise(SIGKILL);
}
