/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outcome-rig.h"

#include <common/trib-frame-id.h>
#include <string.h>

#define BROKER 1

/* The mock cluster does not look at sequence numbers: with several requests on their way it takes
 * the second when it refuses the first, which no real broker does. So one at a time. */
const gchar *const outcomes_idempotent[]
    = { "enable.idempotence", "true", "max.in.flight", "1", NULL };
const gchar *const outcomes_plain[] = { "enable.idempotence", "false", "max.in.flight", "1", NULL };

typedef struct {
  gboolean linked, failed, maybe;
} Fate;

static Fate *
fate_of (const Rig *rig, Fate *fates, const RigRecord *record)
{
  TribFrameIdView id;
  g_autoptr (GError) error = NULL;

  trib_frame_id_parse (record->key, -1, &id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (id.index, <, rig->next_index);
  return &fates[id.index];
}

static void
read_entry (Outcomes *o, Fate *fate, const RigRecord *entry)
{
  g_autofree gchar *status = rig_json_string (entry, "status");
  g_autofree gchar *reason = NULL, *message = NULL;

  if (g_str_equal (status, "LINKED")) {
    fate->linked = TRUE;
    return;
  }
  g_assert_cmpstr (status, ==, "FAILED");
  reason = rig_json_string (entry, "error_reason");
  message = rig_json_string (entry, "error_message");
  g_assert_cmpuint (strlen (reason), >, 0);
  g_strlcpy (o->reason, reason, sizeof o->reason);
  g_assert_cmpuint (strlen (message), >, 0);
  fate->failed = TRUE;
  fate->maybe = strstr (message, "it may ") != NULL;
}

static guint
count_copies (GPtrArray *records)
{
  g_autoptr (GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < records->len; i++)
    g_hash_table_add (keys, ((RigRecord *) records->pdata[i])->key);
  return records->len - g_hash_table_size (keys);
}

static guint64
count_reported (Rig *rig)
{
  TribKafkaLosses losses = rig_losses (rig);
  guint64 reported = 0;

  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    reported += losses.failed[i];
  return reported;
}

/* also checks what holds whatever was done to the frames; none may be pending */
Outcomes
outcomes_read (Rig *rig)
{
  g_autoptr (GPtrArray) registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_autofree Fate *fates = g_new0 (Fate, rig->next_index);
  TribKafkaStats a = rig_stats (rig);
  Outcomes o = { 0 };

  g_assert_cmpuint (a.pending, ==, 0);
  g_assert_cmpuint (a.loss_records_pending, ==, 0);
  for (guint i = 0; i < registry->len; i++)
    read_entry (&o, fate_of (rig, fates, registry->pdata[i]), registry->pdata[i]);
  for (guint i = 0; i < rig->next_index; i++) {
    g_assert_false (fates[i].linked && fates[i].failed);
    o.linked += fates[i].linked;
    o.failed += fates[i].failed;
    o.maybe += fates[i].maybe;
    o.unwritten += !fates[i].linked && !fates[i].failed;
  }
  for (guint i = 0; i < G_N_ELEMENTS (o.copies); i++) {
    g_autoptr (GPtrArray) records = rig_read (rig, i);
    o.copies[i] = count_copies (records);
  }
  /* every LINKED entry leads to its records, also those of frames that count as failed */
  g_assert_cmpuint (rig_check_registry (rig), ==, o.linked);
  g_assert_cmpuint (o.linked, >=, a.acknowledged);
  g_assert_cmpuint (o.linked + o.failed + o.unwritten, ==, rig->next_index);
  g_assert_cmpuint (o.failed + o.unwritten, <=, a.loss_records + a.loss_records_failed);
  /* the owner is notified after the counters are closed, with no lock held */
  trib_assert_eventually (count_reported (rig) == stats_failed (&a), 10000);
  return o;
}

guint
outcomes_copies (const Outcomes *o)
{
  return o->copies[0] + o->copies[1] + o->copies[2];
}

void
outcomes_error (Rig *rig, gint16 request, rd_kafka_resp_err_t err, guint n)
{
  for (guint i = 0; i < n; i++)
    rd_kafka_mock_push_request_errors_array (rig->mock, request, 1, &err);
}

void
outcomes_late_answers (Rig *rig, gint16 request, guint n_in_time, guint late_ms)
{
  for (guint i = 0; i < n_in_time; i++)
    rd_kafka_mock_broker_push_request_error_rtts (
        rig->mock, BROKER, request, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 0);
  rd_kafka_mock_broker_push_request_error_rtts (
      rig->mock, BROKER, request, 1, RD_KAFKA_RESP_ERR_NO_ERROR, (int) late_ms);
}
