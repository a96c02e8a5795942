/* Which replicas a service has: files in a folder, or every address of a host name.
 *
 * A stale file or address costs one DEALER that never answers; a replica that disappears from the
 * list gets no new calls and is closed when its last answer is in. Next: client.c
 */
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus/client_private.h"

#define DIR_PREFIX "dir:"
#define TCP_PREFIX "tcp://"
#define IPC_PREFIX "ipc://"
#define HOST_SIZE  64
#define FILES_MAX  1024 /* read in one scan of a folder */

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Split "tcp://host:5603" or "tcp://[::1]:5603". */
static bool tcp_split(const char *endpoint, char host[HOST_SIZE], char port[8])
{
    const char *start = endpoint + strlen(TCP_PREFIX);
    const char *colon = strrchr(start, ':');
    if (colon == NULL) {
        return false;
    }
    const char *end = colon;
    if (*start == '[' && end > start + 1 && end[-1] == ']') {
        start++;
        end--;
    }
    size_t host_len = (size_t)(end - start), port_len = strlen(colon + 1);
    if (host_len == 0 || host_len >= HOST_SIZE || port_len == 0 || port_len > 5 ||
        strspn(colon + 1, "0123456789") != port_len) {
        return false;
    }
    long number = strtol(colon + 1, NULL, 10);
    memcpy(host, start, host_len);
    host[host_len] = '\0';
    memcpy(port, colon + 1, port_len + 1);
    return number > 0 && number < PORT_BELOW;
}

enum status discovery_check(const char *endpoint)
{
    char host[HOST_SIZE], port[8];
    bool right = false;
    if (has_prefix(endpoint, TCP_PREFIX)) {
        right = strlen(endpoint) < ENDPOINT_SIZE && tcp_split(endpoint, host, port);
    } else if (has_prefix(endpoint, IPC_PREFIX)) {
        right = strlen(endpoint) < ENDPOINT_SIZE && endpoint[strlen(IPC_PREFIX)] == '/';
    } else if (has_prefix(endpoint, DIR_PREFIX)) {
        right = endpoint[strlen(DIR_PREFIX)] == '/';
    }
    return right ? OK : STATUS_INVALID;
}

static void unlist_all(struct peer *peer)
{
    struct replica *replica;
    LIST_FOREACH(replica, &peer->replicas, link)
    {
        replica->listed = false;
    }
}

static void list_endpoint(struct peer *peer, const char *endpoint)
{
    struct replica *replica;
    LIST_FOREACH(replica, &peer->replicas, link)
    {
        if (strcmp(replica->endpoint, endpoint) == 0) {
            replica->listed = true;
            return;
        }
    }
    if (peer->replica_count < PEERS_MAX) {
        /* Not opened (a key that is missing): the next scan tries again. */
        (void)replica_open(peer, endpoint);
    }
}

/* The endpoint an announce file holds; false: not one. */
static bool read_announced(int dir_fd, const char *name, char ret[ENDPOINT_SIZE])
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd >= 0 ? read(fd, ret, ENDPOINT_SIZE) : -1;
    if (fd >= 0) {
        close(fd);
    }
    if (len <= 0 || len >= ENDPOINT_SIZE) {
        return false;
    }
    ret[len] = '\0';
    ret[strcspn(ret, "\r\n")] = '\0';
    return !has_prefix(ret, DIR_PREFIX) && discovery_check(ret) == OK;
}

static void scan_folder(struct peer *peer)
{
    DIR *dir = opendir(peer->endpoint + strlen(DIR_PREFIX));
    if (dir == NULL) {
        return; /* not there yet, or out of files: keep what is known */
    }
    unlist_all(peer);
    char endpoint[ENDPOINT_SIZE + 1];
    const struct dirent *entry = readdir(dir);
    for (int i = 0; entry != NULL && i < FILES_MAX; i++, entry = readdir(dir)) {
        if (entry->d_name[0] != '.' && read_announced(dirfd(dir), entry->d_name, endpoint)) {
            list_endpoint(peer, endpoint);
        }
    }
    closedir(dir);
}

static void list_address(struct peer *peer, const struct addrinfo *address)
{
    char host[HOST_SIZE], endpoint[ENDPOINT_SIZE];
    if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0,
                    NI_NUMERICHOST) == 0) {
        bool six = address->ai_family == AF_INET6;
        snprintf(endpoint, sizeof endpoint, TCP_PREFIX "%s%s%s:%s", six ? "[" : "", host,
                 six ? "]" : "", peer->resolve_port);
        list_endpoint(peer, endpoint);
    }
}

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
    struct peer *peer = request->data;
    peer->resolving = false;
    /* A name server that is down takes no replica away. */
    if (status == 0 && !peer->client->closing) {
        unlist_all(peer);
        for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
            list_address(peer, at);
        }
    }
    uv_freeaddrinfo(addresses);
    client_handle_closed(peer->client);
}

static void resolve_host(struct peer *peer)
{
    char host[HOST_SIZE];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    if (peer->resolving || !tcp_split(peer->endpoint, host, peer->resolve_port)) {
        return;
    }
    peer->resolve.data = peer;
    if (uv_getaddrinfo(peer->client->loop, &peer->resolve, resolved, host, NULL, &hints) == 0) {
        peer->resolving = true;
        peer->client->handles++;
    }
}

void discovery_tick(struct peer *peer, int64_t now_ms)
{
    bool tcp = has_prefix(peer->endpoint, TCP_PREFIX);
    bool alive = peer_choose(peer, 1) != NULL;
    int64_t interval = tcp ? RESOLVE_INTERVAL_MS : DISCOVERY_INTERVAL_MS;
    if (!alive) {
        interval = tcp ? DISCOVERY_INTERVAL_MS : TICK_MS;
    }
    if (peer->scanned_ms != 0 && now_ms - peer->scanned_ms < interval) {
        return;
    }
    peer->scanned_ms = now_ms;
    if (tcp) {
        resolve_host(peer);
    } else if (has_prefix(peer->endpoint, DIR_PREFIX)) {
        scan_folder(peer);
    } else {
        list_endpoint(peer, peer->endpoint);
    }
}

void discovery_stop(struct peer *peer)
{
    if (peer->resolving) {
        (void)uv_cancel((uv_req_t *)&peer->resolve); /* its callback comes either way */
    }
}
