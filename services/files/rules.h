/* What files decides without looking anything up: names and who may read.
 *
 * Every x_problem returns NULL when all is well, else words for the person who typed it.
 * Next: media_type.h
 */
#ifndef WARDROOM_FILES_RULES_H
#define WARDROOM_FILES_RULES_H

#include "crypto/aead.h"
#include "crypto/token.h"

/* 1..NAME_BYTES_MAX bytes of UTF-8, one line, no control characters, no slash or backslash, neither
 * "." nor "..": what a browser may be told to save as. */
const char *file_name_problem(struct bytes name);
/* May this user read a file of their tenant, uploaded by `uploader`? */
bool file_is_readable(const struct principal *who, const struct user_id *uploader);
/* Are these the bytes that were recorded when the file was stored? */
bool content_is_recorded(struct bytes content, int64_t size, const uint8_t hash[SHA256_SIZE]);

#endif
