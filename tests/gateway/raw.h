/* A socket that sends exactly the bytes it is told to, and what came back. Plain TCP. */
#ifndef WARDROOM_TESTS_GATEWAY_RAW_H
#define WARDROOM_TESTS_GATEWAY_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_TEXT_MAX (128 * 1024)

struct raw {
    int fd;
    size_t len;
    bool is_closed; /* by the peer */
    char text[RAW_TEXT_MAX + 1];
};

struct raw raw_open(uint16_t port); /* connected, or the test ends */
void raw_close(struct raw *raw);
void raw_send(struct raw *raw, const char *text);
/* False: the peer has closed. */
bool raw_send_bytes(struct raw *raw, const void *data, size_t len);
/* Read until `text` holds `needle`, the peer closes, or `ms` are over. True: it is there. */
bool raw_read_until(struct raw *raw, const char *needle, int ms);
/* Read until the peer closes; false: it did not within `ms`. */
bool raw_read_all(struct raw *raw, int ms);
/* Forget what was read. */
void raw_forget(struct raw *raw);
/* How often `needle` stands in what was read. */
unsigned raw_count(const struct raw *raw, const char *needle);
/* The status of the first answer; 0: none. */
int raw_status(const struct raw *raw);
bool raw_wait_port(uint16_t port, int ms);

/* --- WebSocket --- */

/* Upgrade with a token; true: 101. */
bool raw_ws_open(struct raw *raw, const char *path, const char *token);
/* One frame: first byte (0x81 text, 0x82 binary, 0x01 text to be continued, 0x00, 0x80 ...). */
void raw_ws_send(struct raw *raw, uint8_t first, const void *data, size_t len);
/* Read until a close frame comes; its code, 0 when the peer closed without, -1 when neither. */
int raw_ws_close_code(struct raw *raw, int ms);

#endif
