/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ARIA-2: frame_id = <session_id>_<stream_id>_<frame_index>_<timestamp_ns>, read from the right */
#include <string.h>

#include <common/trib-frame-id.h>

#include "trib-test.h"

#define EXAMPLE "my-session_214-1_1_1722513600000000000"

static void
assert_part (const gchar *part, gsize len, const gchar *expected)
{
  g_autofree gchar *text = g_strndup (part, len);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_example (void)
{
  g_autofree gchar *made = trib_frame_id_format ("my-session", "214-1", 1, 1722513600000000000);
  g_autoptr (GError) error = NULL;
  TribFrameIdView view;

  g_assert_cmpstr (made, ==, EXAMPLE);
  g_assert_true (trib_frame_id_parse (EXAMPLE, -1, &view, &error));
  g_assert_no_error (error);
  assert_part (view.session, view.session_len, "my-session");
  assert_part (view.stream, view.stream_len, "214-1");
  g_assert_cmpuint (view.index, ==, 1);
  g_assert_cmpint (view.t_ns, ==, 1722513600000000000);
}

static const struct {
  const gchar *session, *stream;
  guint64 index;
  gint64 t_ns;
} round_trips[] = {
  { "s", "v", 0, 0 },
  { "a_b_c", "video-0", 7, 8 },
  { "_", "v", 1, 2 },
  { "__", "-", 1, 2 },
  { "ends_", "v", 1, 2 },
  { "_starts", "v", 1, 2 },
  { "1_2_3_4", "5", 6, 7 },
  { "with space", "214-1", 1, -1 },
  { "\xec\x84\xb8\xec\x85\x98", "\xc3\xa9", 3, 4 },
  { "s", "v", G_MAXUINT64, G_MAXINT64 },
  { "s", "v", G_MAXUINT64 - 1, G_MININT64 },
  { "s", "v", 10, G_MININT64 + 1 },
};

static void
test_round_trip (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (round_trips); i++) {
    g_autofree gchar *text = trib_frame_id_format (
        round_trips[i].session, round_trips[i].stream, round_trips[i].index, round_trips[i].t_ns);
    g_autofree gchar *again = NULL, *session = NULL, *stream = NULL;
    g_autoptr (GError) error = NULL;
    TribFrameIdView view;

    g_test_message ("%s", text);
    g_assert_true (trib_frame_id_parse (text, -1, &view, &error));
    g_assert_no_error (error);
    assert_part (view.session, view.session_len, round_trips[i].session);
    assert_part (view.stream, view.stream_len, round_trips[i].stream);
    g_assert_cmpuint (view.index, ==, round_trips[i].index);
    g_assert_cmpint (view.t_ns, ==, round_trips[i].t_ns);
    session = g_strndup (view.session, view.session_len);
    stream = g_strndup (view.stream, view.stream_len);
    again = trib_frame_id_format (session, stream, view.index, view.t_ns);
    g_assert_cmpstr (again, ==, text);
  }
}

static const struct {
  const gchar *text;
  TribFrameIdError code;
  const gchar *reason;
} bad[] = {
  { "", TRIB_FRAME_ID_ERROR_SYNTAX, "0 '_' found" },
  { "s", TRIB_FRAME_ID_ERROR_SYNTAX, "0 '_' found" },
  { "s_1", TRIB_FRAME_ID_ERROR_SYNTAX, "1 '_' found" },
  { "s_v_1", TRIB_FRAME_ID_ERROR_SYNTAX, "2 '_' found" },
  { "_v_1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "session id is empty" },
  { "s__1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "stream id is empty" },
  { "s_v__2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index is empty" },
  { "s_v_1_", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is empty" },
  { "s_v_1_-", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is empty" },
  { "s_v_x_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index is not a decimal number" },
  { "s_v_-1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index is not a decimal number" },
  { "s_v_+1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index is not a decimal number" },
  { "s_v_ 1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index is not a decimal number" },
  { "s_v_0x1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index has a leading zero" },
  { "s_v_01_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index has a leading zero" },
  { "s_v_00_2", TRIB_FRAME_ID_ERROR_SYNTAX, "frame index has a leading zero" },
  { "s_v_1_02", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp has a leading zero" },
  { "s_v_1_-0", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is -0" },
  { "s_v_1_2.5", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is not a decimal number" },
  { "s_v_1_2 ", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is not a decimal number" },
  { "s_v_1_2\n", TRIB_FRAME_ID_ERROR_SYNTAX, "timestamp is not a decimal number" },
  { "s_v_18446744073709551616_2", TRIB_FRAME_ID_ERROR_RANGE, "frame index is larger than" },
  { "s_v_99999999999999999999999_2", TRIB_FRAME_ID_ERROR_RANGE, "frame index is larger than" },
  { "s_v_1_9223372036854775808", TRIB_FRAME_ID_ERROR_RANGE, "timestamp is larger than" },
  { "s_v_1_-9223372036854775809", TRIB_FRAME_ID_ERROR_RANGE, "timestamp is larger than" },
  { "s\n_v_1_2", TRIB_FRAME_ID_ERROR_SYNTAX,
      "session id has a control character (0x0a at byte 1)" },
  { "s_v\x7f_1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "stream id has a control character" },
  { "\xff_v_1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "session id is not UTF-8" },
  { "s_\xc3_1_2", TRIB_FRAME_ID_ERROR_SYNTAX, "stream id is not UTF-8" },
};

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *escaped = g_strescape (bad[i].text, NULL);
    TribFrameIdView view = { .index = 42 };

    g_test_message ("%s", escaped);
    g_assert_false (trib_frame_id_parse (bad[i].text, -1, &view, &error));
    g_assert_error (error, TRIB_FRAME_ID_ERROR, (gint) bad[i].code);
    if (strstr (error->message, bad[i].reason) == NULL)
      g_error ("\"%s\": the reason is \"%s\", expected \"%s\"", bad[i].text, error->message,
          bad[i].reason);
    g_assert_cmpuint (view.index, ==, 42);
    g_assert_false (trib_frame_id_parse (bad[i].text, -1, &view, NULL));
  }
}

/* every beginning is either refused or is itself the id of what it says; in memory of exactly its
 * size, so that a sanitizer sees a read past it */
static void
test_truncated (void)
{
  gsize whole = strlen (EXAMPLE), first = strlen ("my-session_214-1_1_1");

  for (gsize len = 0; len <= whole; len++) {
    g_autofree gchar *text = len ? g_memdup2 (EXAMPLE, len) : g_malloc (1);
    g_autoptr (GError) error = NULL;
    TribFrameIdView view;
    gboolean ok = trib_frame_id_parse (text, len, &view, &error);

    g_assert_cmpint (ok, ==, len >= first);
    if (ok) {
      g_autofree gchar *made = trib_frame_id_format ("my-session", "214-1", 1, view.t_ns);
      g_assert_cmpmem (made, strlen (made), text, len);
    } else {
      g_assert_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX);
    }
  }
}

static void
test_nul_inside (void)
{
  TribFrameIdView view;

  g_assert_false (trib_frame_id_parse ("s\0x_v_1_2", 9, &view, NULL));
  g_assert_false (trib_frame_id_parse ("s_v_1_2\0", 8, &view, NULL));
}

static void
test_limits (void)
{
  g_autofree gchar *session = g_strnfill (TRIB_SESSION_ID_MAX_BYTES, 's');
  g_autofree gchar *stream = g_strnfill (TRIB_STREAM_ID_MAX_BYTES, 'v');
  g_autofree gchar *longest = trib_frame_id_format (session, stream, G_MAXUINT64, G_MININT64);
  g_autofree gchar *long_session = g_strnfill (TRIB_SESSION_ID_MAX_BYTES + 1, 's');
  g_autofree gchar *long_stream = g_strnfill (TRIB_STREAM_ID_MAX_BYTES + 1, 'v');
  g_autofree gchar *too_long = g_strnfill (TRIB_FRAME_ID_MAX_BYTES + 1, '_');
  g_autofree gchar *bad_session = trib_frame_id_format (long_session, "v", 1, 2);
  g_autofree gchar *bad_stream = trib_frame_id_format ("s", long_stream, 1, 2);
  const gchar *refused[] = { too_long, bad_session, bad_stream };
  TribFrameIdView view;

  /* what format makes of parts that pass, parse takes */
  g_assert_cmpuint (strlen (longest), <=, TRIB_FRAME_ID_MAX_BYTES);
  g_assert_true (trib_frame_id_parse (longest, -1, &view, NULL));
  g_assert_cmpint (view.t_ns, ==, G_MININT64);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (trib_frame_id_parse (refused[i], -1, &view, &error));
    g_assert_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_RANGE);
  }
}

static void
test_checks (void)
{
  g_autofree gchar *long_session = g_strnfill (TRIB_SESSION_ID_MAX_BYTES + 1, 's');
  g_autoptr (GError) error = NULL;

  g_assert_true (trib_session_id_check ("my_session-1", NULL));
  g_assert_true (trib_stream_id_check ("214-1", NULL));
  g_assert_false (trib_session_id_check (NULL, NULL));
  g_assert_false (trib_session_id_check ("", NULL));
  g_assert_false (trib_session_id_check ("a\tb", NULL));
  g_assert_false (trib_session_id_check ("\xff", NULL));
  g_assert_false (trib_session_id_check (long_session, NULL));
  g_assert_false (trib_stream_id_check (NULL, NULL));
  g_assert_false (trib_stream_id_check ("", NULL));
  g_assert_false (trib_stream_id_check ("a_b", &error));
  g_assert_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, "use '-'"));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/frame-id/ARIA-2/example", test_example);
  g_test_add_func ("/frame-id/ARIA-2/round-trip", test_round_trip);
  g_test_add_func ("/frame-id/ARIA-2/bad-forms", test_bad);
  g_test_add_func ("/frame-id/ARIA-2/truncated", test_truncated);
  g_test_add_func ("/frame-id/ARIA-2/nul-inside", test_nul_inside);
  g_test_add_func ("/frame-id/ARIA-2/limits", test_limits);
  g_test_add_func ("/frame-id/ARIA-2/checks", test_checks);
  return trib_test_run ();
}
