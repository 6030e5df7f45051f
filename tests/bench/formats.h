/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats - what understanding one document costs, party by party
 */
#ifndef TRIBUTARY_BENCH_FORMATS_H
#define TRIBUTARY_BENCH_FORMATS_H

/*
 * formats_command - bench formats [--count N] [PARTY FILE]...
 * Each file goes N times (2,000) from bytes to canonical msgpack, as in ingest; printed are its bytes, and the CPU time
 * of one document in µs: parsing, mapping (with the contract's checks) and encoding, their sum, and the documents per
 * second of one process; and by how much the process has grown between the first tenth and the end, in KiB. PARTIES_DIR
 * says where the parties are. Returns 0, or 1 when a document does not come to an order.
 */
int formats_command(int argc, char **argv);

#endif
