/* A bounded look over JSON text before and beside jansson. Private to lib/json. */
#ifndef WARDROOM_JSON_SCAN_H
#define WARDROOM_JSON_SCAN_H

#include "json/json.h"

/* Depth and number of keys within limits? Does not judge the grammar: jansson does that next. */
MUST_CHECK enum status json_scan_limits(struct bytes text, const struct json_limits *limits,
                                        struct json_error *ret_error);
/* The exact bytes of member `name` of the object that `text` is; empty: not found under that very
 * spelling. `text` is valid JSON. */
struct bytes json_scan_member(struct bytes text, struct bytes name);

#endif
