/* The JSON of a run: the settings, every part with all its figures, the verdicts.
 *
 * Next: main.c */
#include "report.h"

#include "fault.h"
#include "verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct out {
    FILE *file;
    bool needs_comma;
};

static void put_name(struct out *out, const char *name)
{
    if (out->needs_comma)
        fputc(',', out->file);
    if (name)
        fprintf(out->file, "\"%s\":", name);
    out->needs_comma = true;
}

static void put_open(struct out *out, const char *name, char bracket)
{
    put_name(out, name);
    fputc(bracket, out->file);
    out->needs_comma = false;
}

static void put_close(struct out *out, char bracket)
{
    fputc(bracket, out->file);
    out->needs_comma = true;
}

static void put_number(struct out *out, const char *name, double value)
{
    put_name(out, name);
    fprintf(out->file, "%.10g", value);
}

static void put_flag(struct out *out, const char *name, bool value)
{
    put_name(out, name);
    fputs(value ? "true" : "false", out->file);
}

static void put_text(struct out *out, const char *name, const char *text)
{
    put_name(out, name);
    fputc('"', out->file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out->file, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(out->file, "\\u%04x", (unsigned)(unsigned char)*text);
        else
            fputc(*text, out->file);
    }
    fputc('"', out->file);
}

static void put_faults(struct out *out, const struct load_faults *faults)
{
    put_open(out, "faults", '{');
    put_number(out, "errors", (double)faults->errors);
    put_number(out, "stray_acks", (double)faults->stray_acks);
    put_number(out, "missing_acks", (double)faults->missing_acks);
    put_number(out, "seq_gaps", (double)faults->seq_gaps);
    put_number(out, "stray_events", (double)faults->stray_events);
    put_number(out, "unseen", (double)faults->unseen);
    put_number(out, "resyncs", (double)faults->resyncs);
    put_number(out, "unreadable", (double)faults->unreadable);
    put_text(out, "first", faults->first);
    put_close(out, '}');
}

static void put_cpu(struct out *out, const struct bench *bench, const struct load_result *result)
{
    put_number(out, "generator_cpu_us", result->client_cpu_us);
    if (!result->has_cpu)
        return;
    put_number(out, "server_cpu_us", result->server_cpu.total_us);
    put_open(out, "server_cpu_us_by_program", '{');
    for (unsigned i = 0; i < bench->procs.group_count; i++)
        put_number(out, bench->procs.groups[i].name, result->server_cpu.us[i]);
    put_close(out, '}');
    if (result->acked > 0)
        put_number(out, "server_cpu_us_per_post",
                   result->server_cpu.total_us / (double)result->acked);
    if (result->delivered > 0)
        put_number(out, "server_cpu_us_per_delivery",
                   result->server_cpu.total_us / (double)result->delivered);
}

static void put_latencies(struct out *out, const struct load_result *result)
{
    put_number(out, "ack_p50_ms", result->ack_p50_ms);
    put_number(out, "ack_p99_ms", result->ack_p99_ms);
    put_number(out, "ack_max_ms", result->ack_max_ms);
    if (result->delivered == 0)
        return;
    put_number(out, "seen_p50_ms", result->seen_p50_ms);
    put_number(out, "seen_p99_ms", result->seen_p99_ms);
    put_number(out, "seen_max_ms", result->seen_max_ms);
}

static void put_load(struct out *out, const struct bench *bench, const char *kind,
                     const struct load_result *result)
{
    const struct load_plan *plan = &result->plan;
    if (plan->threads == 0)
        return;
    put_open(out, NULL, '{');
    put_text(out, "kind", kind);
    put_text(out, "name", plan->name);
    put_number(out, "threads", plan->threads);
    put_number(out, "subscribers_per_thread", plan->subscribers_per_thread);
    put_number(out, "in_flight", plan->in_flight);
    put_number(out, "tenants", plan->tenants);
    put_number(out, "paced_posts_per_s", plan->posts_per_s);
    put_number(out, "sockets", result->sockets);
    put_flag(out, "measured", result->is_valid);
    put_text(out, "why_not", result->why);
    put_number(out, "seconds", result->seconds);
    put_number(out, "acked", (double)result->acked);
    put_number(out, "acked_per_s", result->acked_per_s);
    put_number(out, "delivered", (double)result->delivered);
    put_number(out, "delivered_per_s", result->delivered_per_s);
    put_number(out, "frames", (double)result->frames);
    put_number(out, "event_frame_bytes", (double)result->event_frame_len);
    put_number(out, "other_events", (double)result->other_events);
    put_latencies(out, result);
    put_cpu(out, bench, result);
    put_faults(out, &result->faults);
    put_close(out, '}');
}

static void put_loads(struct out *out, const struct bench *bench)
{
    put_open(out, "loads", '[');
    for (unsigned i = 0; i < POSTS_SCENARIOS; i++)
        put_load(out, bench, "posts", &bench->posts[i]);
    for (unsigned i = 0; i < FAN_SCENARIOS; i++) {
        put_load(out, bench, "deliveries_peak", &bench->fans[i].peak);
        put_load(out, bench, "deliveries_at_30_percent", &bench->fans[i].paced);
        put_load(out, bench, "bare_sender", &bench->fans[i].bare);
        put_load(out, bench, "bare_sender_batching", &bench->fans[i].bare_batched);
    }
    put_close(out, ']');
}

static void put_inserts(struct out *out, const struct bench *bench)
{
    put_open(out, "batched_inserts", '[');
    for (unsigned i = 0; i < 2; i++) {
        const struct insert_result *result = &bench->inserts[i];
        if (result->connections == 0)
            continue;
        put_open(out, NULL, '{');
        put_number(out, "connections", result->connections);
        put_flag(out, "measured", result->is_valid);
        put_text(out, "why_not", result->why);
        put_number(out, "rows", (double)result->rows);
        put_number(out, "rows_per_s", result->rows_per_s);
        put_number(out, "postgresql_cpu_us_per_row", result->server_us_per_row);
        put_number(out, "sealed_bytes", result->sealed_bytes);
        put_text(out, "synchronous_commit", result->synchronous_commit);
        put_text(out, "fsync", result->fsync);
        put_close(out, '}');
    }
    put_close(out, ']');
}

static void put_rest(struct out *out, const struct bench *bench)
{
    const struct idle_result *idle = &bench->idle;
    const struct restart_result *restart = &bench->restart;
    put_open(out, "idle", '{');
    put_flag(out, "measured", idle->is_valid);
    put_text(out, "why_not", idle->why);
    put_number(out, "sockets", idle->sockets);
    put_number(out, "rss_before_kib", (double)idle->before_kb);
    put_number(out, "rss_after_kib", (double)idle->after_kb);
    put_number(out, "bytes_each", idle->bytes_each);
    put_number(out, "private_bytes_each", idle->private_bytes_each);
    put_close(out, '}');
    put_open(out, "gateway_start", '{');
    put_flag(out, "measured", restart->is_valid);
    put_text(out, "why_not", restart->why);
    put_number(out, "start_to_ready_s", restart->start_to_ready_s);
    put_number(out, "sigterm_to_ready_s", restart->kill_to_ready_s);
    put_close(out, '}');
}

static void put_quiet(struct out *out, const char *name, const struct quiet_figures *figures)
{
    put_open(out, name, '{');
    put_number(out, "ack_p99_ms", figures->ack_p99_ms);
    put_number(out, "seen_p99_ms", figures->seen_p99_ms);
    put_close(out, '}');
}

static void put_noisy(struct out *out, const struct noisy_result *noisy)
{
    const struct noise_count *noise = &noisy->noise;
    if (!noisy->has_run)
        return;
    put_open(out, "noisy_tenant", '{');
    put_flag(out, "measured", noisy->is_valid);
    put_text(out, "why_not", noisy->why);
    put_open(out, "rounds", '[');
    for (unsigned i = 0; i < noisy->rounds; i++) {
        put_open(out, NULL, '{');
        put_quiet(out, "alone", &noisy->alone[i]);
        put_quiet(out, "beside", &noisy->beside[i]);
        put_close(out, '}');
    }
    put_close(out, ']');
    put_quiet(out, "alone_median", &noisy->alone_median);
    put_quiet(out, "beside_median", &noisy->beside_median);
    put_number(out, "noise_seconds", noise->seconds);
    put_number(out, "noise_posted", (double)noise->posted);
    put_number(out, "noise_acked", (double)noise->acked);
    put_number(out, "noise_refused", (double)noise->refused);
    put_number(out, "noise_errors", (double)noise->errors);
    put_number(out, "noise_sockets_closed", (double)noise->closed);
    put_close(out, '}');
}

static void put_storm(struct out *out, const struct storm_result *storm)
{
    if (!storm->has_run)
        return;
    put_open(out, "storm", '{');
    put_flag(out, "measured", storm->is_valid);
    put_text(out, "why_not", storm->why);
    put_number(out, "sockets", storm->sockets);
    put_number(out, "gateways_killed", storm->gateways);
    put_number(out, "half_back_s", storm->half_back_s);
    put_number(out, "all_back_s", storm->all_back_s);
    put_number(out, "attempts", (double)storm->attempts);
    put_close(out, '}');
}

static void put_verdicts(struct out *out, const struct bench *bench)
{
    struct verdict verdicts[VERDICTS_MAX];
    unsigned count = verdict_all(bench, verdicts);
    put_open(out, "targets", '[');
    for (unsigned i = 0; i < count; i++) {
        put_open(out, NULL, '{');
        put_text(out, "name", verdicts[i].name);
        put_text(out, "unit", verdicts[i].unit);
        put_text(out, "relation", verdicts[i].is_floor ? ">=" : "<=");
        put_number(out, "target", verdicts[i].target);
        put_flag(out, "measured", verdicts[i].is_known);
        if (verdicts[i].is_known) {
            put_number(out, "value", verdicts[i].value);
            put_flag(out, "met", verdicts[i].is_met);
        }
        put_close(out, '}');
    }
    put_close(out, ']');
}

bool report_write_json(const struct bench *bench, const char *path)
{
    struct out out = {.file = fopen(path, "w")};
    const struct options *options = &bench->options;
    if (!out.file)
        return fault_set("cannot write %s: %s", path, strerror(errno));
    put_open(&out, NULL, '{');
    put_text(&out, "version", WARDROOM_VERSION);
    put_text(&out, "suite_note", options->suite_note ? options->suite_note : "");
    put_flag(&out, "loads_over_tls", bench->plain.is_tls);
    put_number(&out, "window_s", options->seconds);
    put_number(&out, "warm_s", options->warm_s);
    put_number(&out, "body_bytes", LOAD_BODY_BYTES);
    put_loads(&out, bench);
    put_inserts(&out, bench);
    put_rest(&out, bench);
    put_noisy(&out, &bench->noisy);
    put_storm(&out, &bench->storm);
    put_verdicts(&out, bench);
    put_close(&out, '}');
    fputc('\n', out.file);
    return fclose(out.file) == 0 || fault_set("cannot write %s: %s", path, strerror(errno));
}
