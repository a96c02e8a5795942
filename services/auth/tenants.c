/* CreateTenant and ListTenants. Next: ../threads/README.md */
#include "core/clock.h"
#include "handlers.h"

static Auth__Tenant tenant_message(const struct tenant *tenant)
{
    Auth__Tenant message = AUTH__TENANT__INIT;
    message.id = (char *)tenant->id.text;
    message.name = (char *)tenant->name;
    message.region = (char *)tenant->region;
    message.state = (Auth__TenantState)tenant->state;
    message.created_at_us = tenant->created_us;
    return message;
}

/* Fill `ret` with the tenant that now stands there: the wanted one, made now or before. CONFLICT:
 * another one has its id. */
static enum status tenant_create(struct auth_state *state, struct tenant_tx *tx,
                                 const struct tenant *wanted, struct tenant *ret)
{
    enum status status = registry_add(&state->store, tx, wanted);
    if (status == OK) {
        *ret = *wanted;
        return tenant_tx_enter(tx, &wanted->id); /* makes its schema, so that no sign-in has to */
    }
    if (status != STATUS_CONFLICT) {
        return status;
    }
    status = registry_find(&state->store, tx, &wanted->id, ret);
    bool same = status == OK && strcmp(ret->name, wanted->name) == 0 &&
                strcmp(ret->region, wanted->region) == 0;
    return status != OK || same ? status : STATUS_CONFLICT;
}

void auth_create_tenant(Auth__Api_Service *service, const Auth__CreateTenantRequest *input,
                        Auth__Tenant_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct tenant tenant, wanted = {.state = TENANT_ACTIVE, .created_us = clock_now_us()};
    const char *region = input->region[0] != '\0' ? input->region : "default";
    if (!tenant_id_parse(bytes_text(input->id), &wanted.id)) {
        call_field_error(call, "/id", "must match ^[a-z][a-z0-9_]{1,30}$");
    }
    auth_check_field(call, "/name", display_name_problem(bytes_text(input->name)));
    auth_check_field(call, "/region", region_problem(bytes_text(region), auth_settings.regions));
    if (call_failed(call)) {
        return;
    }
    memcpy(wanted.name, input->name, strlen(input->name) + 1);
    memcpy(wanted.region, region, strlen(region) + 1);
    enum status status = tenant_create(call->state, call->tx, &wanted, &tenant);
    if (status == OK) {
        Auth__Tenant message = tenant_message(&tenant);
        reply(&message, data);
    } else if (status == STATUS_CONFLICT) {
        call_fail(call, status, "this tenant id exists already, with another name or region");
    } else {
        auth_fail(call, status);
    }
}

void auth_list_tenants(Auth__Api_Service *service, const Auth__ListTenantsRequest *input,
                       Auth__ListTenantsReply_Closure reply, void *data)
{
    (void)service;
    struct call *call = data;
    struct auth_state *state = call->state;
    Auth__ListTenantsReply message = AUTH__LIST_TENANTS_REPLY__INIT;
    size_t count, limit = auth_limit(call, input->limit);
    if (call_failed(call)) {
        return;
    }
    struct tenant *found = arena_alloc(call->arena, (limit + 1) * sizeof *found);
    Auth__Tenant *rows = arena_alloc(call->arena, limit * sizeof *rows);
    message.results = arena_alloc(call->arena, limit * sizeof *message.results);
    enum status status = found == NULL || rows == NULL || message.results == NULL
                             ? STATUS_RESOURCE_EXHAUSTED
                             : registry_list(&state->store, call->tx, bytes_text(input->cursor),
                                             found, limit + 1, &count);
    if (status != OK) {
        auth_fail(call, status);
        return;
    }
    message.n_results = count < limit ? count : limit;
    for (size_t i = 0; i < message.n_results; i++) {
        rows[i] = tenant_message(&found[i]);
        message.results[i] = &rows[i];
    }
    message.next = count > limit ? found[limit - 1].id.text : (char *)"";
    reply(&message, data);
}
