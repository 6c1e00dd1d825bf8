/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions of the aligner as lines of the debug log. */
#include "trib-align-debug.h"

TribLogCategory trib_align_debug = { "tribalign", "alignment of observations by frame", NULL };

/* a frame as all lines name it: by id and capture time */
typedef gchar Frame[64];

static const gchar *
name_frame (Frame out, gboolean has_frame_id, guint64 frame_id, gint64 t_ns)
{
  if (has_frame_id)
    g_snprintf (out, sizeof (Frame), "frame %" G_GUINT64_FORMAT ", t %" G_GINT64_FORMAT " ns",
        frame_id, t_ns);
  else
    g_snprintf (out, sizeof (Frame), "frame at t %" G_GINT64_FORMAT " ns", t_ns);
  return out;
}

/* a frame without a missing source is the rule */
static void
log_result (const TribAlignResult *r, const gchar *what)
{
  const TribRecordFused *f = &r->fused;
  TribLogLevel level = f->n_missing > 0 ? TRIB_LOG_DEBUG : TRIB_LOG_LOG;
  g_autoptr (GString) missing = NULL;
  Frame frame;

  if (!TRIB_LOG_IS_ON (level))
    return;
  missing = g_string_new (NULL);
  for (guint i = 0; i < f->n_missing; i++)
    g_string_append_printf (
        missing, "%s%s (%s)", i ? ", " : "; missing: ", f->missing[i].source, f->missing[i].why);
  TRIB_LOG (&trib_align_debug, level, NULL,
      "%s: %s: %s after %" G_GINT64_FORMAT " ns, pane %u, %u answers%s",
      name_frame (frame, f->has_frame_id, f->frame_id, f->t_ns), what, f->reason, f->wait_ns,
      f->pane, f->n_answers, missing->str);
}

static void
log_record (const TribAlignEvent *event)
{
  static const gchar *const words[] = {
    [TRIB_ALIGN_EVENT_OPENED] = "opened",
    [TRIB_ALIGN_EVENT_ACCEPTED] = "accepted",
    [TRIB_ALIGN_EVENT_ANNOUNCE] = "announced",
    [TRIB_ALIGN_EVENT_LATE] = "late",
    [TRIB_ALIGN_EVENT_DUPLICATE] = "duplicate",
    [TRIB_ALIGN_EVENT_DROP] = "dropped",
    [TRIB_ALIGN_EVENT_ID_REUSE] = "id of an earlier frame",
  };
  const TribAlignRecord *record = event->record;
  Frame frame;

  if (!TRIB_LOG_IS_ON (TRIB_LOG_DEBUG))
    return;
  name_frame (frame, record->has_frame_id, record->frame_id, record->t_ns);
  if (event->kind == TRIB_ALIGN_EVENT_LATE)
    TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, event->source,
        "%s: late by %" G_GINT64_FORMAT " ns, %s", frame, event->by_ns,
        event->accepted ? "passed on" : "dropped");
  else if (event->kind == TRIB_ALIGN_EVENT_DROP)
    TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, event->source, "%s: dropped: %s", frame,
        trib_align_dropped_to_string (event->dropped));
  else
    TRIB_LOG (&trib_align_debug,
        event->kind == TRIB_ALIGN_EVENT_DUPLICATE || event->kind == TRIB_ALIGN_EVENT_ID_REUSE
            ? TRIB_LOG_DEBUG
            : TRIB_LOG_LOG,
        event->source, "%s: %s", frame, words[event->kind]);
}

/* transitions of a source are logged by its state table */
void
trib_align_debug_event (const TribAlignEvent *event)
{
  switch (event->kind) {
    case TRIB_ALIGN_EVENT_EMIT:
      log_result (event->result, "emitted");
      break;
    case TRIB_ALIGN_EVENT_SYNC_DELAY:
      log_result (event->result, "delayed");
      break;
    case TRIB_ALIGN_EVENT_JUMP:
      TRIB_LOG (&trib_align_debug, TRIB_LOG_WARNING, event->source,
          "clock jump by %" G_GINT64_FORMAT " ns: epoch %" G_GUINT64_FORMAT " begins", event->by_ns,
          event->epoch);
      break;
    case TRIB_ALIGN_EVENT_UNSYNCED:
      TRIB_LOG (&trib_align_debug, TRIB_LOG_WARNING, event->source,
          "unsynced: its clock differs by %" G_GINT64_FORMAT " ns from the others'", event->by_ns);
      break;
    case TRIB_ALIGN_EVENT_SYNCED:
      TRIB_LOG (&trib_align_debug, TRIB_LOG_INFO, event->source, "synced");
      break;
    case TRIB_ALIGN_EVENT_ALL_IDLE:
      TRIB_LOG (&trib_align_debug, TRIB_LOG_DEBUG, NULL, "all sources are idle");
      break;
    case TRIB_ALIGN_EVENT_HOLDER:
      TRIB_LOG (&trib_align_debug, TRIB_LOG_LOG, event->source, "holds the watermark");
      break;
    default:
      if (event->record)
        log_record (event);
      break;
  }
}
