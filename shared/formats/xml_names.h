/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_names - the namespaces that have a prefix in our trees
 * For xml.c and xml_write.c only. To add one: here; mappings read the prefix, documents never do.
 */
#ifndef TRIBUTARY_FORMATS_XML_NAMES_H
#define TRIBUTARY_FORMATS_XML_NAMES_H

#include "base/str.h"

struct xml_prefix {
	const char *text; /* with its colon */
	const char *uri;
};

#define XML_PREFIXES_COUNT 3
extern const struct xml_prefix xml_prefixes[XML_PREFIXES_COUNT];

/* xml_prefix_of_uri - "" when the namespace has none */
const char *xml_prefix_of_uri(struct str uri);
/* xml_prefix_of_name - index of the prefix that the name begins with, XML_PREFIXES_COUNT when it has none */
size_t xml_prefix_of_name(struct str name);

#endif
