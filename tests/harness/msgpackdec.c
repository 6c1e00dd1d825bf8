/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a record, what is dropped and reported, and that the books close. */
#include <trib-gst-test.h>

#include "record-rig.h"

static void
test_record (void)
{
  g_autoptr (TribHarness) h = record_harness ("msgpackdec", "application/x-msgpack");
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstCaps) caps = NULL;

  record_push_bytes (h,
      "\x95\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xca\x3d\xcc\xcc\xcd\xc4\x01\x00\xd6\xff\0\0\0\1\xd4"
      "\x05\x01",
      27, GST_CLOCK_TIME_NONE);
  out = gst_harness_pull (h);
  record_assert_text (
      out, "[18446744073709551615,0.1,\"AA==\",1000000000,{\"ext\":5,\"data\":\"AQ==\"}]");
  g_assert_false (GST_BUFFER_PTS_IS_VALID (out));
  caps = gst_pad_get_current_caps (h->sinkpad);
  g_assert_true (gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/json"));
  record_check_stats (h, 1, 1, NULL);
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "values-binary"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "values-timestamp"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "values-extension"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "values-not-finite"), ==, 0);
}

static void
test_nan (void)
{
  static const gchar *const policies[] = { "null", "text", "error" };
  g_autoptr (TribHarness) h = record_harness ("msgpackdec", "application/x-msgpack");
  g_autoptr (GstStructure) stats = NULL;

  for (guint i = 0; i < 3; i++) {
    gst_util_set_object_arg (G_OBJECT (h->element), "nan-policy", policies[i]);
    record_push_bytes (h, "\x91\xca\x7f\xc0\0\0", 6, 0);
    if (i < 2) {
      g_autoptr (GstBuffer) out = gst_harness_pull (h);
      record_assert_text (out, i == 0 ? "[null]" : "[\"NaN\"]");
    }
  }
  record_check_stats (h, 3, 2, "range 1");
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "values-not-finite"), ==, 2);
}

static void
test_dropped (void)
{
  g_autoptr (TribHarness) h = record_harness ("msgpackdec", "application/x-msgpack");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  GstBuffer *out;

  gst_element_set_bus (h->element, bus);
  record_push_bytes (h, "\x80", 1, 0);
  record_push_bytes (h, "\x91\xc1", 2, 1);
  record_push_bytes (h, "\xdd\xff\xff\xff\xff", 5, 2);
  record_push_bytes (h, "\x81\xc0\x01", 3, 3);
  record_push_bytes (h, "\xa1\xff", 2, 4);
  record_push_bytes (h, "\x80", 1, 5);
  for (guint i = 0; i < 2; i++) {
    out = gst_harness_pull (h);
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (out), ==, i == 1);
    gst_buffer_unref (out);
  }
  record_check_stats (h, 6, 2, "syntax 1 truncated 1 type 1 utf8 1");
  record_check_last (h, 4, 1);
  message = trib_bus_wait_element (h->element, "msgpackdec-dropped", 5000);
  record_check_message (message, "syntax", 1, 1);
  gst_element_set_bus (h->element, NULL);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/msgpackdec/record", test_record);
  g_test_add_func ("/msgpackdec/nan", test_nan);
  g_test_add_func ("/msgpackdec/dropped", test_dropped);
  return trib_gst_test_run ();
}
