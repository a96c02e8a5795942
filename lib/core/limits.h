/* Every bound of the suite, with the sum that chose it. A queue, body, loop or time-out without a
 * row here is a defect. Sizes in bytes unless the name says otherwise.
 */
#ifndef WARDROOM_CORE_LIMITS_H
#define WARDROOM_CORE_LIMITS_H

/* What api.md promises. */
#define BODY_BYTES_MAX         (16 * 1024)  /* text of one message */
#define CONTENT_BYTES_MAX      (128 * 1024) /* stored content of one message */
#define HTTP_JSON_BYTES_MAX    (256 * 1024)
#define JSON_DEPTH_MAX         32
#define JSON_KEYS_MAX          1000
#define FRAME_IN_BYTES_MAX     (64 * 1024)
#define FRAME_OUT_BYTES_MAX    (256 * 1024)
#define FRAME_FRAGMENTS_MAX    64
#define LIST_BYTES_MAX         (512 * 1024)
#define LIST_ROWS_DEFAULT      50
#define LIST_ROWS_MAX          200
#define TITLE_BYTES_MAX        512
#define NAME_BYTES_MAX         200
#define ATTACHMENTS_MAX        20
#define PARTICIPANTS_MAX       200
#define METADATA_BYTES_MAX     (32 * 1024)
#define SCHEMA_BYTES_MAX       (64 * 1024)
#define UI_SCHEMA_BYTES_MAX    (32 * 1024)
#define FILE_ONE_CALL_BYTES_MAX (1024 * 1024) /* until files stream */
#define TOKEN_BYTES_MAX        4096

/* The bus: one envelope holds a whole file of FILE_ONE_CALL_BYTES_MAX, its token and its head. */
#define ENVELOPE_BYTES_MAX     (1024 * 1024 + 64 * 1024)
#define REQUEST_ARENA_BYTES_MAX (8 * 1024 * 1024) /* 1 MiB on the wire may unpack to more */
#define MAILBOX_PENDING_MAX    16384 /* requests in one service process: 16 k x ~1 KiB = 16 MiB */
#define MAILBOX_BYTES_MAX      (256 * 1024 * 1024) /* of their envelopes: 240 of the largest */
#define SHARD_QUEUE_MAX        4096
#define WORK_QUEUE_MAX         128   /* of slow computation: x 35 ms / 2 workers = 2.2 s of waiting */
#define SHARD_TENANT_SHARE_MAX 2048  /* of a shard's queue: one tenant leaves room for others */
#define BATCH_CALLS_MAX        256   /* one transaction: 256 x 20 us = 5 ms of PostgreSQL */
#define BATCH_SHARE_MAX        64  /* of one tenant while others wait: theirs takes 1.3 ms longer, not 5 */
#define CLIENT_PENDING_MAX     16384 /* requests in flight from one gateway */
#define DEADLINE_MS_DEFAULT    10000
#define DEADLINE_MS_MAX        60000
#define PEERS_MAX              64    /* replicas of one service */
#define DISCOVERY_INTERVAL_MS  1000
#define TOKEN_CACHE_MAX        8192  /* principals kept per process */
#define TOKEN_SKEW_S           60

/* The database. */
#define STATEMENT_TIMEOUT_MS   8000
#define STATEMENTS_PER_CONN_MAX 1024 /* prepared, 5 a tenant: 200 hot tenants a connection */
#define TENANTS_OPEN_MAX       4096

/* The threads service. */
#define HOT_THREADS_MAX        2048  /* kept by one writer: 2,048 x 5.5 KiB = 11 MiB */
#define UNREAD_COUNT_MAX       1000  /* beyond that nobody reads the difference */
#define HEADS_IDS_MAX          512   /* of one question: 512 x 18 bytes = 9 KiB */
#define HEADS_BYTES_MAX        (16 * 1024) /* of that question */
#define HEADS_MARKS_MAX        1000  /* of one answer: x 56 bytes = 55 KiB */
#define HEADS_ROWS_MAX         200   /* of one answer: x 200 participants x 16 bytes = 640 KiB */

/* Schemas of templates (lib/schema). */
#define SCHEMA_DEPTH_MAX       16     /* sub-schemas within each other, levels of an answer */
#define SCHEMA_SUBSCHEMAS_MAX  500    /* 20 fields x 10, and as many again for conditions */
#define SCHEMA_STEPS_MAX       200000 /* of one check: x 0.5 us = 0.1 s; 20 fields take about 100 */
#define SCHEMA_BYTES_PER_STEP  64     /* of text that is measured or read: about as long as a step */
#define SCHEMA_ERRORS_MAX      50     /* told of one check: more than a form has fields */
#define SCHEMA_FRAMES_MAX      512    /* nodes applied within each other: x 1 KiB of stack */
#define SCHEMA_VALUE_DEPTH_MAX 128    /* levels of JSON that is read or compared */
#define SCHEMA_NUMBER_BYTES_MAX 1024  /* of one real: a double has at most 767 digits that count */
#define SCHEMA_ENUM_VALUES_MAX 65536  /* values in one enum, inner ones too: a byte each at least */
#define SCHEMA_ARENA_BYTES_MAX (32 * 1024 * 1024) /* 500 sub-schemas x 16 levels x 2 KiB pointers */
#define SCHEMA_DOCUMENT_DEPTH_MAX 64   /* levels of a schema when it is the value that is checked */
#define SCHEMA_DOCUMENT_STEPS_MAX 5000000 /* 64 KiB of schema x 80 steps a byte */
#define REGEX_DEPTH_MAX        100    /* groups within each other */
#define REGEX_NAMES_MAX        50     /* named groups of one expression */
#define REGEX_TRANSLATED_BYTES_MAX (256 * 1024) /* 4 x the largest schema */
#define REGEX_MATCH_LIMIT_FIRST 1000  /* backtracks of the first try, which costs 10 steps */
#define REGEX_MATCH_LIMIT_MAX  1000000 /* of the last: 10,000 steps, about 10 ms */
#define REGEX_STEPS_FIRST      10
#define REGEX_HEAP_KIB_MAX     4096   /* for backtracking, per match */

/* The channel layer. */
#define PUBLISH_QUEUE_BYTES_MAX (16 * 1024 * 1024)
#define CHANNEL_BYTES_MAX      (1024 * 1024)
#define EVENT_AGE_MAX_S        30 /* older typing and presence is dropped */
#define REDIS_SERVERS_MAX      8  /* each: a thread of every service, two sockets of every gateway */

/* A gateway. */
#define SESSIONS_MAX           16000 /* of 20,000 files a process may open */
#define SUBSCRIPTIONS_MAX      200
#define SESSION_QUEUE_BYTES_MAX (1024 * 1024)
#define FRAMES_PER_S_DEFAULT   50
#define USER_WRITES_PER_S_DEFAULT 50 /* what one socket may send; nobody types that */
#define USER_BURST_S           5     /* 250 at once: a script that opens 200 threads */
#define TENANT_REQUESTS_PER_S_DEFAULT 500 /* people who each do one thing a second; x 110 us of CPU */
#define TENANT_BURST_S         1
#define SIGN_INS_PER_S_DEFAULT 50 /* more than the password workers of auth do: 2 x 1 s / 35 ms */
#define SIGN_IN_BURST_S        5  /* an office behind one address at nine o'clock */
#define FANOUT_WRITES_MAX      128 /* of one tenant in a turn: x 7 us = 0.9 ms that others wait */
#define REFUSED_WRITES_PER_S   10 /* of one socket, answered; a client that waits 0.5 s, 1 s, ... */
#define REFUSED_WRITES_BURST   100 /* then it is closed: a flood at 50/s after 2.5 s */
#define PIPELINE_TURN_MAX      4  /* requests of one connection in a turn: x 50 us that others wait */
#define RATE_ENTRIES_MAX       16384 /* users, tenants, addresses each: x 150 bytes = 2.4 MB */
#define RATE_SWEEP_MAX         1024  /* forgotten in a second: the table in 16 s */
#define HEAD_BYTES_MAX         16384 /* of a request: ?token= of 4 KiB, a browser's 8 KiB of the rest */
#define HEAD_LINE_BYTES_MAX    8192  /* the request line: RFC 9112 asks for 8,000 and more */
#define HEAD_FIELDS_MAX        100   /* a browser sends 15, a chain of proxies adds as many */
#define HEAD_PARAMS_MAX        32
#define HEAD_PARAM_BYTES_MAX   4199  /* ?token= is the longest: TOKEN_BYTES_MAX and its name */

/* Presence, typing and read marks, in a gateway. */
#define PRESENCE_USERS_MAX     32768 /* of a tenant, on all gateways: x 130 bytes = 4 MiB */
#define PRESENCE_GATEWAYS_MAX  64    /* that one hears of at a time: as many as PEERS_MAX */
#define PRESENCE_PIECE_USERS   1000  /* of one publish: x 22 bytes = 22 KiB */
#define PRESENCE_GREETED_MAX   4096  /* a socket is told of when it opens: x 80 bytes = 320 KiB */
#define CIRCLE_THREADS_MAX     8192  /* of a tenant's members here: x (90 + 20 x 24) bytes = 5 MiB */
#define CIRCLE_PAGES_MAX       5     /* of a member's threads: 1,000, the newest */
#define CIRCLE_IN_FLIGHT_MAX   16    /* lists asked for at a time: x 10 ms = 1,600 members/s */
#define TYPERS_MAX             20    /* of a thread: x 1/s; more names than a line can show */
#define READ_MARKS_MAX         200   /* under way of one socket: its subscriptions */

#endif
