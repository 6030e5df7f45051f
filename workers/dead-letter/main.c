/* SPDX-License-Identifier: Apache-2.0 */
#include "dead-letter/dead_letter.h"

static const struct handler dead_letter_handlers[] = {
    {.handle = dead_letter_handle},
};

static const struct worker dead_letter_worker = {
    .name = "dead-letter",
    .summary = "keeps what was given up on, whole, until somebody replays or dismisses it",
    .handlers = dead_letter_handlers,
    .handlers_count = COUNT_OF(dead_letter_handlers),
    .is_final = true,
};

int
main(int argc, char **argv)
{
	return worker_main(&dead_letter_worker, argc, argv);
}
