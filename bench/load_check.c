/* What comes back, judged: every ref acked once, every subscriber's seq going up by one, nothing of
 * another thread, and how long it took.
 *
 * Next: load_report.c */
#include "load_parts.h"

#include "fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many refusals end a run: its figures would say nothing. */
#define ERRORS_MAX 1000

void load_fault(struct load *load, uint64_t *counter, const char *words, size_t len)
{
    (*counter)++;
    if (load->result->faults.first[0] == '\0')
        snprintf(load->result->faults.first, sizeof(load->result->faults.first), "%.*s",
                 (int)(len < 250 ? len : 250), words);
}

static bool take_hex(const char *digits, unsigned count, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        char c = digits[i];
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *ret_value = value;
    return true;
}

/* The waiting slot a ref stands for; NULL when none waits for it. */
static struct slot *slot_of(struct poster *poster, struct text ref)
{
    uint64_t thread = 0;
    uint64_t number = 0;
    uint64_t generation = 0;
    if (ref.len != 36 || memcmp(ref.at, poster->frame + poster->ref_at - 24, 24) != 0 ||
        !take_hex(ref.at + 24, 3, &thread) || !take_hex(ref.at + 27, 3, &number) ||
        !take_hex(ref.at + 30, 6, &generation))
        return NULL;
    if (thread != poster->thread || number >= poster->slot_count)
        return NULL;
    struct slot *slot = &poster->slots[number];
    return slot->is_busy && slot->generation == generation ? slot : NULL;
}

static void slot_release(struct poster *poster, struct slot *slot)
{
    slot->is_busy = false;
    poster->free_slots[poster->free_count++] = (uint16_t)(slot - poster->slots);
}

static void take_ack(struct load *load, const struct event *event)
{
    struct poster *poster = load->reader;
    struct slot *slot = slot_of(poster, event->ref);
    if (!slot) {
        load_fault(load, &load->result->faults.stray_acks, event->ref.at ? event->ref.at : "",
                   event->ref.len);
        return;
    }
    if (load->phase == PHASE_MEASURED) {
        histogram_record(&load->ack, load->now_ns - slot->due_ns);
        load->result->acked++;
    }
    slot_release(poster, slot);
    if (poster->acked == 0 || event->seq < poster->seq_min)
        poster->seq_min = event->seq;
    if (event->seq > poster->seq_max)
        poster->seq_max = event->seq;
    poster->seq_sum += event->seq;
    poster->acked++;
}

/* A refused post is taken back: it will neither be acked nor seen. */
static void take_error(struct load *load, const struct event *event)
{
    char words[256];
    struct slot *slot = load->reader ? slot_of(load->reader, event->ref) : NULL;
    int len = snprintf(words, sizeof(words), "%.*s: %.*s",
                       (int)(event->code.len < 60 ? event->code.len : 60),
                       event->code.at ? event->code.at : "",
                       (int)(event->detail.len < 150 ? event->detail.len : 150),
                       event->detail.at ? event->detail.at : "");
    load_fault(load, &load->result->faults.errors, words, (size_t)len);
    if (slot) {
        slot_release(load->reader, slot);
        load->reader->posted--;
    }
    if (load->result->faults.errors > ERRORS_MAX)
        load->is_broken = !fault_set("more than %d errors, the first: %s", ERRORS_MAX,
                                     load->result->faults.first);
}

static void take_resync(struct load *load)
{
    static const char words[] = "the server sent resync: a subscriber fell behind";
    load_fault(load, &load->result->faults.resyncs, words, sizeof(words) - 1);
    load->is_broken = !fault_set("%s", words);
}

static void take_poster_event(void *context, const struct event *event)
{
    struct load *load = load_of(context);
    switch (event->type) {
    case EVENT_ACK:
        take_ack(load, event);
        return;
    case EVENT_ERROR:
        take_error(load, event);
        return;
    case EVENT_RESYNC:
        take_resync(load);
        return;
    case EVENT_MESSAGE:
        load_fault(load, &load->result->faults.stray_events, "a poster is not subscribed", 26);
        return;
    case EVENT_SUBSCRIBED:
    case EVENT_OTHER:
        load->result->other_events++;
        return;
    }
}

void load_take_poster_frame(void *context, struct socket *socket, char *payload, size_t len)
{
    struct load *load = load_of(context);
    (void)socket;
    if (events_scan(payload, len, take_poster_event, load) < 0)
        load_fault(load, &load->result->faults.unreadable, payload, len);
}

/* One reading of a subscriber's frame. */
struct reading {
    struct load *load;
    struct subscriber *subscriber;
    struct memo *memo;
    bool is_personal; /* more than messages in it: not to be remembered for others */
};

static void take_message(struct reading *reading, const struct event *event)
{
    struct load *load = reading->load;
    struct memo *memo = reading->memo;
    const struct poster *poster = &load->posters[reading->subscriber->thread];
    if (event->thread_id.len != 36 ||
        memcmp(event->thread_id.at, poster->thread_id.text, 36) != 0) {
        load_fault(load, &load->result->faults.stray_events, "a message of another thread", 27);
        return;
    }
    if (memo->first_seq == 0)
        memo->first_seq = event->seq;
    else if (event->seq != memo->last_seq + 1)
        memo->is_sound = false;
    memo->last_seq = event->seq;
    uint64_t due_ns = 0;
    if (event->body.len == LOAD_BODY_BYTES && memo->marked < MEMO_MESSAGES_MAX &&
        memcmp(event->body.at, BODY_MARK, BODY_MARK_LEN) == 0 &&
        take_hex(event->body.at + BODY_MARK_LEN, 16, &due_ns))
        memo->due_ns[memo->marked++] = due_ns;
}

static void take_subscriber_event(void *context, const struct event *event)
{
    struct reading *reading = context;
    struct load *load = reading->load;
    switch (event->type) {
    case EVENT_MESSAGE:
        take_message(reading, event);
        return;
    case EVENT_SUBSCRIBED:
        reading->subscriber->is_subscribed = true;
        /* The bare server keeps its rooms from one load to the next. */
        if (load->plan->is_bare)
            reading->subscriber->last_seq = event->last_seq;
        reading->is_personal = true;
        return;
    case EVENT_ERROR:
        load->reader = NULL;
        take_error(load, event);
        reading->is_personal = true;
        return;
    case EVENT_RESYNC:
        take_resync(load);
        return;
    case EVENT_ACK:
        load_fault(load, &load->result->faults.stray_acks, "a subscriber got an ack", 23);
        return;
    case EVENT_OTHER:
        reading->memo->others++;
        return;
    }
}

static struct memo *memo_find(struct load *load, const char *payload, size_t len, unsigned thread)
{
    for (unsigned i = 0; i < MEMO_FRAMES; i++) {
        struct memo *memo = &load->memos[i];
        if (memo->len == len && memo->thread == thread && memcmp(memo->bytes, payload, len) == 0)
            return memo;
    }
    return NULL;
}

/* What a frame with one event takes, worked out from one with some: brackets and commas are not of
 * the events. The largest counts, since a seq grows by a digit now and then. */
static void event_frame_note(struct load *load, size_t events, size_t len)
{
    size_t frame_len = (len - 1 - events) / events + 2;
    if (frame_len > load->result->event_frame_len)
        load->result->event_frame_len = frame_len;
}

/* Read a frame into the oldest memo. */
static struct memo *memo_fill(struct load *load, struct subscriber *subscriber, const char *payload,
                              size_t len)
{
    struct memo *memo = &load->memos[load->next_memo];
    struct reading reading = {.load = load, .subscriber = subscriber, .memo = memo};
    memo->len = 0;
    memo->thread = subscriber->thread;
    memo->is_sound = true;
    memo->first_seq = memo->last_seq = 0;
    memo->marked = memo->others = 0;
    int count = events_scan(payload, len, take_subscriber_event, &reading);
    if (count < 0)
        load_fault(load, &load->result->faults.unreadable, payload, len);
    if (count > 0 && (unsigned)count == memo->marked)
        event_frame_note(load, (size_t)count, len);
    if (count < 0 || reading.is_personal)
        return memo;
    if (len > memo->size) {
        free(memo->bytes);
        memo->bytes = malloc(len * 2);
        memo->size = memo->bytes ? len * 2 : 0;
    }
    if (len <= memo->size) {
        memcpy(memo->bytes, payload, len);
        memo->len = len;
        load->next_memo = (load->next_memo + 1) % MEMO_FRAMES;
    }
    return memo;
}

void load_take_subscriber_frame(void *context, struct socket *socket, char *payload, size_t len)
{
    struct load *load = load_of(context);
    struct subscriber *subscriber = (struct subscriber *)socket;
    struct memo *memo = memo_find(load, payload, len, subscriber->thread);
    if (!memo)
        memo = memo_fill(load, subscriber, payload, len);
    load->result->other_events += memo->others;
    if (memo->first_seq == 0)
        return;
    if (memo->first_seq != subscriber->last_seq + 1 || !memo->is_sound) {
        char words[96];
        int words_len = snprintf(words, sizeof(words), "seq %" PRIu64 " after %" PRIu64,
                                 memo->first_seq, subscriber->last_seq);
        load_fault(load, &load->result->faults.seq_gaps, words, (size_t)words_len);
    }
    subscriber->last_seq = memo->last_seq;
    subscriber->delivered += memo->marked;
    load->posters[subscriber->thread].delivered += memo->marked;
    if (load->phase != PHASE_MEASURED)
        return;
    load->result->delivered += memo->marked;
    load->result->frames++;
    for (unsigned i = 0; i < memo->marked; i++)
        histogram_record(&load->seen, load->now_ns - memo->due_ns[i]);
}
