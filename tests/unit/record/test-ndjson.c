/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-ndjson.h>

/* "NUMBER@OFFSET-END:TEXT" of each line, "!" for the text of one that is too long, and how many
 * were blank; the stream is pushed in pieces of @step bytes */
static gchar *
lines (const gchar *data, gsize len, gsize step, gsize max)
{
  g_autoptr (TribNdjson) n = trib_ndjson_new (max);
  GString *out = g_string_new (NULL);
  TribNdjsonLine line;
  gboolean ended = FALSE;

  for (gsize at = 0;; at += step) {
    gsize size = at < len ? MIN (step, len - at) : 0;
    g_autofree gchar *piece = size > 0 ? g_memdup2 (data + at, size) : NULL;

    if (size > 0)
      trib_ndjson_push (n, piece, size);
    else
      trib_ndjson_end (n), ended = TRUE;
    while (trib_ndjson_next (n, &line))
      g_string_append_printf (out,
          "%" G_GUINT64_FORMAT "@%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT ":%.*s|", line.number,
          line.offset, line.end, line.text != NULL ? (int) line.len : 1,
          line.text != NULL ? line.text : "!");
    if (ended)
      break;
  }
  g_assert_false (trib_ndjson_next (n, &line));
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, trib_ndjson_blank (n));
  return g_string_free (out, FALSE);
}

static const struct {
  const gchar *data;
  const gchar *lines;
} table[] = {
  { "", "0" },
  { "\n", "1" },
  { "\n\r\n \t\n", "3" },
  { "a", "1@0-1:a|0" },
  { "a\n", "1@0-2:a|0" },
  { "a\nb", "1@0-2:a|2@2-3:b|0" },
  { "a\r\nb\r", "1@0-3:a|2@3-5:b|0" },
  { "a\r\r\n", "1@0-4:a\r|0" },
  { "\na\n\n b \n", "2@1-3:a|4@4-8: b |2" },
  { "\xef\xbb\xbf"
    "a\nb\n",
      "1@3-5:a|2@5-7:b|0" },
  { "\xef\xbb\xbf\na\n", "2@4-6:a|1" },
  { "a\n\xef\xbb\xbf"
    "b\n",
      "1@0-2:a|2@2-7:\xef\xbb\xbf"
      "b|0" },
  { "\xef\xbb\xbf", "1" },
  { "123456789012\n3\n", "1@0-13:!|2@13-15:3|0" },
  { "1234567890\n3", "1@0-11:1234567890|2@11-12:3|0" },
  { "1234567890\r\n3", "1@0-12:!|2@12-13:3|0" },
  { "1\n123456789012", "1@0-2:1|2@2-14:!|0" },
  { "123456789012345678901234567890\n\n1234567890123", "1@0-31:!|3@32-45:!|1" },
};

static void
test_table (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    /* wherever the stream is cut */
    for (gsize step = 1; step <= strlen (table[i].data) + 1; step++) {
      g_autofree gchar *got = lines (table[i].data, strlen (table[i].data), step, 10);
      g_assert_cmpstr (got, ==, table[i].lines);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ndjson/table", test_table);
  return g_test_run ();
}
