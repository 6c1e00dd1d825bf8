/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <trace/trib-trace-view.h>

/* OBS-6, its last sentence: answers, waiting times, a bar for the
 * window, the latest delays. */

#define MS G_GINT64_CONSTANT (1000000)

static const gchar *const four[] = { "face", "pose", "gesture", "quality", NULL };

static gchar *
draw (TribTraceView *view, guint columns, guint rows, gboolean unicode, gint64 now_ns)
{
  TribTraceViewLook look = { columns, rows, unicode };
  GString *out = g_string_new (NULL);

  trib_trace_view_draw (view, &look, now_ns, out);
  return g_string_free (out, FALSE);
}

static void
check_drawn (TribTraceView *view, gboolean unicode, gint64 now_ns, const gchar *expected)
{
  g_autofree gchar *picture
      = draw (view, TRIB_TRACE_VIEW_COLUMNS, TRIB_TRACE_VIEW_ROWS, unicode, now_ns);

  g_assert_cmpstr (picture, ==, expected);
}

static void
check_line (TribTraceView *view, gboolean unicode, const gchar *expected)
{
  g_autoptr (GString) out = g_string_new (NULL);

  trib_trace_view_line (view, unicode, out);
  g_assert_cmpstr (out->str, ==, expected);
}

static guint
widest_line (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint widest = 0;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (guint i = 0; lines[i] != NULL; i++) {
    guint columns = 0;
    for (const gchar *p = lines[i]; *p != '\0'; p = g_utf8_next_char (p)) {
      gunichar c = g_utf8_get_char (p);
      /* nothing that could move the cursor */
      g_assert_true (g_unichar_isprint (c) && !g_unichar_iszerowidth (c));
      columns += g_unichar_iswide (c) ? 2 : 1;
    }
    widest = MAX (widest, columns);
  }
  return widest;
}

static guint
count_lines (const gchar *text)
{
  guint n = 0;

  for (; *text != '\0'; text++)
    n += *text == '\n';
  return n;
}

/* five frames, 33 ms apart, of which two have left */
static TribTraceView *
five_frames (void)
{
  TribTraceView *view = trib_trace_view_new ();

  trib_trace_view_set_window (view, 100 * MS);
  for (gint i = 0; i < 5; i++) {
    gint64 t = i * 33 * MS, id = 1200 + i;

    trib_trace_view_open (view, id, four, t);
    trib_trace_view_answer (view, id, "quality", TRIB_TRACE_ANSWER_OBSERVATION, 7 * MS, t + 7 * MS);
    trib_trace_view_answer (view, id, "pose",
        i == 1 ? TRIB_TRACE_ANSWER_EMPTY : TRIB_TRACE_ANSWER_OBSERVATION, 18 * MS, t + 18 * MS);
    if (i < 4)
      trib_trace_view_answer (view, id, "face",
          i == 2 ? TRIB_TRACE_ANSWER_SKIPPED : TRIB_TRACE_ANSWER_OBSERVATION, (30 + i * 9) * MS,
          t + 31 * MS);
  }
  trib_trace_view_answer (
      view, 1200, "gesture", TRIB_TRACE_ANSWER_OBSERVATION, TRIB_TRACE_NO_DELAY, 62 * MS);
  trib_trace_view_leave (view, 1200, "complete", 62 * MS);
  check_line (view, TRUE,
      "frame 1200 complete after 62 ms: face 31 ms, pose 18 ms, gesture 62 ms, quality 7.0 ms");
  trib_trace_view_leave (view, 1201, "timeout", 133 * MS);
  check_line (view, TRUE,
      "frame 1201 timeout after 100 ms: face 31 ms, pose 18 ms (empty), quality 7.0 ms; "
      "missing gesture");
  trib_trace_view_answer (
      view, 1201, "gesture", TRIB_TRACE_ANSWER_OBSERVATION, TRIB_TRACE_NO_DELAY, 176 * MS);
  return view;
}

static void
test_picture (void)
{
  g_autoptr (TribTraceView) view = five_frames ();

  check_drawn (view, TRUE, 175 * MS,
      "window 100 ms  waiting 3, oldest 109 ms  left 2: complete 1, other 1  late 1\n"
      "      frame window        waited  state     face     pose     gesture  quality\n"
      "       1204 █████▏······   43 ms  waiting   … 43 ms  ✓ 18 ms  … 43 ms  ✓ 7.0 ms\n"
      "       1203 █████████···   76 ms  waiting   ✓ 31 ms  ✓ 18 ms  … 76 ms  ✓ 7.0 ms\n"
      "       1202 ████████████  109 ms  overdue   –        ✓ 18 ms  … 109 ms ✓ 7.0 ms\n"
      "       1201 ████████████  100 ms  timeout   ✓ 31 ms  ∅ 18 ms  ! 143 ms ✓ 7.0 ms\n"
      "       1200 ███████▍····   62 ms  complete  ✓ 31 ms  ✓ 18 ms  ✓ 62 ms  ✓ 7.0 ms\n"
      "\n"
      "source             latest  longest   answers    late  latest delays\n"
      "face                57 ms    57 ms         4       0  ▃▄▄▅\n"
      "pose                18 ms    18 ms         5       0  ▂▂▂▂▂\n"
      "gesture            143 ms   143 ms         2       1  ▄█\n"
      "quality            7.0 ms   7.0 ms         5       0  ▁▁▁▁▁\n");
  g_assert_true (trib_trace_view_waits (view));
}

static void
test_ascii (void)
{
  g_autoptr (TribTraceView) view = five_frames ();

  check_drawn (view, FALSE, 175 * MS,
      "window 100 ms  waiting 3, oldest 109 ms  left 2: complete 1, other 1  late 1\n"
      "      frame window        waited  state     face     pose     gesture  quality\n"
      "       1204 #####.......   43 ms  waiting   ? 43 ms  + 18 ms  ? 43 ms  + 7.0 ms\n"
      "       1203 #########...   76 ms  waiting   + 31 ms  + 18 ms  ? 76 ms  + 7.0 ms\n"
      "       1202 ############  109 ms  overdue   -        + 18 ms  ? 109 ms + 7.0 ms\n"
      "       1201 ############  100 ms  timeout   + 31 ms  0 18 ms  ! 143 ms + 7.0 ms\n"
      "       1200 #######.....   62 ms  complete  + 31 ms  + 18 ms  + 62 ms  + 7.0 ms\n"
      "\n"
      "source             latest  longest   answers    late  latest delays\n"
      "face                57 ms    57 ms         4       0  :--=\n"
      "pose                18 ms    18 ms         5       0  .....\n"
      "gesture            143 ms   143 ms         2       1  -#\n"
      "quality            7.0 ms   7.0 ms         5       0  _____\n");
}

static void
test_nothing (void)
{
  g_autoptr (TribTraceView) view = trib_trace_view_new ();

  check_drawn (view, TRUE, 0,
      "waiting 0  left 0: complete 0, other 0  late 0\n"
      "      frame window        waited  state\n");
  g_assert_false (trib_trace_view_waits (view));
  check_line (view, TRUE, "");
}

/* an unknown source is not missing, but is from its first answer on; without a window no bar */
static void
test_learned (void)
{
  g_autoptr (TribTraceView) view = trib_trace_view_new ();

  trib_trace_view_open (view, 1, NULL, 0);
  trib_trace_view_answer (view, 1, "a", TRIB_TRACE_ANSWER_OBSERVATION, 0, MS);
  trib_trace_view_open (view, 2, NULL, 2 * MS);
  trib_trace_view_answer (view, 2, "b", TRIB_TRACE_ANSWER_OBSERVATION, -3 * MS, 3 * MS);
  check_drawn (view, FALSE, 12 * MS,
      "waiting 2, oldest 12 ms  left 0: complete 0, other 0  late 0\n"
      "      frame window        waited  state     a           b\n"
      "          2 ............   10 ms  waiting   ? 10 ms     + 1.0 ms\n"
      "          1 ............   12 ms  waiting   + 1.0 ms    ? 12 ms\n"
      "\n"
      "source             latest  longest   answers    late  latest delays\n"
      "a                  0.0 ms   0.0 ms         1       0  _\n"
      "b                 -3.0 ms  -3.0 ms         1       0  _\n");
  trib_trace_view_leave (view, 2, "watermark", 12 * MS);
  check_line (view, FALSE, "frame 2 watermark after 10 ms: b 1.0 ms; missing a");
  /* not open any more, or never seen to be */
  trib_trace_view_leave (view, 2, "late", 13 * MS);
  check_line (view, FALSE, "frame 2 late");
  trib_trace_view_leave (view, 9, "eos", 13 * MS);
  check_line (view, FALSE, "frame 9 eos");
  trib_trace_view_leave (view, 1, "a reason of great length", 13 * MS);
  check_line (view, FALSE, "frame 1 a reason of gre after 13 ms: a 1.0 ms; missing b");
  g_assert_false (trib_trace_view_waits (view));
}

/* an id that comes again is another frame */
static void
test_id_again (void)
{
  g_autoptr (TribTraceView) view = trib_trace_view_new ();
  g_autofree gchar *picture = NULL;

  for (gint i = 0; i < 3; i++) {
    trib_trace_view_open (view, 5, NULL, i * 10 * MS);
    trib_trace_view_open (view, 5, NULL, i * 10 * MS + MS);
    trib_trace_view_answer (view, 5, "a", TRIB_TRACE_ANSWER_OBSERVATION, 0, i * 10 * MS + 2 * MS);
    trib_trace_view_leave (view, 5, "complete", i * 10 * MS + 3 * MS);
    check_line (view, FALSE, "frame 5 complete after 3.0 ms: a 2.0 ms");
  }
  picture = draw (view, 80, 24, FALSE, 30 * MS);
  g_assert_nonnull (strstr (picture, "waiting 0  left 3: complete 3, other 0  late 0\n"));
}

/* names and reasons that would move the cursor, colour the screen, or fill it */
static void
test_hostile (void)
{
  static const gchar *const names[] = { "\033[2J\033[H", "a\nb\r\tc", "\xff\xc3",
    "\xe2\x80\xae"
    "abc",
    "x\xcc\x81\xcc\x81", "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad", "", NULL };
  g_autoptr (TribTraceView) view = trib_trace_view_new ();
  g_autofree gchar *longest = g_strnfill (100000, 'w');
  g_autoptr (GString) line = g_string_new (NULL);

  trib_trace_view_open (view, G_MAXUINT64, names, 0);
  for (guint i = 0; names[i] != NULL; i++)
    trib_trace_view_answer (view, G_MAXUINT64, names[i], TRIB_TRACE_ANSWER_OBSERVATION,
        i % 2 ? G_MAXINT64 : -G_MAXINT64, G_MAXINT64 / 2);
  trib_trace_view_answer (view, G_MAXUINT64, longest, TRIB_TRACE_ANSWER_OBSERVATION, 0, MS);
  for (guint columns = 1; columns < 200; columns++) {
    for (guint unicode = 0; unicode < 2; unicode++) {
      g_autofree gchar *picture
          = draw (view, columns, 1 + columns % 24, unicode == 1, columns * 1000 * MS);
      g_assert_cmpuint (widest_line (picture), <=, columns);
      g_assert_cmpuint (count_lines (picture), <=, 1 + columns % 24);
      g_assert_true (unicode || g_str_is_ascii (picture));
    }
  }
  trib_trace_view_leave (view, G_MAXUINT64, "\033c", G_MAXINT64);
  trib_trace_view_line (view, TRUE, line);
  widest_line (line->str);
  g_assert_true (g_str_has_prefix (line->str,
      "frame 18446744073709551615 \\x1bc after 106751 d: \\x1b[2J\\x1b[H 53375 d, "
      "a\\x0ab\\x0d\\x09c 53375 d, \\xff\\xc3 53375 d, \\u202eabc 53375 d, "
      "x\\u0301\\u0301 53375 d, 中文中文中 53375 d,  53375 d, wwwwwwwwwwwwwww"));
  g_assert_nonnull (strstr (line->str, "wwwwwwwwww\xe2\x80\xa6 1.0 ms"));
  g_assert_cmpuint (line->len, <, 512);
}

/* a cut keeps to whole characters and shows itself */
static void
test_cut (void)
{
  static const gchar *const names[] = { "an-extractor-with-a-name",
    "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad", "c", "d", NULL };
  g_autoptr (TribTraceView) view = trib_trace_view_new ();

  trib_trace_view_open (view, G_MAXINT64, names, 0);
  check_drawn (view, TRUE, MS,
      "waiting 1, oldest 1.0 ms  left 0: complete 0, other 0  late 0\n"
      "      frame window        waited  state     an-extr… 中文中…  c        d\n"
      "…6854775807 ············  1.0 ms  waiting   … 1.0 ms … 1.0 ms … 1.0 ms … 1.0 ms\n"
      "\n"
      "source             latest  longest   answers    late  latest delays\n"
      "an-extractor-wi…        -        -         0       0\n"
      "中文中文中              -        -         0       0\n"
      "c                       -        -         0       0\n"
      "d                       -        -         0       0\n");
}

/* the cells give way as sources grow more: with unit, without, marks alone */
static void
test_many_sources (void)
{
  static const guint numbers[] = { 6, 12, 18, 40, 70 };
  static const gchar *const rows[]
      = { "          1 ............   43 ms  waiting   ?43   ?43   ?43   ?43   ?43   ?43\n",
          "          1 ............   43 ms  waiting   ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?  ?\n",
          "          1 ............   43 ms  waiting   ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?\n",
          "          1 ............   43 ms  waiting   ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?\n",
          "          1 ............   43 ms  waiting   ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ? ?\n" };
  static const gchar *const ends[]
      = { "s05                     -        -         0       0\n", "and 6 more\n", "and 12 more\n",
          "and 34 more\n", "and 58 more, and some that are not counted\n" };

  for (guint n = 0; n < G_N_ELEMENTS (numbers); n++) {
    g_autoptr (TribTraceView) view = trib_trace_view_new ();
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autofree gchar *picture = NULL;

    for (guint i = 0; i < numbers[n]; i++)
      g_ptr_array_add (names, g_strdup_printf ("s%02u", i));
    g_ptr_array_add (names, NULL);
    trib_trace_view_open (view, 1, (const gchar *const *) names->pdata, 0);
    picture = draw (view, 80, 24, FALSE, 43 * MS);
    g_assert_cmpuint (widest_line (picture), <=, 80);
    if (strstr (picture, rows[n]) == NULL || !g_str_has_suffix (picture, ends[n]))
      g_error ("%u sources:\n%s", numbers[n], picture);
  }
}

/* any number of frames: the newest are shown, the oldest that are waited for are kept longest */
static void
test_many_frames (void)
{
  g_autoptr (TribTraceView) view = trib_trace_view_new ();
  g_autofree gchar *picture = NULL;

  trib_trace_view_open (view, 0, four, 0);
  for (gint64 id = 1; id < 1000; id++) {
    trib_trace_view_open (view, id, four, id * MS);
    trib_trace_view_leave (view, id, "complete", id * MS + MS / 2);
  }
  picture = draw (view, 80, 24, FALSE, 1000 * MS);
  g_assert_true (g_str_has_prefix (
      picture, "waiting 1, oldest 1.0 s  left 999: complete 999, other 0  late 0\n"));
  g_assert_cmpuint (count_lines (picture), ==, 2 + 12 + 2 + 4);
  g_assert_nonnull (strstr (picture, "\n        999 "));
  g_assert_null (strstr (picture, "\n        987 "));

  for (gint64 id = 1000; id < 2000; id++)
    trib_trace_view_open (view, id, four, id * MS);
  trib_trace_view_leave (view, 0, "overflow", 2000 * MS);
  check_line (view, FALSE, "frame 0 overflow");
  g_clear_pointer (&picture, g_free);
  picture = draw (view, 80, 24, FALSE, 2000 * MS);
  g_assert_true (g_str_has_prefix (
      picture, "waiting 127, oldest 127 ms  left 1000: complete 999, other 1  late 0\n"));
}

/* a small terminal has frames first, and the totals whatever happens */
static void
test_small (void)
{
  g_autoptr (TribTraceView) view = five_frames ();

  for (guint rows = 1; rows < 30; rows++) {
    g_autofree gchar *picture = draw (view, 80, rows, TRUE, 175 * MS);

    g_assert_cmpuint (count_lines (picture), <=, rows);
    g_assert_true (g_str_has_prefix (picture, "window 100 ms  waiting 3"));
    g_assert_true ((strstr (picture, "1204") != NULL) == (rows >= 3));
    g_assert_true ((strstr (picture, "latest") != NULL) == (rows >= 10));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trace/view/picture", test_picture);
  g_test_add_func ("/trace/view/ascii", test_ascii);
  g_test_add_func ("/trace/view/nothing", test_nothing);
  g_test_add_func ("/trace/view/learned", test_learned);
  g_test_add_func ("/trace/view/id-again", test_id_again);
  g_test_add_func ("/trace/view/hostile", test_hostile);
  g_test_add_func ("/trace/view/cut", test_cut);
  g_test_add_func ("/trace/view/many-sources", test_many_sources);
  g_test_add_func ("/trace/view/many-frames", test_many_frames);
  g_test_add_func ("/trace/view/small", test_small);
  return g_test_run ();
}
