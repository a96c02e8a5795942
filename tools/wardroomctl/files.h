/* Small files that are written whole or not at all. Every failure is said on stderr here.
 *
 * Next: masters.h
 */
#ifndef WARDROOM_TOOLS_FILES_H
#define WARDROOM_TOOLS_FILES_H

#include <sys/types.h>
#include "core/bytes.h"

#define PATH_SIZE 4096

/* buf_fini for secrets; scoped cleanup. */
void buf_wipe(struct buf *buf);
/* Join into `out`; false and said when it is too long. */
bool path_join(char out[PATH_SIZE], const char *folder, const char *name);
/* Make the folder where it is missing; ours and no symbolic link; sets its mode. */
MUST_CHECK enum status folder_make(const char *path, mode_t mode);
/* Replace the file by `content` through a synced temporary one beside it. The same content is left
 * alone, except for the mode. */
MUST_CHECK enum status file_put(const char *path, mode_t mode, struct bytes content);
/* Append at most 64 KiB of it to `out`. NOT_FOUND (not said): there is none. */
MUST_CHECK enum status file_get(const char *path, struct buf *out);
/* As text: no NUL inside, a NUL after, trailing newlines dropped. */
MUST_CHECK enum status file_get_text(const char *path, struct buf *out);

#endif
