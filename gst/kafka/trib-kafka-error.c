/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-error.h"

G_DEFINE_QUARK (trib - kafka - error - quark, trib_kafka_error)

/* sets @error; returns %FALSE */
gboolean
trib_kafka_fail (GError **error, TribKafkaError code, const gchar *why)
{
  g_set_error_literal (error, TRIB_KAFKA_ERROR, code, why);
  return FALSE;
}
