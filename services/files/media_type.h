/* Media types (RFC 9110, 8.3.1) as people send them; pure. Next: object_store.h */
#ifndef WARDROOM_FILES_MEDIA_TYPE_H
#define WARDROOM_FILES_MEDIA_TYPE_H

#include "core/bytes.h"

#define MEDIA_TYPE_BYTES_MAX 127
#define MEDIA_TYPE_UNKNOWN   "application/octet-stream"

/* type "/" subtype *( OWS ";" OWS name "=" ( token / quoted-string ) ), printable ASCII: safe in a
 * header. */
bool media_type_is_valid(struct bytes text);

#endif
