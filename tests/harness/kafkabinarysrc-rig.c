/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kafkabinarysrc-rig.h"

#define EPOCH_NS G_GINT64_CONSTANT (1722513600000000000)
#define CAPS "image/jpeg, width=(int)64, height=(int)48, framerate=(fraction)10/1"

static GstElement *
find (GstHarness *h, const gchar *name)
{
  GstElement *element = gst_harness_find_element (h, name);

  g_assert_nonnull (element);
  return element;
}

SourceRig *
source_rig_new (const gchar *servers, const gchar *sink_properties)
{
  static guint n_rigs;
  SourceRig *rig = g_new0 (SourceRig, 1);
  g_autofree gchar *line = NULL;

  rig->watchdog = trib_watchdog_new (60);
  rig->servers = g_strdup (servers);
  rig->prefix = g_strdup_printf ("rig%u-", n_rigs++);
  line = g_strdup_printf ("kafkabinarysink bootstrap-servers=%s topic-prefix=%s %s", servers,
      rig->prefix, sink_properties ? sink_properties : "");
  rig->sink = gst_harness_new_parse (line);
  gst_harness_set_src_caps_str (rig->sink, CAPS);
  return rig;
}

static void
end_reading (SourceRig *rig)
{
  if (rig->src == NULL)
    return;
  gst_bus_set_flushing (rig->bus, TRUE);
  gst_element_set_bus (rig->src->element, NULL);
  gst_clear_object (&rig->element);
  gst_clear_object (&rig->bus);
  g_clear_pointer (&rig->src, gst_harness_teardown);
}

void
source_rig_free (SourceRig *rig)
{
  end_reading (rig);
  g_clear_pointer (&rig->sink, gst_harness_teardown);
  trib_watchdog_free (rig->watchdog);
  g_free (rig->servers);
  g_free (rig->prefix);
  g_free (rig);
}

gint64
source_rig_time (guint64 index)
{
  return EPOCH_NS + (gint64) index * 100000000;
}

static guint8
byte_of (guint64 index, const gchar *stream)
{
  return (guint8) (index * 7 + g_str_hash (stream));
}

void
source_rig_push_size (
    SourceRig *rig, const gchar *session, const gchar *stream, guint64 index, gsize size)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  TribFrameInfo info = { .session = session,
    .stream = stream,
    .index = index,
    .t_ns = source_rig_time (index),
    .key = TRUE,
    .time_source = TRIB_TIME_SOURCE_META,
    .quality = -1 };

  gst_buffer_memset (buffer, 0, byte_of (index, stream), -1);
  trib_frame_meta_set (buffer, &info);
  g_assert_cmpint (gst_harness_push (rig->sink, buffer), ==, GST_FLOW_OK);
}

void
source_rig_push (SourceRig *rig, const gchar *session, const gchar *stream, guint64 index)
{
  source_rig_push_size (rig, session, stream, index, 1000 + index);
}

void
source_rig_push_many (SourceRig *rig, const gchar *session, guint first, guint n)
{
  for (guint i = first; i < first + n; i++)
    source_rig_push (rig, session, "cam", i);
}

static guint64
open_frames (SourceRig *rig)
{
  g_autoptr (GstElement) sink = find (rig->sink, "kafkabinarysink");
  g_autoptr (GstStructure) stats = trib_element_stats (sink);

  /* each frame that failed leaves an entry, or one that could not be written */
  return trib_structure_uint64 (stats, "pending")
         + (trib_structure_uint64 (stats, "failed") + trib_structure_uint64 (stats, "dropped")
             - trib_structure_uint64 (stats, "loss-records")
             - trib_structure_uint64 (stats, "loss-records-failed"));
}

void
source_rig_settle (SourceRig *rig)
{
  trib_assert_eventually (open_frames (rig) == 0, 20000);
}

void
source_rig_read (SourceRig *rig, const gchar *properties)
{
  g_autofree gchar *line
      = g_strdup_printf ("kafkabinarysrc bootstrap-servers=%s topic-prefix=%s %s", rig->servers,
          rig->prefix, properties ? properties : "");

  end_reading (rig);
  rig->src = gst_harness_new_parse (line);
  rig->element = find (rig->src, "kafkabinarysrc");
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->src->element, rig->bus);
  gst_harness_use_systemclock (rig->src);
  gst_harness_play (rig->src);
}

GstBuffer *
source_rig_pull (SourceRig *rig, const gchar *session, const gchar *stream, guint64 index)
{
  GstBuffer *buffer = gst_harness_pull (rig->src);
  TribFrameInfo info;
  GstMapInfo map;

  g_assert_nonnull (buffer);
  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_assert_cmpstr (info.session, ==, session);
  g_assert_cmpstr (info.stream, ==, stream);
  g_assert_cmpuint (info.index, ==, index);
  g_assert_cmpint (info.t_ns, ==, source_rig_time (index));
  g_assert_cmpstr (info.format, ==, "jpeg");
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpuint (map.size, ==, 1000 + index);
  for (gsize i = 0; i < map.size; i++)
    g_assert_cmpuint (map.data[i], ==, byte_of (index, stream));
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

void
source_rig_pull_many (SourceRig *rig, const gchar *session, guint first, guint n)
{
  for (guint i = first; i < first + n; i++)
    gst_buffer_unref (source_rig_pull (rig, session, "cam", i));
}

GstEvent *
source_rig_event (SourceRig *rig, GstEventType type)
{
  GstEvent *event;

  while ((event = gst_harness_pull_event (rig->src)) && GST_EVENT_TYPE (event) != type)
    gst_event_unref (event);
  g_assert_nonnull (event);
  return event;
}

guint64
source_rig_stat (SourceRig *rig, const gchar *field)
{
  static const gchar *const parts[]
      = { "pushed", "failed", "filtered", "implausible", "before", "duplicates", "late", "expired",
          "damaged", "malformed", "unusable", "skipped", "flushed", "pending" };
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);
  guint64 sum = 0;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    sum += trib_structure_uint64 (stats, parts[i]);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-read"), ==, sum);
  return trib_structure_uint64 (stats, field);
}

GstMessage *
source_rig_pop (SourceRig *rig, GstMessageType types, const gchar *name)
{
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (rig->bus, types))) {
    if (name == NULL || gst_message_has_name (message, name))
      return message;
    gst_message_unref (message);
  }
  return NULL;
}

void
source_rig_seek (SourceRig *rig, GstClockTime position)
{
  g_assert_true (gst_element_seek_simple (
      rig->element, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, position));
}
