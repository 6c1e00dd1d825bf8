/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/verify/trib-kafka-verify.h>

G_BEGIN_DECLS

/* The texts of tributary-kafka-verify: docs/tools/tributary-kafka-verify.md. Text only, no I/O. */

/**
 * VerifyReport:
 * @verify: a verification
 * @bootstrap_servers: which broker
 * @topics: metadata, binary, registry
 * @sessions: (nullable) (array zero-terminated=1): the filter
 * @streams: (nullable) (array zero-terminated=1): the filter
 * @allow_expired: retention is no fault
 * @elapsed_us: since reading began
 * @trouble: (nullable): the client's last error, while following
 *
 * What a report is made of; nothing is owned.
 */
typedef struct {
  const TribKafkaVerify *verify;
  const gchar *bootstrap_servers;
  const gchar *topics[TRIB_KAFKA_VERIFY_N_TOPICS];
  const gchar *const *sessions;
  const gchar *const *streams;
  gboolean allow_expired;
  gint64 elapsed_us;
  const gchar *trouble;
} VerifyReport;

guint64 verify_report_faults (const VerifyReport *r);
void verify_report_table (const VerifyReport *r, gboolean quiet, GString *out);
void verify_report_json (const VerifyReport *r, GString *out);
void verify_report_progress (const VerifyReport *r, GString *out);
void verify_report_progress_json (const VerifyReport *r, GString *out);
void verify_report_error_json (const gchar *message, GString *out);

G_END_DECLS
