/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pictures in memory to Kafka, the counterpart of base64_json_producer.py: through elements, or by
 * a bare librdkafka loop that sends three records of the same sizes, without idempotence.
 *
 *     picture-producer BOOTSTRAP PREFIX FRAMES CAPS bare|ELEMENTS FILE...
 *
 * ELEMENTS come before kafkabinarysink; "" for none. The files are read once, before anything is
 * sent. Buffers that wrap them are pushed by one thread, as a source's streaming thread does. */
#include "bare-producer.h"

#include <gst/gst.h>
#include <stdlib.h>

#define MAX_PENDING_BYTES (64 * 1024 * 1024)
#define FRAME_NS (GST_SECOND / 30)

typedef struct {
  const gchar *bootstrap;
  const gchar *prefix;
  guint n_frames;
  const gchar *caps;
  GPtrArray *pictures; /* of GBytes */
} Job;

static void
send_bare (const Job *job)
{
  g_auto (GStrv) options = g_strsplit ("enable.idempotence=false", " ", 0);
  BareProducer *producer
      = bare_producer_new (job->bootstrap, job->prefix, TRUE, MAX_PENDING_BYTES, options);

  for (guint i = 0; i < job->n_frames; i++) {
    gsize size;
    gconstpointer data = g_bytes_get_data (job->pictures->pdata[i % job->pictures->len], &size);
    bare_producer_send (producer, data, size);
  }
  bare_producer_drain (producer);
  bare_producer_free (producer);
}

static GstBuffer *
wrap (GBytes *picture, guint index)
{
  gsize size;
  gpointer data = (gpointer) g_bytes_get_data (picture, &size);
  GstBuffer *buffer
      = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, data, size, 0, size, NULL, NULL);

  GST_BUFFER_PTS (buffer) = index * FRAME_NS;
  GST_BUFFER_DURATION (buffer) = FRAME_NS;
  return buffer;
}

static void
push (GstPad *pad, const Job *job)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (job->caps);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start ("pictures"));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  for (guint i = 0; i < job->n_frames; i++)
    if (gst_pad_push (pad, wrap (job->pictures->pdata[i % job->pictures->len], i)) != GST_FLOW_OK)
      g_error ("the elements refused picture %u", i);
  gst_pad_push_event (pad, gst_event_new_eos ());
}

static void
send_through (const Job *job, const gchar *elements)
{
  g_autofree gchar *description = g_strdup_printf ("%s%skafkabinarysink name=sink async=false "
                                                   "bootstrap-servers=%s topic-prefix=%s "
                                                   "session-id=bench stream-id=camera-0",
      elements, *elements ? " ! " : "", job->bootstrap, job->prefix);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) bin = gst_parse_bin_from_description (description, TRUE, &error);
  g_autoptr (GstPad) pad = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  g_autoptr (GstStructure) stats = NULL;
  guint64 acknowledged = 0;

  if (bin == NULL || error)
    g_error ("%s: %s", description, error ? error->message : "");
  gst_object_ref_sink (bin);
  sink = gst_bin_get_by_name (GST_BIN (bin), "sink");
  sink_pad = gst_element_get_static_pad (bin, "sink");
  if (gst_pad_link (pad, sink_pad) != GST_PAD_LINK_OK)
    g_error ("%s has no place for pictures", description);
  gst_pad_set_active (pad, TRUE);
  gst_element_set_state (bin, GST_STATE_PLAYING);
  push (pad, job);
  g_object_get (sink, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "acknowledged", &acknowledged);
  if (acknowledged != job->n_frames)
    g_error ("%" G_GUINT64_FORMAT " of %u pictures arrived", acknowledged, job->n_frames);
  gst_element_set_state (bin, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  Job job = { .pictures = pictures };

  gst_init (&argc, &argv);
  if (argc < 7)
    g_error ("usage: %s BOOTSTRAP PREFIX FRAMES CAPS bare|ELEMENTS FILE...", argv[0]);
  job.bootstrap = argv[1];
  job.prefix = argv[2];
  job.n_frames = (guint) atoi (argv[3]);
  job.caps = argv[4];
  for (gint i = 6; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    gchar *data;
    gsize size;
    if (!g_file_get_contents (argv[i], &data, &size, &error))
      g_error ("%s", error->message);
    g_ptr_array_add (pictures, g_bytes_new_take (data, size));
  }
  if (g_str_equal (argv[5], "bare"))
    send_bare (&job);
  else
    send_through (&job, argv[5]);
  return 0;
}
