/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_names.h"

#define UBL "urn:oasis:names:specification:ubl:schema:xsd:"

const struct xml_prefix xml_prefixes[XML_PREFIXES_COUNT] = {
    {"cac:", UBL "CommonAggregateComponents-2"},
    {"cbc:", UBL "CommonBasicComponents-2"},
    {"ext:", UBL "CommonExtensionComponents-2"},
};

const char *
xml_prefix_of_uri(struct str uri)
{
	for (size_t i = 0; i < XML_PREFIXES_COUNT; i++)
		if (str_equal(uri, str_of(xml_prefixes[i].uri)))
			return xml_prefixes[i].text;
	return "";
}

size_t
xml_prefix_of_name(struct str name)
{
	size_t i = 0;

	while (i < XML_PREFIXES_COUNT && !str_starts(name, str_of(xml_prefixes[i].text)))
		i++;
	return i;
}
