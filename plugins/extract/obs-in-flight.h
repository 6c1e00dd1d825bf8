/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <extract/trib-message-map.h>
#include <gst/gst.h>
#include <record/trib-stream-key.h>

G_BEGIN_DECLS

/* The frames inside an analysing branch, and the messages about them: which message belongs to
 * which frame, and the results of a frame when its buffer leaves the branch. Any thread; nothing is
 * pushed or posted here. A frame is forgotten when it leaves; the last 64 are kept for late
 * messages. */

/* one frame */
typedef struct {
  guint64 serial; /* from 1 on; 0: no frame of the input */
  GstClockTime pts, duration;
  GstClockTime running_time, stream_time;
  gboolean has_identity;
  TribStreamKey *stream; /* (nullable) */
  guint64 frame_id;
  gint64 t_ns;
  gint64 entered; /* us, monotonic */
  guint width, height;
} ObsInFlightFrame;

/* one message, as a list of maps in MessagePack */
typedef struct {
  TribMessageMap *map; /* keeps @rule */
  const TribMessageRule *rule;
  gchar *type;
  GBytes *items;
  guint n_items;
  guint width, height;
  gboolean has_own_time;
  GstClockTime pts, running_time, duration;
  guint64 serial; /* of its frame; 0: the next one that leaves the branch */
} ObsMessage;

/* how a frame ends */
typedef enum {
  OBS_IN_FLIGHT_RETURNED, /* its buffer left the branch */
  OBS_IN_FLIGHT_DROPPED,  /* a later buffer left the branch, or the stream ended */
  OBS_IN_FLIGHT_LATE,     /* a message after it left */
  OBS_IN_FLIGHT_OWN_TIME, /* no frame: messages with a time of their own */
} ObsInFlightEnd;

/**
 * ObsInFlightResult:
 * @kind: how the frame ended
 * @frame: the frame
 * @messages: (element-type ObsMessage): messages about it
 * @took: time inside the branch (us)
 */
typedef struct {
  ObsInFlightEnd kind;
  ObsInFlightFrame frame;
  GPtrArray *messages;
  gint64 took;
} ObsInFlightResult;

typedef struct {
  guint64 frames_in, frames_answered, frames_dropped, frames_flushed, frames_inside;
  guint64 buffers_out;
  guint64 messages_in, messages_mapped, messages_unknown, messages_dropped, messages_pending;
  guint64 messages_late;
  guint64 pending_bytes;
  guint64 values_unconverted;
  guint64 records_mapped, records_regions, records_empty, records_skipped, records_passed;
  guint64 records_out, records_refused;
} ObsInFlightCounters;

typedef struct _ObsInFlight ObsInFlight;

ObsInFlight *obs_in_flight_new (void);
ObsInFlight *obs_in_flight_ref (ObsInFlight *in_flight);
void obs_in_flight_unref (ObsInFlight *in_flight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsInFlight, obs_in_flight_unref)

void obs_in_flight_start (ObsInFlight *in_flight, TribMessageMap *map);
void obs_in_flight_set_input (ObsInFlight *in_flight, const GstCaps *caps);
gboolean obs_in_flight_has_frames (ObsInFlight *in_flight);
void obs_in_flight_add_frame (ObsInFlight *in_flight, GstBuffer *buffer, const GstSegment *segment);
void obs_in_flight_note_input (ObsInFlight *in_flight, gconstpointer element, GstClockTime pts);
void obs_in_flight_forget_element (ObsInFlight *in_flight, gconstpointer element);
gboolean obs_in_flight_add_message (
    ObsInFlight *in_flight, const GstStructure *structure, GstElement *element);

GPtrArray *obs_in_flight_take (
    ObsInFlight *in_flight, GstBuffer *buffer, const GstSegment *segment);
GPtrArray *obs_in_flight_take_until (ObsInFlight *in_flight, GstClockTime pts);
GPtrArray *obs_in_flight_take_all (ObsInFlight *in_flight);
void obs_in_flight_flush (ObsInFlight *in_flight);
void obs_in_flight_drop_messages (ObsInFlight *in_flight);

void obs_in_flight_get_counters (ObsInFlight *in_flight, ObsInFlightCounters *ret_counters);
void obs_in_flight_add_to_counter (ObsInFlight *in_flight, gsize offset_of_counter, guint64 n);
#define obs_in_flight_count(in_flight, counter, n) \
  obs_in_flight_add_to_counter ((in_flight), G_STRUCT_OFFSET (ObsInFlightCounters, counter), (n))

G_END_DECLS
