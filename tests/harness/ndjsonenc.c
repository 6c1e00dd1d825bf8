/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each record one line, as it is where it can be; what is dropped and reported; that the books
 * close.
 * */
#include <trib-gst-test.h>

#include "record-rig.h"

static void
test_lines (void)
{
  g_autoptr (TribHarness) h = record_harness ("ndjsonenc", "application/json");
  GstBuffer *in = gst_buffer_new_memdup ("{\"a\": 1e0}", 10);
  g_autoptr (GstBuffer) first = NULL;
  g_autoptr (GstBuffer) second = NULL;

  GST_BUFFER_PTS (in) = 3;
  g_assert_cmpint (gst_harness_push (h, gst_buffer_ref (in)), ==, GST_FLOW_OK);
  first = gst_harness_pull (h);
  /* the same memory, no copy; to map it would join the pieces */
  g_assert_true (gst_buffer_peek_memory (first, 0) == gst_buffer_peek_memory (in, 0));
  record_assert_text (first, "{\"a\": 1e0}\n");
  g_assert_cmpuint (GST_BUFFER_PTS (first), ==, 3);
  gst_buffer_unref (in);

  record_push (h, "{\r\n  \"a\": [1e0,\n\"\\n\"]\n}\n", 4);
  second = gst_harness_pull (h);
  record_assert_text (second, "{\"a\":[1.0,\"\\n\"]}\n");
  record_check_stats (h, 2, 2, NULL);
}

static void
test_dropped (void)
{
  g_autoptr (TribHarness) h = record_harness ("ndjsonenc", "application/json");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (h->element, bus);
  record_push (h, "{\"a\":1}{\"b\":2}", 0);
  record_push (h, "{\"a\n\":1}", 1);
  record_push (h, "{\"a\":", 2);
  record_push (h, "{}", 3);
  g_assert_cmpuint (gst_harness_buffers_received (h), ==, 1);
  record_check_stats (h, 4, 1, "syntax 2 truncated 1");
  record_check_last (h, 2, 5);
  message = trib_bus_wait_element (h->element, "ndjsonenc-dropped", 5000);
  record_check_message (message, "syntax", 0, 7);
  gst_element_set_bus (h->element, NULL);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/ndjsonenc/lines", test_lines);
  g_test_add_func ("/ndjsonenc/dropped", test_dropped);
  return trib_gst_test_run ();
}
