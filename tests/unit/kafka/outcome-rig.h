/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kafka-rig.h"

/* What became of each frame of a rig, read from the topics: once, failed with its reason, or failed
 * and possibly written all the same. Never nothing. */

/**
 * Outcomes:
 * @linked: frames with a LINKED entry
 * @failed: frames with a FAILED entry
 * @maybe: of @failed: the entry says that a record may be there all the same
 * @unwritten: frames without an entry; each is counted in `loss-records-failed`
 * @reason: `error_reason` of the last FAILED entry that was read
 * @copies: records beyond the first of their key, by #TribKafkaTopic
 */
typedef struct {
  guint linked, failed, maybe, unwritten;
  gchar reason[32];
  guint copies[3];
} Outcomes;

Outcomes outcomes_read (Rig *rig);
guint outcomes_copies (const Outcomes *o);
void outcomes_error (Rig *rig, gint16 request, rd_kafka_resp_err_t err, guint n);
/* the answers of the next requests come after that many ms; what they ask for is done at once */
void outcomes_late_answers (Rig *rig, gint16 request, guint n_in_time, guint late_ms);

/* librdkafka's options */
extern const gchar *const outcomes_idempotent[];
extern const gchar *const outcomes_plain[];
