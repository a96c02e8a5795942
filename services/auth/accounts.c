/* Me, Directory, GetUser and CreateUser. Next: account_state.c */
#include "core/clock.h"
#include "core/limits.h"
#include "handlers.h"

/* The scan of a directory search is bounded, because names are sealed and each has to be opened:
 * 20 pages x 200 names x 3 us = 12 ms. Who has not found by then goes on with `next`. */
#define DIRECTORY_PAGES_MAX 20

static ProtobufCBinaryData binary(const struct uuid *id)
{
    return (ProtobufCBinaryData){sizeof id->b, (uint8_t *)id->b};
}

void auth_me(Auth__Api_Service *service, const Wardroom__Empty *input, Auth__Profile_Closure reply,
             void *data)
{
    (void)service, (void)input;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct tenant tenant;
    struct account account;
    enum status status = registry_find(&state->store, call->tx, &call->tenant, &tenant);
    if (status == OK) {
        status = tenant_tx_enter(call->tx, &call->tenant);
    }
    if (status == OK) {
        status = account_find(&state->store, call->tx, &call->who->user, &account);
    }
    if (status == STATUS_NOT_FOUND || (status == OK && account.disabled)) {
        status = STATUS_INVALID_TOKEN; /* signed by us, but for somebody who is gone */
    }
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    Auth__TenantGrant home = AUTH__TENANT_GRANT__INIT;
    home.id = tenant.id.text;
    home.name = tenant.name;
    home.role = (Auth__Role)account.role;
    Auth__Profile message = AUTH__PROFILE__INIT;
    message.id = binary(&account.id.u);
    message.username = account.username;
    message.name = account.name;
    message.role = (Auth__Role)account.role;
    message.tenant = tenant.id.text;
    message.n_tenants = 1;
    message.tenants = (Auth__TenantGrant *[]){&home};
    reply(&message, data);
}

static Auth__DirectoryEntry entry_of(const struct account *account)
{
    Auth__DirectoryEntry entry = AUTH__DIRECTORY_ENTRY__INIT;
    entry.id = binary(&account->id.u);
    entry.name = (char *)account->name;
    entry.role = (Auth__Role)account->role;
    return entry;
}

struct search {
    struct bytes wanted;
    size_t limit;
    struct user_id after;  /* the last one looked at */
    bool more;             /* there may be some behind it */
    struct account *page;  /* LIST_ROWS_MAX */
    struct account *found; /* `limit` */
    size_t count;
};

static enum status search_run(const struct store *store, struct tenant_tx *tx,
                              struct search *search)
{
    search->more = true;
    for (int page = 0; page < DIRECTORY_PAGES_MAX && search->more; page++) {
        size_t count;
        enum status status =
            account_list(store, tx, &search->after, search->page, LIST_ROWS_MAX, &count);
        if (status != OK) {
            return status;
        }
        search->more = count == LIST_ROWS_MAX;
        for (size_t i = 0; i < count; i++) {
            if (search->count == search->limit) {
                search->more = true;
                return OK;
            }
            search->after = search->page[i].id;
            if (text_contains(bytes_text(search->page[i].name), search->wanted)) {
                search->found[search->count++] = search->page[i];
            }
        }
    }
    return OK;
}

static void search_reply(struct call *call, const struct search *search,
                         Auth__DirectoryReply_Closure reply, void *data)
{
    Auth__DirectoryReply message = AUTH__DIRECTORY_REPLY__INIT;
    Auth__DirectoryEntry *rows = arena_alloc(call->arena, (search->count + 1) * sizeof *rows);
    message.results = arena_alloc(call->arena, (search->count + 1) * sizeof *message.results);
    if (rows == NULL || message.results == NULL) {
        auth_fail(call, STATUS_RESOURCE_EXHAUSTED);
        return;
    }
    for (size_t i = 0; i < search->count; i++) {
        rows[i] = entry_of(&search->found[i]);
        message.results[i] = &rows[i];
    }
    char next[UUID_TEXT_SIZE];
    uuid_format(&search->after.u, next);
    message.n_results = search->count;
    message.next = search->more ? next : (char *)"";
    reply(&message, data);
}

void auth_directory(Auth__Api_Service *service, const Auth__DirectoryRequest *input,
                    Auth__DirectoryReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct search search = {.wanted = bytes_text(input->q),
                            .limit = auth_limit(call, input->limit)};
    struct bytes cursor = bytes_text(input->cursor);
    if (search.wanted.len > NAME_BYTES_MAX) {
        call_field_error(call, "/q", "must have at most 200 bytes");
    }
    if (cursor.len > 0 && !uuid_parse(cursor, &search.after.u)) {
        call_field_error(call, "/cursor", "is not one that a list gave");
    }
    if (call_failed(call)) {
        return;
    }
    search.page = arena_alloc(call->arena, LIST_ROWS_MAX * sizeof *search.page);
    search.found = arena_alloc(call->arena, search.limit * sizeof *search.found);
    enum status status = search.page == NULL || search.found == NULL
                             ? STATUS_RESOURCE_EXHAUSTED
                             : search_run(&state->store, call->tx, &search);
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    search_reply(call, &search, reply, data);
}

void auth_get_user(Auth__Api_Service *service, const Auth__GetUserRequest *input,
                   Auth__DirectoryEntry_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    struct user_id id;
    struct account account;
    if (!uuid_from_bytes(bytes_of(input->user_id.data, input->user_id.len), &id.u)) {
        call_field_error(call, "/user_id", "must be a UUID");
        return;
    }
    enum status status = account_find(&state->store, call->tx, &id, &account);
    if (status == OK && account.disabled) {
        status = STATUS_NOT_FOUND;
    }
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    Auth__DirectoryEntry entry = entry_of(&account);
    reply(&entry, data);
}

/* The tenant an account is to be made in; fails the call when there is none. */
static bool tenant_of(struct call *call, const char *named, struct tenant_id *ret)
{
    if (call->caller == CALLER_USER) {
        *ret = call->tenant;
        if (named[0] != '\0' && strcmp(named, ret->text) != 0) {
            auth_fail(call, STATUS_NOT_FOUND); /* another tenant's, whether there is one or not */
            return false;
        }
        return true;
    }
    if (named[0] == '\0' && call->tenant.text[0] != '\0') {
        *ret = call->tenant;
        return true;
    }
    if (!tenant_id_parse(bytes_text(named), ret)) {
        call_field_error(call, "/tenant", "must be a tenant's id");
        return false;
    }
    return true;
}

static void check_new_user(struct call *call, const Auth__CreateUserRequest *input,
                           const struct tenant_id *tenant)
{
    auth_check_field(call, "/username", username_problem(bytes_text(input->username)));
    auth_check_field(call, "/name", display_name_problem(bytes_text(input->name)));
    auth_check_field(call, "/role", role_problem((enum role)input->role, tenant));
    auth_check_field(call, "/password",
                     password_problem(bytes_text(input->password), input->username));
}

/* CONFLICT: the user name is taken. NOT_FOUND: no such tenant. */
static enum status account_create(struct auth_state *state, struct tenant_tx *tx,
                                  const struct tenant_id *id, const struct account *account)
{
    struct tenant tenant;
    struct home home = {.tenant = *id, .user = account->id};
    enum status status = registry_find(&state->store, tx, id, &tenant);
    if (status == OK) {
        memcpy(home.region, tenant.region, sizeof home.region);
        status = directory_add(&state->store, tx, account->username, &home);
    }
    if (status == OK) {
        status = tenant_tx_enter(tx, id);
    }
    return status == OK ? account_add(&state->store, tx, account) : status;
}

void account_reply(const struct account *account, Auth__User_Closure reply, void *data)
{
    Auth__User message = AUTH__USER__INIT;
    message.id = binary(&account->id.u);
    message.username = (char *)account->username;
    message.name = (char *)account->name;
    message.role = (Auth__Role)account->role;
    message.disabled = account->disabled;
    message.created_at_us = account->created_us;
    reply(&message, data);
}

void auth_create_user(Auth__Api_Service *service, const Auth__CreateUserRequest *input,
                      Auth__User_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct tenant_id tenant;
    if (!tenant_of(call, input->tenant, &tenant)) {
        return;
    }
    check_new_user(call, input, &tenant);
    if (call_failed(call)) {
        return;
    }
    struct account account = {
        .id.u = uuid_new(), .role = (enum role)input->role, .created_us = clock_now_us()};
    /* The checks have bounded both. */
    memcpy(account.username, input->username, strlen(input->username) + 1);
    memcpy(account.name, input->name, strlen(input->name) + 1);
    enum status status = password_hash(bytes_text(input->password), account.password);
    if (status == OK) {
        status = account_create(call->state, call->tx, &tenant, &account);
    }
    bytes_wipe(account.password, sizeof account.password);
    if (status == OK) {
        account_reply(&account, reply, data);
    } else if (status == STATUS_CONFLICT) {
        call_fail(call, status, "this user name exists already");
    } else if (status == STATUS_NOT_FOUND) {
        call_fail(call, status, "there is no such tenant");
    } else {
        auth_fail(call, status);
    }
}
