/* What auth decides without looking anything up: names, passwords, roles, regions. Next: password.h
 */
#ifndef WARDROOM_AUTH_RULES_H
#define WARDROOM_AUTH_RULES_H

#include "crypto/token.h"

#define USERNAME_BYTES_MIN 2
#define USERNAME_BYTES_MAX 64
/* NIST SP 800-63B-4 wants 15 alone and 8 with a second factor: between the two until TOTP is here.
 */
#define PASSWORD_CHARS_MIN 12
/* What argon2 is given to hash; 64 characters of any script fit four times. */
#define PASSWORD_BYTES_MAX 1024
#define PLATFORM_TENANT    "platform"

/* Every x_problem returns NULL when all is well, else words for the person who typed it. */

/* ^[a-z0-9][a-z0-9._@-]{1,63}$ */
const char *username_problem(struct bytes username);
/* For signing in: upper-case ASCII is taken for lower case. False: nobody can have that name. */
bool username_fold(struct bytes username, char out[USERNAME_BYTES_MAX + 1]);
/* 1..200 bytes, no control characters, not only spaces. */
const char *display_name_problem(struct bytes name);
/* Long enough, not a common one, not made of the user name. `username` may be "". */
const char *password_problem(struct bytes password, const char *username);
/* operator exists in the tenant `platform` only. */
const char *role_problem(enum role role, const struct tenant_id *tenant);
/* A name of `configured`, a comma-separated list. */
const char *region_problem(struct bytes region, const char *configured);

/* Does the text contain `wanted`, upper and lower case of any script taken as the same? "" is in
 * every text. */
bool text_contains(struct bytes text, struct bytes wanted);

#endif
