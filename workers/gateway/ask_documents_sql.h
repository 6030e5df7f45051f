/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_documents_sql - the statement of ask_documents
 */
#ifndef TRIBUTARY_GATEWAY_ASK_DOCUMENTS_SQL_H
#define TRIBUTARY_GATEWAY_ASK_DOCUMENTS_SQL_H

#include "store/store.h"

/* Document ids, parties that may see them (NULL: any), ids of the last units shown, units wanted. A row per unit, at least
 * one per document; orders are of the document's own party. By call and unit. */
extern const struct statement documents_get;

/* What is said of a document begins at one column, of its unit at another. */
enum fate_column {
	FATE_ID,
	FATE_OUTCOME,
	FATE_CODE,
	FATE_PATH,
	FATE_ORDER,
	FATE_NUMBER,
	FATE_EXTERNAL_ID,
	FATE_COLUMNS,
};
enum document_column {
	DOCUMENT_CALL, /* from 0 */
	DOCUMENT_KIND,
	DOCUMENT_CONTENT_TYPE,
	DOCUMENT_RECEIVED,
	DOCUMENT_PARENT,
	DOCUMENT_UNITS,
	DOCUMENT_FATE,
	DOCUMENT_UNIT_FATE = DOCUMENT_FATE + FATE_COLUMNS,
};

#endif
