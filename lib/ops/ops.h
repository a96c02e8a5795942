/* /metrics, /livez and /readyz of one process, plain HTTP on its own loopback or pod port.
 *
 * One thread, GET only, 4 KiB of request, one connection after the other with a 2 s deadline.
 */
#ifndef WARDROOM_OPS_OPS_H
#define WARDROOM_OPS_OPS_H

#include "core/status.h"

struct ops;

/* `listen`: "127.0.0.1:9101" ("" : no listener, OK). `ready` is called from the ops thread and
 * must be thread-safe; false makes /readyz answer 503 with the text in `why`. */
MUST_CHECK enum status ops_start(const char *listen, bool (*ready)(void *data, const char **why),
                                 void *data, struct ops **ret);
void ops_stop(struct ops *ops);

#endif
