/* The ZAP handler (ZeroMQ RFC 27): one thread that says which CURVE keys may connect.
 *
 * A handshake is rare and the files are small, so they are read for each one: a key that was
 * changed or removed counts at once. Next: service.h
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "bus/curve.h"
#include "bus/socket.h"

#define ZAP_ADDRESS     "inproc://zeromq.zap.01"
#define ZAP_VERSION     "1.0"
#define FRAME_BYTES_MAX 256
#define KEY_BYTES       32

struct zap {
    const char *trust_dir;
    const char *const *programs;
    void *socket;
    int stop_fd;
    pthread_t thread;
    _Atomic uint64_t refused;
};

/* What libzmq asks: version, request id, domain, address, identity, mechanism, credentials. */
enum zap_frame {
    FRAME_VERSION,
    FRAME_REQUEST,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_IDENTITY,
    FRAME_MECHANISM,
    FRAME_CREDENTIALS,
    FRAME_COUNT
};

struct zap_question {
    uint8_t data[FRAME_COUNT][FRAME_BYTES_MAX];
    size_t len[FRAME_COUNT];
    bool readable;
};

/* False: nothing was there. */
static bool question_receive(void *socket, struct zap_question *question)
{
    int more = 1;
    size_t count = 0;
    question->readable = true;
    while (more != 0) {
        uint8_t spare[FRAME_BYTES_MAX];
        bool kept = count < FRAME_COUNT;
        int len =
            zmq_recv(socket, kept ? question->data[count] : spare, FRAME_BYTES_MAX, ZMQ_DONTWAIT);
        size_t more_size = sizeof more;
        if (len < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0) {
            return false;
        }
        if (!kept || len > FRAME_BYTES_MAX) {
            question->readable = false;
        } else {
            question->len[count] = (size_t)len;
        }
        count++;
    }
    if (count < FRAME_COUNT) {
        question->readable = false;
        memset(question->len + count, 0, (FRAME_COUNT - count) * sizeof question->len[0]);
    }
    return true;
}

static bool frame_is(const struct zap_question *question, enum zap_frame frame, const char *text)
{
    return bytes_equal(bytes_of(question->data[frame], question->len[frame]), bytes_text(text));
}

/* The program whose public key was presented; NULL: nobody we admit. */
static const char *zap_find(const struct zap *zap, const struct zap_question *question)
{
    if (!question->readable || !frame_is(question, FRAME_VERSION, ZAP_VERSION) ||
        !frame_is(question, FRAME_DOMAIN, ZAP_DOMAIN) ||
        !frame_is(question, FRAME_MECHANISM, "CURVE") ||
        question->len[FRAME_CREDENTIALS] != KEY_BYTES) {
        return NULL;
    }
    char key[CURVE_TEXT_SIZE], known[CURVE_TEXT_SIZE];
    zmq_z85_encode(key, question->data[FRAME_CREDENTIALS], KEY_BYTES);
    for (size_t i = 0; zap->programs[i] != NULL; i++) {
        if (curve_load_public(zap->trust_dir, zap->programs[i], known) == OK &&
            strcmp(known, key) == 0) {
            return zap->programs[i];
        }
    }
    return NULL;
}

static void send_frame(void *socket, const void *data, size_t len, bool more)
{
    /* The other end is libzmq in this process; when it is gone the context is ending. */
    (void)!zmq_send(socket, data, len, more ? ZMQ_SNDMORE : 0);
}

static void zap_answer(struct zap *zap, const struct zap_question *question)
{
    const char *program = zap_find(zap, question);
    const char *code = program != NULL ? "200" : "400";
    const char *text = program != NULL ? "OK" : "unknown key";
    const char *user = program != NULL ? program : "";
    if (program == NULL) {
        atomic_fetch_add_explicit(&zap->refused, 1, memory_order_relaxed);
    }
    send_frame(zap->socket, ZAP_VERSION, strlen(ZAP_VERSION), true);
    send_frame(zap->socket, question->data[FRAME_REQUEST], question->len[FRAME_REQUEST], true);
    send_frame(zap->socket, code, strlen(code), true);
    send_frame(zap->socket, text, strlen(text), true);
    send_frame(zap->socket, user, strlen(user), true);
    send_frame(zap->socket, "", 0, false);
}

static void *zap_run(void *data)
{
    struct zap *zap = data;
    zmq_pollitem_t items[] = {{.socket = zap->socket, .events = ZMQ_POLLIN},
                              {.fd = zap->stop_fd, .events = ZMQ_POLLIN}};
    struct zap_question question;
    while (zmq_poll(items, 2, -1) >= 0 || errno == EINTR) {
        if (items[1].revents != 0) {
            break;
        }
        if (items[0].revents != 0 && question_receive(zap->socket, &question)) {
            zap_answer(zap, &question);
        }
    }
    zmq_close(zap->socket);
    return NULL;
}

enum status zap_start(void *zmq_context, const char *trust_dir, const char *const *programs,
                      struct zap **ret)
{
    struct zap *zap = calloc(1, sizeof *zap);
    if (zap == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    zap->trust_dir = trust_dir;
    zap->programs = programs;
    zap->stop_fd = eventfd(0, EFD_CLOEXEC);
    zap->socket = zmq_socket(zmq_context, ZMQ_REP);
    if (zap->stop_fd < 0 || zap->socket == NULL || !socket_set_int(zap->socket, ZMQ_LINGER, 0) ||
        zmq_bind(zap->socket, ZAP_ADDRESS) != 0 ||
        pthread_create(&zap->thread, NULL, zap_run, zap) != 0) {
        if (zap->socket != NULL) {
            zmq_close(zap->socket);
        }
        if (zap->stop_fd >= 0) {
            close(zap->stop_fd);
        }
        free(zap);
        return STATUS_INTERNAL;
    }
    *ret = zap;
    return OK;
}

void zap_stop(struct zap *zap)
{
    if (zap == NULL) {
        return;
    }
    uint64_t one = 1;
    (void)!write(zap->stop_fd, &one, sizeof one);
    pthread_join(zap->thread, NULL);
    close(zap->stop_fd);
    free(zap);
}

uint64_t zap_refused(const struct zap *zap)
{
    return atomic_load_explicit(&zap->refused, memory_order_relaxed);
}
