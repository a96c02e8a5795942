/* What waits to be written to a session. Private to session.c and outbox.c. Next: commands.h */
#ifndef WARDROOM_GATEWAY_OUTBOX_H
#define WARDROOM_GATEWAY_OUTBOX_H

#include "session.h"

/* Have sessions_end_turn look at this session. */
void outbox_mark(struct session *session);
void outbox_fini(struct session *session);

#endif
