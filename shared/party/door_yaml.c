/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway lets in of a party; each of it has a default, so that no door is without a limit. */
#include "base/decimal.h"
#include "party/party_yaml_internal.h"

#define RATE_DEFAULT_MICRO (50 * DECIMAL_ONE)
#define BURST_DEFAULT 100
#define BURST_MAX 100000
#define BODY_DEFAULT_BYTES (INT64_C(1) << 20)
#define BODY_MIN_BYTES 1024

const cyaml_schema_field_t door_yaml_fields[] = {
    PARTY_YAML_TEXT(door_text, requests_per_second),
    PARTY_YAML_TEXT(door_text, burst),
    PARTY_YAML_TEXT(door_text, body_bytes),
    CYAML_FIELD_END,
};

void
door_yaml_read(struct yaml_file *file, const struct door_text *text, struct party *party)
{
	struct party_door *d = &party->door;

	*d = (struct party_door){
	    .requests_per_second_micro = RATE_DEFAULT_MICRO, .burst = BURST_DEFAULT, .body_bytes = BODY_DEFAULT_BYTES};
	if (!text)
		return;
	if (text->requests_per_second)
		d->requests_per_second_micro =
		    party_yaml_rate(file, "gateway.requests_per_second", text->requests_per_second);
	if (text->burst)
		d->burst = yaml_file_int(file, "gateway.burst", text->burst, 1, BURST_MAX);
	if (text->body_bytes)
		d->body_bytes =
		    yaml_file_int(file, "gateway.body_bytes", text->body_bytes, BODY_MIN_BYTES, PARTY_BODY_BYTES_MAX);
}
