/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a record, what is dropped and reported, and that the books close. */
#include <trib-gst-test.h>

#include "record-rig.h"

static void
test_record (void)
{
  g_autoptr (TribHarness) h = record_harness ("msgpackenc", "application/json");
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstCaps) caps = NULL;

  record_push (h, "{\"a\":[1,-33,0.5,null]}", 7 * GST_SECOND);
  out = gst_harness_pull (h);
  record_assert_bytes (out, "\x81\xa1\x61\x94\x01\xd0\xdf\xcb\x3f\xe0\0\0\0\0\0\0\xc0", 17);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 7 * GST_SECOND);
  caps = gst_pad_get_current_caps (h->sinkpad);
  g_assert_true (
      gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/x-msgpack"));
  record_check_stats (h, 1, 1, NULL);
}

static void
test_dropped (void)
{
  g_autoptr (TribHarness) h = record_harness ("msgpackenc", "application/json");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  GstBuffer *out;

  gst_element_set_bus (h->element, bus);
  record_push (h, "{}", 0);
  record_push (h, "{\"a\":nul}", 1);
  record_push (h, "[1,]", 2);
  record_push (h, "", 3);
  record_push (h, "\"\xff\"", 4);
  record_push (h, "1e999", 5);
  record_push (h, "{}", 6);
  record_push (h, "{}", 7);
  for (guint i = 0; i < 3; i++) {
    out = gst_harness_pull (h);
    /* the first one begins a stream, the second follows what was dropped */
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (out), ==, i == 1);
    gst_buffer_unref (out);
  }
  record_check_stats (h, 8, 3, "syntax 2 truncated 1 utf8 1 range 1");
  record_check_last (h, 5, 0);

  message = trib_bus_wait_element (h->element, "msgpackenc-dropped", 5000);
  record_check_message (message, "syntax", 1, 8);
  gst_clear_message (&message);
  /* one for each reason: syntax was reported */
  message = trib_bus_wait_element (h->element, "msgpackenc-dropped", 5000);
  record_check_message (message, "truncated", 3, 0);
  gst_clear_message (&message);
  message = trib_bus_wait_element (h->element, "msgpackenc-dropped", 5000);
  record_check_message (message, "utf8", 4, 1);
  gst_clear_message (&message);
  message = trib_bus_wait_element (h->element, "msgpackenc-dropped", 5000);
  record_check_message (message, "range", 5, 0);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT));
  gst_element_set_bus (h->element, NULL);
}

static void
test_limit (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("msgpackenc");
  g_autoptr (GString) deep = g_string_new (NULL);

  g_object_set (h->element, "max-record-bytes", (guint64) 200, NULL);
  gst_harness_set_src_caps_str (h, "application/json");
  for (guint i = 0; i < 130; i++)
    g_string_append_c (deep, i < 65 ? '[' : ']');
  record_push (h, deep->str, 0);
  record_push (h, deep->str + 1, 0); /* one closing bracket too many */
  g_string_truncate (deep, 129);
  record_push (h, deep->str + 1, 0);
  for (guint i = 0; i < 200; i++)
    g_string_append_c (deep, ' ');
  record_push (h, deep->str, 0);
  record_check_stats (h, 4, 1, "limit 2 syntax 1");
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/msgpackenc/record", test_record);
  g_test_add_func ("/msgpackenc/dropped", test_dropped);
  g_test_add_func ("/msgpackenc/limit", test_limit);
  return trib_gst_test_run ();
}
