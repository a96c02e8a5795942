/* CURVE keys and the ZAP handler: who may connect.
 *
 * `<trust>/<program>.secret` (mode 0600) and `<trust>/public/<program>.pub`: Z85 text, 40
 * characters and a newline. The handler admits exactly the programs it was given, re-reads their
 * public keys when the files change, and sets User-Id to the program's name.
 */
#ifndef WARDROOM_BUS_CURVE_H
#define WARDROOM_BUS_CURVE_H

#include "core/status.h"

#define CURVE_TEXT_SIZE 41

struct curve_pair {
    char public_key[CURVE_TEXT_SIZE];
    char secret_key[CURVE_TEXT_SIZE];
};
MUST_CHECK enum status curve_load_pair(const char *trust_dir, const char *program,
                                       struct curve_pair *ret);
MUST_CHECK enum status curve_load_public(const char *trust_dir, const char *program,
                                         char ret[CURVE_TEXT_SIZE]);
/* Make what is missing for `program`: secret 0600, public 0644. */
MUST_CHECK enum status curve_make_pair(const char *trust_dir, const char *program);

struct zap;
/* Start the ZAP thread of this process's context (one per process), before any bind. `programs`: a
 * NULL-ended list of names, borrowed. */
MUST_CHECK enum status zap_start(void *zmq_context, const char *trust_dir,
                                 const char *const *programs, struct zap **ret);
void zap_stop(struct zap *zap);
uint64_t zap_refused(const struct zap *zap);

/* Options that every socket of ours has (heartbeats, LINGER, MAXMSGSIZE, HANDSHAKE_IVL). */
MUST_CHECK enum status bus_socket_defaults(void *socket);

#endif
