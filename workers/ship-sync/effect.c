/* SPDX-License-Identifier: Apache-2.0 */
#include "ship-sync/effect.h"

static const char *const state_names[] = {"prepared", "confirmed", "refused", "in_doubt"};

const char *
effect_state_name(enum effect_state state)
{
	return state_names[state];
}

bool
effect_state_parse(struct str text, enum effect_state *state)
{
	for (size_t i = 0; i < COUNT_OF(state_names); i++)
		if (str_equal(text, str_of(state_names[i]))) {
			*state = (enum effect_state)i;
			return true;
		}
	return false;
}

static enum effect_step
prepared_decide(const struct effect *known, int64_t lease_us, struct why *why)
{
	if (known->age_us < lease_us) {
		(void)why_set(why, OUTCOME_RETRY, "effect-in-flight",
			      "another process may be asking the partner right now");
		return EFFECT_WAIT;
	}
	if (known->can_probe)
		return EFFECT_PROBE;
	(void)why_set(why, OUTCOME_HELD, "in-doubt", "it was to be sent, and how that ended was never written down");
	return EFFECT_DOUBT;
}

enum effect_step
effect_decide(const struct effect *known, int64_t lease_us, struct why *why)
{
	if (known->state == EFFECT_CONFIRMED)
		return EFFECT_DONE;
	if (known->is_not_sent)
		return EFFECT_SEND;
	if (known->state == EFFECT_PREPARED)
		return prepared_decide(known, lease_us, why);
	if (known->state == EFFECT_IN_DOUBT && known->can_probe)
		return EFFECT_PROBE;
	if (known->state == EFFECT_REFUSED)
		(void)why_set(why, OUTCOME_HELD, "partner-refused", "the partner has refused it before");
	else
		(void)why_set(why, OUTCOME_HELD, "in-doubt", "it was sent, and how that ended is not known");
	return EFFECT_HOLD;
}

enum effect_state
effect_settle(enum outcome answer, bool *is_not_sent)
{
	*is_not_sent = false;
	switch (answer) {
	case OUTCOME_OK:
		return EFFECT_CONFIRMED;
	case OUTCOME_HELD:
		return EFFECT_REFUSED;
	case OUTCOME_UNSURE:
		return EFFECT_IN_DOUBT;
	default:
		*is_not_sent = true;
		return EFFECT_PREPARED;
	}
}
