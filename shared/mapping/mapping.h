/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping - a party's own words to ours and back, in sandboxed Lua 5.4
 * topology/parties/<party>/mapping.lua returns a table of functions, each from one document to one table:
 *     return { order = function(doc) … end, shipment = function(doc) … end }
 * What a mapping sees and may do is described for its author in topology/parties/README.md.
 * Mappings have no state that we know of: one document, one run. No file, clock, chance or code from outside; bounded
 * in instructions, CPU time, memory and in what it returns. After any fault the mapping can be run again.
 */
#ifndef TRIBUTARY_MAPPING_MAPPING_H
#define TRIBUTARY_MAPPING_MAPPING_H

#include "formats/tree.h"
#include "party/party.h"

struct mapping;

#define MAPPING_INSTRUCTIONS_MAX 10000000           /* of one run; an order line takes about 300 */
#define MAPPING_CPU_US_MAX INT64_C(1000000)         /* of one run; looked at now and then, so it ends a little later */
#define MAPPING_PATTERN_STEPS_MAX INT64_C(20000000) /* of one run, estimated before each match */
#define MAPPING_MEMORY_BYTES_MAX ((size_t)32 << 20) /* of the mapping, with all it loaded */
#define MAPPING_RESULT_DEPTH_MAX 16
#define MAPPING_RESULT_NODES_MAX 200000
#define MAPPING_FILE_BYTES_MAX ((size_t)256 << 10)
#define MAPPING_CODES_MAX 256  /* different codes that one mapping refuses, holds and ignores with */
#define MAPPING_ABOUT_BYTES 65 /* of what a mapping says a document is about, with the NUL */

/*
 * mapping_open - load <parties_dir>/<party>/mapping.lua and what it takes from <parties_dir>/lib
 * parties_dir, party  borrowed until it returns
 * out                 owned by the caller: mapping_close
 *
 * OUTCOME_DEAD  codes: mapping-missing (no such file)  mapping-error (syntax, or a fault while it was loaded; the text
 *               begins with file:line)  mapping-budget  mapping-memory
 */
enum outcome mapping_open(const char *parties_dir, const struct party *party, struct mapping **out,
			  struct why *why) MUST_CHECK;
void mapping_close(struct mapping *m); /* NULL is fine; every why.code a run gave is void then */

/* mapping_has - is there a function of this name? */
bool mapping_has(const struct mapping *m, const char *function);

/*
 * mapping_run - map one document
 * document  borrowed, with its arena, for the call
 * arena     holds the result; a part of the document that was returned as it is stays shared with it
 * result    written on OUTCOME_OK only; NULL when the document was understood and needs nothing (`ignore`), and then
 *           why has the mapping's own code and the reason
 * Objects have their members in the order of their names, so that the same document gives the same bytes. A Lua integer
 * becomes NODE_NUMBER, a string NODE_TEXT, an empty table an empty list.
 *
 * OUTCOME_DEAD  the mapping refused the document   code and path: the mapping's own (`refuse`)
 *               Lua stumbled over what the document has, or has not, at the path   codes: field-type field-missing
 *               the mapping is wrong               codes: mapping-error mapping-result mapping-budget mapping-memory
 *               the arena is full                  code: too-large
 * OUTCOME_HELD  a person must look                 code and path: the mapping's own (`hold`)
 * A mapping's own codes live until mapping_close.
 */
enum outcome mapping_run(struct mapping *m, const char *function, const struct node *document, struct arena *arena,
			 struct node **result, struct why *why) MUST_CHECK;

/*
 * mapping_say - the same for a document of our own, to be written for another
 * It is as its contract says; so whatever Lua stumbles over is the mapping's fault and ends as mapping-error.
 */
enum outcome mapping_say(struct mapping *m, const char *function, const struct node *document, struct arena *arena,
			 struct node **result, struct why *why) MUST_CHECK;

/* mapping_about - what people know the last document by (`about`); "" when the mapping did not say. Until the next run
 */
const char *mapping_about(const struct mapping *m);

#endif
