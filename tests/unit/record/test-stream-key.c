/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <record/trib-stream-key.h>

static TribRecordEnvelope
record_of (const gchar *session, const gchar *stream)
{
  TribRecordEnvelope e = { .kind = TRIB_RECORD_KIND_OBS };

  if (session) {
    e.session = TRIB_RECORD_TEXT (session);
    e.has |= TRIB_RECORD_BIT (SESSION);
  }
  if (stream) {
    e.stream = TRIB_RECORD_TEXT (stream);
    e.has |= TRIB_RECORD_BIT (STREAM);
  }
  return e;
}

static void
test_of_records (void)
{
  static const gchar *const halves[][2] = { { NULL, NULL }, { "s", NULL }, { NULL, "cam" } };
  TribRecordEnvelope both = record_of ("my_session", "214-1"), copy = record_of (NULL, NULL);
  g_autoptr (TribStreamKey) key = trib_stream_key_from_record (&both);

  g_assert_cmpstr (key->session, ==, "my_session");
  g_assert_cmpstr (key->stream, ==, "214-1");
  g_assert_true (trib_stream_key_is_of (key, &both));
  g_assert_false (trib_stream_key_is_of (NULL, &both));
  trib_stream_key_to_record (key, &copy);
  g_assert_true (trib_stream_key_is_of (key, &copy));
  for (guint i = 0; i < G_N_ELEMENTS (halves); i++) {
    TribRecordEnvelope half = record_of (halves[i][0], halves[i][1]);
    g_assert_null (trib_stream_key_from_record (&half));
    g_assert_true (trib_stream_key_is_of (NULL, &half));
    g_assert_false (trib_stream_key_is_of (key, &half));
  }
  trib_stream_key_to_record (NULL, &copy);
  g_assert_true (trib_stream_key_is_of (key, &copy));
}

static void
test_equality (void)
{
  g_autoptr (TribStreamKey) key
      = trib_stream_key_new ("s", "a"),
      same = trib_stream_key_new ("s", "a"), other_stream = trib_stream_key_new ("s", "b"),
      other_session = trib_stream_key_new ("t", "a"), again = trib_stream_key_ref (key);

  g_assert_true (trib_stream_key_equal (key, same));
  g_assert_true (trib_stream_key_equal (key, again));
  g_assert_cmpuint (trib_stream_key_hash (key), ==, trib_stream_key_hash (same));
  g_assert_false (trib_stream_key_equal (key, other_stream));
  g_assert_false (trib_stream_key_equal (key, other_session));
  g_assert_false (trib_stream_key_equal (key, NULL));
  g_assert_true (trib_stream_key_equal (NULL, NULL));
  g_assert_cmpuint (trib_stream_key_hash (NULL), ==, 0);
}

static void
test_refused (void)
{
  g_assert_null (trib_stream_key_new (NULL, "a"));
  g_assert_null (trib_stream_key_new ("s", NULL));
  g_assert_null (trib_stream_key_new ("", "a"));
  g_assert_null (trib_stream_key_new ("s", "a_b"));
  g_assert_null (trib_stream_key_new ("s\n", "a"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stream-key/of-records", test_of_records);
  g_test_add_func ("/stream-key/equality", test_equality);
  g_test_add_func ("/stream-key/refused", test_refused);
  return g_test_run ();
}
