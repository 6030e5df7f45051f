/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_say - write JSON member by member
 * Commas come by themselves: what the buffer ends in says whether one is due. Faults are the buffer's (buf_is_ok).
 *
 *   json_open(out, NULL, '{'); json_say_text(out, "code", code); json_close(out, '}');
 *
 * key  of the member; NULL for an entry of a list or the whole document
 */
#ifndef TRIBUTARY_FORMATS_JSON_SAY_H
#define TRIBUTARY_FORMATS_JSON_SAY_H

#include "base/uuid.h"

void json_open(struct buf *out, const char *key, char bracket); /* { or [ */
void json_close(struct buf *out, char bracket);                 /* } or ] */
void json_say_text(struct buf *out, const char *key, struct str text);
void json_say_text_if(struct buf *out, const char *key, struct str text); /* nothing when it is empty */
void json_say_int(struct buf *out, const char *key, int64_t value);
void json_say_bool(struct buf *out, const char *key, bool value);
void json_say_decimal(struct buf *out, const char *key, int64_t micro); /* as text: "0.0375" */
void json_say_instant_if(struct buf *out, const char *key, int64_t us); /* RFC 3339; nothing when it is 0 */
void json_say_uuid(struct buf *out, const char *key, struct uuid id);
void json_say_raw(struct buf *out, const char *key, struct str json); /* is JSON already */

#endif
