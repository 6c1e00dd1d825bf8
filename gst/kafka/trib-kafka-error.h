/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* the errors of this library */
#define TRIB_KAFKA_ERROR (trib_kafka_error_quark ())
GQuark trib_kafka_error_quark (void);

/**
 * TribKafkaError:
 * @TRIB_KAFKA_ERROR_SETTINGS: an option or a topic's name is refused
 * @TRIB_KAFKA_ERROR_FATAL: the client cannot continue
 * @TRIB_KAFKA_ERROR_UNREACHABLE: no broker answered in time
 * @TRIB_KAFKA_ERROR_OVERFLOW: publishing: the memory limit is reached and overflow=error
 * @TRIB_KAFKA_ERROR_TOPIC: reading: no such topic or partition
 * @TRIB_KAFKA_ERROR_NOT_AUTHORIZED: reading: the broker refuses this client
 * @TRIB_KAFKA_ERROR_EXPIRED: reading: below the lowest offset: removed by retention
 * @TRIB_KAFKA_ERROR_BEYOND_END: reading: not written yet
 * @TRIB_KAFKA_ERROR_MISSING: reading: within the log, but there is no record at that offset
 * @TRIB_KAFKA_ERROR_UNREADABLE: reading: the record is damaged
 * @TRIB_KAFKA_ERROR_STALLED: verifying: no progress within the timeout
 * @TRIB_KAFKA_ERROR_ABORTED: verifying: the caller asked for it
 * @TRIB_KAFKA_ERROR_JSON: parsing: the value is not JSON, or no object
 * @TRIB_KAFKA_ERROR_FIELD: parsing: a field is absent, repeated, or of another type or range
 * @TRIB_KAFKA_ERROR_CONTRADICTION: parsing: a field contradicts another one
 */
typedef enum {
  TRIB_KAFKA_ERROR_SETTINGS,
  TRIB_KAFKA_ERROR_FATAL,
  TRIB_KAFKA_ERROR_UNREACHABLE,
  TRIB_KAFKA_ERROR_OVERFLOW,
  TRIB_KAFKA_ERROR_TOPIC,
  TRIB_KAFKA_ERROR_NOT_AUTHORIZED,
  TRIB_KAFKA_ERROR_EXPIRED,
  TRIB_KAFKA_ERROR_BEYOND_END,
  TRIB_KAFKA_ERROR_MISSING,
  TRIB_KAFKA_ERROR_UNREADABLE,
  TRIB_KAFKA_ERROR_STALLED,
  TRIB_KAFKA_ERROR_ABORTED,
  TRIB_KAFKA_ERROR_JSON,
  TRIB_KAFKA_ERROR_FIELD,
  TRIB_KAFKA_ERROR_CONTRADICTION,
} TribKafkaError;

gboolean trib_kafka_fail (GError **error, TribKafkaError code, const gchar *why);

G_END_DECLS
