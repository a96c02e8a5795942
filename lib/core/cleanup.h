/* Scoped cleanup for handles that are no request's: `CLEANUP(buf_fini) struct buf out = {0};`.
 * The destructor takes a pointer to the variable and accepts a zeroed one. */
#ifndef WARDROOM_CORE_CLEANUP_H
#define WARDROOM_CORE_CLEANUP_H

#define CLEANUP(destructor) __attribute__((cleanup(destructor)))

#endif
