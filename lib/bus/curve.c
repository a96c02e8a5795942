/* Keys of the bus: files of Z85 text, and what every socket of ours is set to.
 *
 * Next: zap.c
 */
#include "bus/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "bus/socket.h"
#include "core/bytes.h"
#include "core/limits.h"

#define KEY_CHARS         (CURVE_TEXT_SIZE - 1)
#define PATH_SIZE         512
#define HEARTBEAT_MS      1000
#define HEARTBEAT_LOST_MS 3000
#define HANDSHAKE_MS      2000
#define RECONNECT_MS      100
#define RECONNECT_MS_MAX  1000
#define LINGER_MS         500
/* Over ENVELOPE_BYTES_MAX a caller still hears TOO_LARGE; over this its connection is cut. */
#define FRAME_BYTES_MAX ((int64_t)ENVELOPE_BYTES_MAX + 64 * 1024)

/* Programs are named in configuration, but a name becomes a path here. */
static bool path_format(char path[PATH_SIZE], const char *format, const char *trust_dir,
                        const char *program)
{
    bool plain = program[0] != '\0' &&
                 strspn(program, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(program);
    /* `format` is one of the two literals below. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(path, PATH_SIZE, format, trust_dir, program);
#pragma GCC diagnostic pop
    return plain && len > 0 && len < PATH_SIZE;
}

static bool secret_path(char path[PATH_SIZE], const char *trust_dir, const char *program)
{
    return path_format(path, "%s/%s.secret", trust_dir, program);
}

static bool public_path(char path[PATH_SIZE], const char *trust_dir, const char *program)
{
    return path_format(path, "%s/public/%s.pub", trust_dir, program);
}

static enum status read_key(const char *path, char ret[CURVE_TEXT_SIZE])
{
    char text[KEY_CHARS + 3] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    uint8_t raw[32];
    bool right = len >= KEY_CHARS &&
                 (len == KEY_CHARS || text[KEY_CHARS] == '\n' || text[KEY_CHARS] == '\r');
    if (right) {
        text[KEY_CHARS] = '\0';
        right = strlen(text) == KEY_CHARS && zmq_z85_decode(raw, text) != NULL;
    }
    if (right) {
        memcpy(ret, text, CURVE_TEXT_SIZE);
    }
    bytes_wipe(raw, sizeof raw);
    bytes_wipe(text, sizeof text);
    return right ? OK : STATUS_INVALID;
}

enum status curve_load_public(const char *trust_dir, const char *program, char ret[CURVE_TEXT_SIZE])
{
    char path[PATH_SIZE];
    return public_path(path, trust_dir, program) ? read_key(path, ret) : STATUS_INVALID;
}

enum status curve_load_pair(const char *trust_dir, const char *program, struct curve_pair *ret)
{
    char path[PATH_SIZE];
    struct curve_pair pair;
    if (!secret_path(path, trust_dir, program) || read_key(path, pair.secret_key) != OK ||
        zmq_curve_public(pair.public_key, pair.secret_key) != 0) {
        return STATUS_INVALID;
    }
    *ret = pair;
    bytes_wipe(&pair, sizeof pair);
    return OK;
}

/* Written beside and renamed, so that no reader meets half a key. */
static enum status write_key(const char *path, mode_t mode, const char *key)
{
    char beside[PATH_SIZE + 8];
    snprintf(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return STATUS_UNAVAILABLE;
    }
    bool wrote = fchmod(fd, mode) == 0 && write(fd, key, KEY_CHARS) == KEY_CHARS &&
                 write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    close(fd);
    if (!wrote || rename(beside, path) != 0) {
        unlink(beside);
        return STATUS_UNAVAILABLE;
    }
    return OK;
}

enum status curve_make_pair(const char *trust_dir, const char *program)
{
    char path[PATH_SIZE], public_dir[PATH_SIZE], public_key[CURVE_TEXT_SIZE];
    struct curve_pair pair;
    if (!secret_path(path, trust_dir, program) ||
        snprintf(public_dir, sizeof public_dir, "%s/public", trust_dir) >= PATH_SIZE) {
        return STATUS_INVALID;
    }
    enum status status = OK;
    if (access(path, F_OK) == 0) {
        status = curve_load_pair(trust_dir, program, &pair);
    } else if (zmq_curve_keypair(pair.public_key, pair.secret_key) == 0) {
        status = write_key(path, 0600, pair.secret_key);
    } else {
        status = STATUS_INTERNAL; /* libzmq without CURVE */
    }
    if (status == OK && mkdir(public_dir, 0755) != 0 && errno != EEXIST) {
        status = STATUS_UNAVAILABLE;
    }
    bool there = status == OK && curve_load_public(trust_dir, program, public_key) == OK &&
                 strcmp(public_key, pair.public_key) == 0;
    if (status == OK && !there) {
        status = public_path(path, trust_dir, program) ? write_key(path, 0644, pair.public_key)
                                                       : STATUS_INVALID;
    }
    bytes_wipe(&pair, sizeof pair);
    return status;
}

bool socket_set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

enum status bus_socket_defaults(void *socket)
{
    int64_t frame_max = FRAME_BYTES_MAX;
    bool set = socket_set_int(socket, ZMQ_LINGER, LINGER_MS) &&
               socket_set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
               socket_set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_LOST_MS) &&
               socket_set_int(socket, ZMQ_HEARTBEAT_TTL, HEARTBEAT_LOST_MS) &&
               socket_set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
               socket_set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
               socket_set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX) &&
               socket_set_int(socket, ZMQ_SNDTIMEO, 0) && socket_set_int(socket, ZMQ_IPV6, 1) &&
               zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
    return set ? OK : STATUS_INTERNAL;
}
