/* From text to a command, with nothing in it that its op does not take. Next: commands.c */
#include "commands.h"

#include <stdio.h>
#include "core/limits.h"
#include "json/json.h"

static const struct json_limits limits = {
    .bytes_max = FRAME_IN_BYTES_MAX, .depth_max = JSON_DEPTH_MAX, .keys_max = JSON_KEYS_MAX};

static const struct {
    const char *op;
    const char *needs, *takes; /* members beside `op`, between spaces */
} rows[] = {{"subscribe", " thread_id ", " thread_id after_seq "},
            {"unsubscribe", " thread_id ", " thread_id "},
            {"post", " ref thread_id body ", " ref thread_id body attachments reply_to corrects "},
            {"answer", " ref thread_id question_seq data ", " ref thread_id question_seq data "},
            {"acknowledge", " ref thread_id seq ", " ref thread_id seq "},
            {"read", " thread_id seq ", " thread_id seq "},
            {"typing", " thread_id active ", " thread_id active "},
            {"presence", " status ", " status "},
            {"authenticate", " token ", " token "},
            {"ping", " ", " ref "}};

/* Every post comes through here for each of its members: no printf. */
static bool list_has(const char *list, const char *name, size_t len)
{
    while (*(list += strspn(list, " "))) {
        size_t word = strcspn(list, " ");
        if (word == len && memcmp(list, name, len) == 0)
            return true;
        list += word;
    }
    return false;
}

static bool is_set(const Socket__Command *command, const char *name, size_t len)
{
    for (size_t i = 0; i < command->n_set_fields; i++) {
        if (strlen(command->set_fields[i]) == len && memcmp(command->set_fields[i], name, len) == 0)
            return true;
    }
    return false;
}

static enum status check_members(const Socket__Command *command, const char *needs,
                                 const char *takes, char *detail)
{
    for (size_t i = 0; i < command->n_set_fields; i++) {
        const char *name = command->set_fields[i];
        if (strcmp(name, "op") != 0 && !list_has(takes, name, strlen(name))) {
            snprintf(detail, COMMAND_DETAIL_SIZE, "/%.60s: is not a member of this op", name);
            return STATUS_VALIDATION_FAILED;
        }
    }
    while (*(needs += strspn(needs, " "))) {
        size_t len = strcspn(needs, " ");
        if (!is_set(command, needs, len)) {
            snprintf(detail, COMMAND_DETAIL_SIZE, "/%.*s: is missing", (int)len, needs);
            return STATUS_VALIDATION_FAILED;
        }
        needs += len;
    }
    return OK;
}

enum status command_parse(struct bytes text, struct arena *arena, Socket__Command **ret,
                          char *detail)
{
    struct json_error error;
    ProtobufCMessage *message = NULL;
    *ret = NULL;
    detail[0] = '\0';
    enum status status =
        json_to_message(text, &limits, &socket__command__descriptor, arena, &message, &error);
    if (status != OK) {
        snprintf(detail, COMMAND_DETAIL_SIZE, "%s%s%s", error.pointer, error.pointer[0] ? ": " : "",
                 error.detail);
        return status;
    }
    Socket__Command *command = (Socket__Command *)(void *)message;
    *ret = command;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(command->op, rows[i].op) == 0)
            return check_members(command, rows[i].needs, rows[i].takes, detail);
    }
    snprintf(detail, COMMAND_DETAIL_SIZE, "/op: is none that this server knows");
    return STATUS_VALIDATION_FAILED;
}
