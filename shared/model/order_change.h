/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_change - a change of some lines or header fields of a known order (kind change), and the order it makes
 * A change only says what becomes other; what it does not say has its zero and stays as it is:
 *   header      a field or part (buyer, ship_to, bill_to) that is said takes the place of the known one as a whole; an
 *               address that is only the number of the known one says nothing new
 *   lines       by line_ref, one after the other; each has an action
 *   add         a line in full; without a unit_price it is free
 *   change      what it says of the line, in place of that; nothing can be changed to 0
 *   remove      the line_ref, and the item if it likes, to be compared
 *   references  in place of the known ones with their qualifiers
 *   adjustments when there are any: all of them
 *   stated      when there is a grand total: of the whole order as it is to be
 */
#ifndef TRIBUTARY_MODEL_ORDER_CHANGE_H
#define TRIBUTARY_MODEL_ORDER_CHANGE_H

#include "model/order.h"

/*
 * order_change_check - a change by itself
 * OUTCOME_DEAD  codes: field-missing (source_id, source_number, a line_ref, an action, the quantity of an added line)
 */
enum outcome order_change_check(const struct order *change, struct why *why) MUST_CHECK;

/*
 * order_merge - pure; the whole order as it is to be, of kind new, not yet checked (order_check) or rounded
 * merged  its lists are from the arena or the two others'
 * Merging a change once more gives the same order, but for the removal of a line: one that is not there is taken for gone
 * only when the change has the revision that is known. The grand total is the stated one, else ours.
 *
 * A changed line keeps its discount while its quantity and price stay.
 *
 * OUTCOME_HELD  codes: change-line-unknown (it is not there, or is of another item) change-line-known (it is added, and is
 *               there with other content) change-empty (no line is left) change-open (it does not say the tax, or what the
 *               other unit costs; another currency)
 * OUTCOME_DEAD  codes: field-range (too many lines or references) too-large money-range
 */
enum outcome order_merge(const struct order *known, const struct order *change, struct arena *arena,
			 struct order *merged, struct why *why) MUST_CHECK;

#endif
